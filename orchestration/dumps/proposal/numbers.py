"""How the numbers of a column are written, told from its values: groups, decimal sign, and what stands around them and means nothing."""

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from orchestration.dumps.column_maps import BRACKETS, SIGNS
from orchestration.dumps.currencies import CURRENCIES
from orchestration.dumps.proposal.seen import MOSTLY

PLAIN_NUMBER = r"[+-]?\d+(\.\d+)?"
SHAPES: dict[str, tuple[str, ...]] = {
    PLAIN_NUMBER: (),
    r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?": ("thousands: ','",),
    r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?": ("decimal: ','", "thousands: '.'"),
    r"[+-]?(\d+|\d{1,3}([ \u00a0\u202f]\d{3})+)(,\d+)?": ("decimal: ','", "thousands: ' '"),
}
_ALIKE = ({"¥", "￥", "元", "RMB", "CNY", "人民币"},)
"""Texts beside amounts that mean one currency."""
_PARTS = re.compile(r"(?P<before>[^\d.,]{,4}?)\s*(?P<figures>[\d.,][\d.,\s']*?)\s*(?P<behind>[^\d.,]{,4})")
SURE_CURRENCIES = {
    "€": "EUR",
    "£": "GBP",
    "元": "CNY",
    "R$": "BRL",
    "zł": "PLN",
    "₹": "INR",
    "₩": "KRW",
    "CA$": "CAD",
    "C $": "CAD",
    "A$": "AUD",
    "AU $": "AUD",
}
"""Signs that are one currency's; ``$``, ``¥`` and ``kr`` are of several."""


def currency_of(affix: str) -> str | None:
    """The currency that a text beside an amount names, if it names one."""
    return SURE_CURRENCIES.get(affix) or (affix if affix in CURRENCIES else None)


def written(values: Sequence[str], others: Sequence[str] = ()) -> tuple[str, ...] | None:
    """The keys that read the numbers, or None where the values are none. ``others``: amounts of the dump's further columns; ``1.234`` is
    more than a thousand where they have commas for decimals. Numbers in another currency than most are left to the quarantine."""
    affixes = affixes_of(values)
    shares = {shape: _share(values, shape, affixes) for shape in SHAPES}
    most = max(shares.values())
    if most < MOSTLY:
        return None
    fitting = [shape for shape, share in shares.items() if share == most]
    shape = max(fitting, key=lambda shape: _share(others, shape, affixes))
    return ((f"affixes: {affixes!r}",) if affixes else ()) + SHAPES[shape]


def _share(values: Sequence[str], shape: str, affixes: Sequence[str]) -> float:
    """Of the values, those of that shape."""
    figures = (_figures(value) if set(_affixes(value)) <= set(affixes) else value for value in values)
    return sum(1 for value in figures if re.fullmatch(shape, value)) / len(values) if values else 0.0


def affixes_of(values: Sequence[str]) -> list[str]:
    """The text that most numbers have before or behind them, and others of the same currency; signs and brackets are read without a key, on
    either side of it."""
    counted = Counter(affix for value in values for affix in _affixes(value))
    if not counted:
        return []
    first = counted.most_common(1)[0][0]
    alike = next((texts for texts in _ALIKE if first in texts), {first})
    return sorted(alike.intersection(counted))


def _affixes(value: str) -> list[str]:
    parts = _PARTS.fullmatch(_unsigned(value))
    return [affix for affix in (parts["before"].strip(), parts["behind"].strip()) if affix] if parts else []


def is_negative(value: str) -> bool:
    return bool(re.search(r"[-\u2212\ufe63－(（]", value))


def amount(value: str, keys: Sequence[str]) -> Decimal | None:
    """The number that a text is under such keys, or None where it is none."""
    bare = _figures(value)
    if "thousands: '.'" in keys:
        bare = bare.replace(".", "")
    bare = re.sub(r"[ \u00a0\u202f]", "", bare)
    bare = bare.replace(",", ".") if "decimal: ','" in keys else bare.replace(",", "")
    if not re.fullmatch(PLAIN_NUMBER, bare):
        return None
    return -Decimal(bare) if is_negative(value) else Decimal(bare)


def _unsigned(value: str) -> str:
    return re.sub(f"[{SIGNS}{BRACKETS}]", "", value).strip()


def _figures(value: str) -> str:
    parts = _PARTS.fullmatch(_unsigned(value))
    return parts["figures"].strip() if parts else value
