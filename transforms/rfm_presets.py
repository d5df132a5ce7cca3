"""Presets of RFM, shipped and a merchant's own: how each of the three values is cut into levels, and which group each cell belongs to.

Every preset is a total partition: each of its cells belongs to exactly one group. That is checked when a preset is made, of the shipped
ones when this module is imported, so no run starts with a cell that belongs to nobody or to two.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Cell = tuple[int, int, int]

PROSPECT = "prospect"
VALUES = ("recency", "frequency", "money")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")

GROUP_NAMES_ZH = {
    "champions": "核心客户",
    "loyal_customers": "忠诚客户",
    "potential_loyalists": "准忠诚客户",
    "new_customers": "新客户",
    "promising": "可培养客户",
    "need_attention": "需关注客户",
    "about_to_sleep": "即将沉睡客户",
    "at_risk": "流失风险客户",
    "cannot_lose": "不可失去客户",
    "hibernating": "沉睡客户",
    "lost": "流失客户",
    "others": "其他客户",
    "loyal": "忠诚客户",
    "recent": "近期客户",
    "needs_attention": "需关注客户",
    "inactive": "不活跃客户",
    "important_value": "重要价值客户",
    "important_keep": "重要保持客户",
    "important_develop": "重要发展客户",
    "important_win_back": "重要挽留客户",
    "general_value": "一般价值客户",
    "general_keep": "一般保持客户",
    "general_develop": "一般发展客户",
    "general_win_back": "一般挽留客户",
    PROSPECT: "潜在客户",
}


@dataclass(frozen=True)
class Cut:
    """How one value is cut into levels.

    ``thresholds``: from the base's values (sorted ascending, at least one) to the thresholds, ascending.
    ``is_threshold_above``: a value equal to a threshold lies above it (lower ≤ x < upper) or below it (lower < x ≤ upper).
    ``is_largest_in_top_level``: the base's largest value is in the top level even where so many share it that no threshold lies
    below it; not where all values are equal, for then it is the smallest too.
    """

    thresholds: Callable[[Values], tuple[float, ...]]
    is_threshold_above: bool = False
    is_largest_in_top_level: bool = True


@dataclass(frozen=True)
class Preset:
    """Levels per value, a ``Cut`` for each, the group of every (r, f, m) cell, and each group's name in Chinese.

    A missing or strange cell, or a group without a name, raises ``ValueError``.
    """

    levels: int
    recency: Cut
    frequency: Cut
    money: Cut
    groups: Mapping[Cell, str]
    names_zh: Mapping[str, str]

    def __post_init__(self) -> None:
        expected = set(product(range(1, self.levels + 1), repeat=3))
        if wrong := self.groups.keys() ^ expected:
            raise ValueError(f"A preset of {self.levels} levels has a group for each of {len(expected)} cells; wrong: {sorted(wrong)}.")
        if unnamed := set(self.groups.values()) - self.names_zh.keys():
            raise ValueError(f"Groups without a Chinese name: {sorted(unnamed)}.")


# ── Thresholds ───────────────────────────────────────────────────────────────────────────────────────────────────────


def quantiles(levels: int, plus: float = 0.0) -> Callable[[Values], tuple[float, ...]]:
    """Thresholds at the k/levels quantiles, ``plus`` a constant."""
    return at_shares(*(Fraction(k, levels) for k in range(1, levels)), plus=plus)


def at_shares(*shares: Fraction, plus: float = 0.0) -> Callable[[Values], tuple[float, ...]]:
    """Thresholds at these quantiles, type 7 of Hyndman & Fan (1996) (linear interpolation).

    The position (n − 1)·share is split in whole numbers, so that a quantile that falls on a value *is* that value, at any n.
    """

    def thresholds(values: Values) -> tuple[float, ...]:
        found = []
        for share in shares:
            index, remainder = divmod((len(values) - 1) * share.numerator, share.denominator)
            below, above = values[index], values[min(index + 1, len(values) - 1)]
            found.append(float(below + (above - below) * remainder / share.denominator + plus))
        return tuple(found)

    return thresholds


def mean(values: Values) -> tuple[float, ...]:
    """One threshold: the base's mean."""
    return (float(np.mean(values)),)


