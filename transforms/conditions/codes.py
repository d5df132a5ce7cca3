"""Columns of ``customer_360`` whose texts are one of a fixed set, with that set: a filter that names another text means somebody else.

The sets are those of the models themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from transforms import abc, credit, lifecycle, loyalty, preferences, rfm, satisfaction
from transforms.refusals import Refusal
from transforms.rfm_presets import PRESETS, PROSPECT, own_preset


@dataclass(frozen=True)
class Codes:
    """``known``: the texts that occur. ``elsewhere``: those that would occur under another preset of RFM."""

    known: frozenset[str]
    elsewhere: frozenset[str] = frozenset()

    def mapped(self, change: Callable[[str], str]) -> "Codes":
        """The codes as a function of the column."""
        return Codes(frozenset(map(change, self.known)), frozenset(map(change, self.elsewhere)))

    def joined(self, other: "Codes") -> "Codes":
        """The codes of either."""
        return Codes(self.known | other.known, self.elsewhere | other.elsewhere)

    def refused(self, text: str, column: str) -> Refusal:
        """That ``text`` is none of them, with the nearest and all known ones."""
        by_letters = {code.lower(): code for code in self.known}
        near = get_close_matches(text.lower(), by_letters, n=1)
        known = ", ".join(sorted(self.known))
        hint_en, hint_zh = (f" Did you mean {by_letters[near[0]]!r}?", f"是否指 {by_letters[near[0]]!r}？") if near else ("", "")
        return Refusal(
            f"{text!r} is no value of {column}.{hint_en} Known: {known}", f"{column} 没有 {text!r} 这个值。{hint_zh}已知：{known}"
        )


def codes_of(rules: rfm.Rules) -> dict[str, Codes]:
    """Column → its codes under these rules of RFM.

    ``previous_rfm_group`` may be of a preset that was in use before, so it has the groups of all presets there are.
    """
    presets = {**PRESETS, **{name: own_preset(name, given) for name, given in rules.presets.items()}}
    groups = {name: {group: preset.names_zh[group] for group in {*preset.groups.values(), PROSPECT}} for name, preset in presets.items()}
    in_use = groups[rules.preset]
    anywhere = {group: zh for preset in groups.values() for group, zh in preset.items()}
    return {
        "rfm_group": _codes(in_use, anywhere),
        "rfm_group_zh": _codes(in_use.values(), (zh for preset in groups.values() for zh in preset.values())),
        "previous_rfm_group": _codes(anywhere),
        **_named("abc_class", abc.CLASS_NAMES_ZH, has_previous=True),
        **_named("lifecycle_stage", lifecycle.STAGE_NAMES_ZH, has_previous=True),
        **_named("loyalty_type", loyalty.TYPE_NAMES_ZH, has_previous=True),
        **_named("satisfaction_level", satisfaction.LEVEL_NAMES_ZH),
        **_named("price_sensitivity_level", preferences.SENSITIVITY_NAMES_ZH),
        **_named("need_level", preferences.NEED_NAMES_ZH),
        "dominant_need_level": _codes(preferences.NEED_NAMES_ZH),
        "credit_grade": _codes(credit.GRADES),
        **{f"loyalty_{what}_by": _codes(loyalty.PART_NAMES.values()) for what in ("raised", "lowered")},
        **{f"loyalty_{what}_by_zh": _codes(loyalty.PART_NAMES_ZH.values()) for what in ("raised", "lowered")},
    }


def _named(column: str, names_zh: Mapping[str, str], has_previous: bool = False) -> dict[str, Codes]:
    found = {column: _codes(names_zh), f"{column}_zh": _codes(names_zh.values())}
    return {**found, f"previous_{column}": _codes(names_zh)} if has_previous else found


def _codes(known: Iterable[str], anywhere: Iterable[str] = ()) -> Codes:
    known = frozenset(known)
    return Codes(known, frozenset(anywhere) - known)
