"""The dates in a file's name: the day it is about, or the last day of the range."""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from orchestration.dumps.patterns import group_of

_DAY = r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)"
_TO = r"\s*(?:[-_~–—]+|\.\.+|[-_ ]*(?:to|until|bis|au|a|al|até|tot|至|到)[-_ ]*)\s*"
_SHORT_RANGE = re.compile(rf"(?<!\d)(\d{{4}})-\d{{2}}-\d{{2}}{_TO}(\d{{2}}-\d{{2}})(?![-\d])", re.IGNORECASE)
"""A range whose end leaves out the year, ``2026-09-01_09-30``; or a day and a time of day. So it only ever allows more."""


class Dates(NamedTuple):
    """Of a name without a date both are empty. ``day``: orders deliveries. ``until``: no row may be dated much later."""

    day: str = ""
    until: str = ""


def dates(file_name: str, pattern: str | None) -> Dates:
    """ISO dates that a name holds; of several, the last. ``pattern``: where they stand, if a profile says so (the group)."""
    day = _last([group_of(pattern, file_name)] if pattern else re.findall(_DAY, file_name))
    if not day or pattern:
        return Dates(day, day)
    ends = (f"{year}-{end}" for year, end in _SHORT_RANGE.findall(file_name))
    return Dates(day, _last([day, *ends]))


def _last(texts: Iterable[str]) -> str:
    return max(filter(_is_date, texts), default="")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