def cut_of(value: str, levels: int, rule: Any) -> Cut:
    """The cut that a setting asks for: ``quantiles``, ``mean``, ``median``, ``top N%``, or thresholds, ascending.

    ``value``: recency, frequency or money. One threshold makes 2 levels. Of the mean, the median and quantiles, a value that lies on one
    counts as below it; of fixed thresholds, a customer who just reaches one is in the better level: at most so many days ago, at least so
    many orders, at least so much money. Raises ``ValueError``.
    """
    if rule == "quantiles":
        return Cut(quantiles(levels))
    is_list = isinstance(rule, list | tuple)
    numbers = tuple(rule) if is_list else (rule,)
    if numbers and all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        if len(numbers) != levels - 1 or any(low >= high for low, high in pairwise(numbers)):
            raise ValueError(f"{value} has the thresholds {list(numbers)}; expected {levels - 1}, ascending, for {levels} levels.")
        fixed = tuple(float(number) for number in numbers)
        return Cut(lambda _: fixed, is_threshold_above=value != "recency", is_largest_in_top_level=False)
    top = re.fullmatch(r"top (\d{1,2}(?:\.\d+)?) ?%", rule) if isinstance(rule, str) else None
    if rule not in ("mean", "median") and not (top and Fraction(top[1]) > 0):
        raise ValueError(f"{value} is {rule!r}; expected quantiles, mean, median, 'top 20%', or {levels - 1} thresholds, ascending.")
    if levels != 2:
        raise ValueError(f"{value} is {rule!r}, which makes 2 levels; expected quantiles or {levels - 1} thresholds for {levels} levels.")
    if rule == "mean":
        return Cut(mean)
    share = Fraction(1, 2) if top is None else Fraction(top[1]) / 100
    return Cut(at_shares(share if value == "recency" else 1 - share))


# ── Shipped ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _grid_11() -> dict[Cell, str]:
    """R × FM, FM = (F + M) / 2 with a half counted for the customer (2.5 → 3): 25 cells, eleven groups, each cell in one of them."""
    # One row per R; columns FM 1 to 5. After the R × F map that most tutorials copy, with its lowest corner split by recency into
    # hibernating and lost, and the fairly recent with the very best FM counted among the champions.
    grid = {
        5: ("new_customers", "potential_loyalists", "potential_loyalists", "champions", "champions"),
        4: ("promising", "potential_loyalists", "potential_loyalists", "loyal_customers", "champions"),
        3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal_customers", "loyal_customers"),
        2: ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
        1: ("lost", "lost", "at_risk", "at_risk", "cannot_lose"),
    }
    return {(r, f, m): grid[r][(f + m + 1) // 2 - 1] for r, f, m in product(range(1, 6), repeat=3)}


def _rfm_r_030() -> dict[Cell, str]:
    """Ranges of R, F and M, both ends included; the first that matches wins, else ``others``. Source: R package rfm 0.3.0."""
    ranges = (
        ("champions", (5, 5), (5, 5), (5, 5)),
        ("potential_loyalists", (3, 5), (3, 5), (2, 5)),
        ("loyal_customers", (2, 4), (2, 4), (2, 4)),
        ("promising", (3, 4), (1, 3), (3, 5)),
        ("new_customers", (4, 5), (1, 3), (1, 5)),
        ("cannot_lose", (1, 2), (3, 4), (4, 5)),
        ("at_risk", (1, 2), (2, 5), (4, 5)),
        ("need_attention", (1, 3), (3, 5), (3, 5)),
        ("about_to_sleep", (2, 3), (1, 3), (1, 4)),
        ("lost", (1, 1), (1, 5), (1, 5)),
    )

    def group(cell: Cell) -> str:
        matches = (name for name, *bounds in ranges if all(low <= score <= high for score, (low, high) in zip(cell, bounds, strict=True)))
        return next(matches, "others")

    return {(r, f, m): group((r, f, m)) for r, f, m in product(range(1, 6), repeat=3)}


def _klaviyo_3x3x3() -> dict[Cell, str]:
    """Groups of Klaviyo's RFM analysis, each with its cells. Source: Klaviyo's help centre, "Understanding RFM segments"."""
    groups = {
        "champions": "333 332 323",
        "loyal": "321 322 331 232 233",
        "recent": "312 313 311 222 223",
        "needs_attention": "213 221 123 132 133",
        "at_risk": "231 212 122 131 211",
        "inactive": "111 112 113 121",
    }
    return {(int(cell[0]), int(cell[1]), int(cell[2])): group for group, cells in groups.items() for cell in cells.split()}


def _cn_8() -> dict[Cell, str]:
    """R, F and M each low (1) or high (2): the eight groups of Chinese textbooks. Money makes important, recency and frequency the rest."""
    kinds = {(2, 2): "value", (1, 2): "keep", (2, 1): "develop", (1, 1): "win_back"}
    return {(r, f, m): f"{'important' if m == 2 else 'general'}_{kinds[r, f]}" for r, f, m in product((1, 2), repeat=3)}


# In grid_11 a value on a threshold lies below it: when 70 % of customers have one order, those share the lowest frequency score; when
# 40 % bought on the last day of a sale, those share the best recency score. A tie at the other end is caught by the largest value.
_QUINTILES, _THIRDS, _MEAN = Cut(quantiles(5)), Cut(quantiles(3)), Cut(mean)
_R_QUINTILES = Cut(quantiles(5, plus=1), is_threshold_above=True, is_largest_in_top_level=False)

PRESETS: dict[str, Preset] = {
    "grid_11": Preset(5, _QUINTILES, _QUINTILES, _QUINTILES, _grid_11(), GROUP_NAMES_ZH),
    "rfm_r_030": Preset(5, _R_QUINTILES, _R_QUINTILES, _R_QUINTILES, _rfm_r_030(), GROUP_NAMES_ZH),
    "klaviyo_3x3x3": Preset(3, cut_of("recency", 3, [180, 365]), _THIRDS, _THIRDS, _klaviyo_3x3x3(), GROUP_NAMES_ZH),
    "cn_8": Preset(2, _MEAN, _MEAN, _MEAN, _cn_8(), GROUP_NAMES_ZH),
}


# ── A merchant's own ─────────────────────────────────────────────────────────────────────────────────────────────────

_KEYS = ("levels", *VALUES, "groups")
_PART = re.compile(r"\*|(\d)|\[(\d)-(\d)\]")


def own_preset(name: str, given: Any) -> Preset:
    """A preset as ``regulars.yaml`` gives it. ``ValueError`` says what is wrong; cells in no group, or in several, are named.

    ``levels``: 2 to 5; ``recency``, ``frequency``, ``money``: see ``cut_of`` (default: quantiles); ``groups``: name → ``zh`` and ``cells``,
    patterns of three: a level, a range of levels such as ``[4-5]``, or ``*``, for recency, frequency and money.
    """
    where = f"rfm.presets.{name}"
    if name in PRESETS or not _NAME.fullmatch(name):
        raise ValueError(f"{where}: expected a name of lower case letters, digits and underscores that is not one of {', '.join(PRESETS)}.")
    _check_keys(where, given, _KEYS)
    levels, groups = given.get("levels"), given.get("groups")
    if not isinstance(levels, int) or isinstance(levels, bool) or not 2 <= levels <= 5:
        raise ValueError(f"{where}.levels is {levels!r}; expected a whole number from 2 to 5.")
    if not isinstance(groups, Mapping) or not groups:
        raise ValueError(f"{where}.groups is {groups!r}; expected groups by their names, each with zh and cells.")
    names_zh, cells = {PROSPECT: GROUP_NAMES_ZH[PROSPECT]}, dict[Cell, list[str]]()
    for group, content in groups.items():
        _check_group(f"{where}.groups.{group}", group, content)
        names_zh[group] = content["zh"]
        for cell in {cell for pattern in content["cells"] for cell in _cells(f"{where}.groups.{group}", str(pattern), levels)}:
            cells.setdefault(cell, []).append(group)
    if faults := "; ".join(_faults(cells, levels)):
        raise ValueError(f"{where}: every one of its {levels**3} cells (recency, frequency, money) belongs to one group; {faults}.")
    cuts = {value: _prefixed(where, cut_of, value, levels, given.get(value, "quantiles")) for value in VALUES}
    return Preset(levels, **cuts, groups={cell: found[0] for cell, found in cells.items()}, names_zh=names_zh)


def _check_keys(where: str, given: Any, known: tuple[str, ...]) -> None:
    unknown = sorted(str(key) for key in given.keys() - set(known)) if isinstance(given, Mapping) else [repr(given)]
    if unknown:
        raise ValueError(f"{where}: unknown: {', '.join(unknown)}. Known: {', '.join(known)}.")


def _check_group(where: str, group: Any, content: Any) -> None:
    _check_keys(where, content, ("zh", "cells"))
    if not isinstance(group, str) or not _NAME.fullmatch(group) or group == PROSPECT:
        raise ValueError(f"{where}: expected a name of lower case letters, digits and underscores, and not {PROSPECT}.")
    if not isinstance(content.get("zh"), str) or not content["zh"].strip():
        raise ValueError(f"{where}.zh is {content.get('zh')!r}; expected the group's name in Chinese.")
    if not isinstance(content.get("cells"), list | tuple) or not content["cells"]:
        raise ValueError(f"{where}.cells is {content.get('cells')!r}; expected patterns such as '5[4-5]*'.")


def _cells(where: str, pattern: str, levels: int) -> Iterator[Cell]:
    parts = list(_PART.finditer(pattern))
    bounds = [tuple(map(int, (part[1] or part[2] or 1, part[1] or part[3] or levels))) for part in parts]
    if "".join(part[0] for part in parts) != pattern or len(parts) != 3 or not all(1 <= low <= high <= levels for low, high in bounds):
        expected = f"three of: a level from 1 to {levels}, a range such as [1-{levels}], or *"
        raise ValueError(f"{where}.cells has {pattern!r}; expected {expected}, for recency, frequency and money.")
    return product(*(range(low, high + 1) for low, high in bounds))  # type: ignore[return-value]


def _faults(cells: Mapping[Cell, list[str]], levels: int) -> Iterator[str]:
    uncovered = [cell for cell in product(range(1, levels + 1), repeat=3) if cell not in cells]
    if uncovered:
        yield f"in none: {', '.join(map(_spelled, uncovered))}"
    if doubly := [f"{_spelled(cell)} ({', '.join(groups)})" for cell, groups in sorted(cells.items()) if len(groups) > 1]:
        yield f"in more than one: {', '.join(doubly)}"


def _spelled(cell: tuple[int, ...]) -> str:
    return "".join(map(str, cell))


def _prefixed(where: str, make: Callable[..., Cut], *arguments: Any) -> Cut:
    try:
        return make(*arguments)
    except ValueError as error:
        raise ValueError(f"{where}.{error}") from None
