"""How the dates of a column are written, told from its values: the key that reads them, and whether day and month could be either."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestration.dumps.months import MONTH_OF
from orchestration.dumps.proposal.seen import MOSTLY, mostly

EITHER_ORDER = "day and month might be the other way round"
MOST_FORMATS = 3

_READ_ANYWAY = r"\d{4}([-/])\d{1,2}\1\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?"
_AS_NUMBERS = {r"1\d{9}": "reads: epoch_seconds", r"1\d{12}": "reads: epoch_milliseconds", r"[34]\d{4}(\.\d+)?": "reads: excel_serial"}
_WORD = r"(?P<word>[^\W\d_]+)\.?"
_DAYS = (
    re.compile(r"(?P<year>\d{4})(?P<first>[-/.])(?P<two>\d{1,2})(?P<second>[-/.])(?P<three>\d{1,2})"),
    re.compile(r"(?P<one>\d{1,2})(?P<first>[-/.])(?P<two>\d{1,2})(?P<second>[-/.])(?P<year>\d{4}|\d{2})"),
    re.compile(rf"(?P<one>\d{{1,2}})(?P<first>\.? |[-/.]){_WORD}(?P<second>,? |[-/.])(?P<year>\d{{4}}|\d{{2}})"),
    re.compile(rf"{_WORD}(?P<first> |[-/.])(?P<one>\d{{1,2}})(?P<second>,? |[-/.])(?P<year>\d{{4}}|\d{{2}})"),
    re.compile(r"(?P<packed>(19|20)\d{2}[01]\d[0-3]\d)"),
)
_CLOCK = re.compile(
    r"(?P<apart>,? at | |T|, )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?P<seconds>:\d{2}(?P<fraction>\.\d+)?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<offset> ?(Z|[+-]\d{2}:?\d{2}))?"
)


CLOCK = r"\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?"
"""A time of day in a column of its own."""


@dataclass(frozen=True)
class Written:
    """``keys``: of a column's mapping. ``is_open``: whether day and month could be either."""

    keys: tuple[str, ...]
    is_open: bool = False


@dataclass(frozen=True)
class _Form:
    """A strptime format with the order of day and month open, ``%1`` and ``%2``, where both are figures."""

    text: str
    parts: tuple[int, int] | None = None


def written(values: Sequence[str], others: Iterable[Sequence[str]] = ()) -> Written | None:
    """How dates are written, or None where the values are none. ``others``: values of the dump's further columns; dates of the same form
    among them say which of two figures is the day."""
    if mostly(values, _READ_ANYWAY):
        return Written(())
    if key := next((key for shape, key in _AS_NUMBERS.items() if mostly(values, shape)), None):
        return Written((key,))
    forms = [form for form in map(_form, values) if form]
    kinds = list(dict.fromkeys(form.text for form in forms))
    if not values or len(forms) < MOSTLY * len(values) or len(kinds) > MOST_FORMATS or len({"%z" in kind for kind in kinds}) > 1:
        return None
    is_day_first = _is_day_first(forms)
    if is_day_first is None and any("%1" in kind for kind in kinds):
        is_day_first = _is_day_first(form for each in others for form in map(_form, each) if form and form.text in kinds)
    order = ("%d", "%m") if is_day_first in (True, None) else ("%m", "%d")
    formats = [kind.replace("%1", order[0]).replace("%2", order[1]) for kind in kinds]
    is_open = is_day_first is None and any("%1" in kind for kind in kinds)
    return Written((f"format: {_quoted(formats)}",), is_open)


def _quoted(formats: list[str]) -> str:
    texts = [f"'{form}'" for form in formats]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _is_day_first(forms: Iterable[_Form]) -> bool | None:
    parts = [form.parts for form in forms if form.parts]
    if any(first > 12 for first, _ in parts):
        return True
    return False if any(second > 12 for _, second in parts) else None


def _form(value: str) -> _Form | None:
    return next(_forms(value.strip()), None)


def _forms(value: str) -> Iterator[_Form]:
    for pattern in _DAYS:
        day = pattern.match(value)
        if not day:
            continue
        rest = value[day.end() :]
        clock = _CLOCK.fullmatch(rest) if rest else None
        form = _day(day)
        if form and (not rest or clock):
            yield _Form(form.text + (_time(clock) if clock else ""), form.parts)


def _day(day: re.Match[str]) -> _Form | None:
    found = day.groupdict()
    if found.get("packed"):
        return _Form("%Y%m%d")
    year = "%Y" if len(found["year"]) == 4 else "%y"
    if found.get("word"):
        if found["word"].lower() not in MONTH_OF:
            return None
        month = "%b." if day[0][day.end("word") : day.end("word") + 1] == "." and found["first"] != "." else "%b"
        if day.start("word") < day.start("one"):
            return _Form(f"{month}{found['first']}%d{found['second']}{year}")
        return _Form(f"%d{found['first']}{month}{found['second']}{year}")
    if found.get("three"):
        return _Form(f"%Y{found['first']}%m{found['second']}%d") if int(found["two"]) <= 12 else None
    one, two = int(found["one"]), int(found["two"])
    if not 1 <= one <= 31 or not 1 <= two <= 31 or (one > 12 and two > 12):
        return None
    return _Form(f"%1{found['first']}%2{found['second']}{year}", (one, two))


def _time(clock: re.Match[str]) -> str:
    hour = "%I" if clock["half"] else "%H"
    seconds = (":%S" + (".%f" if clock["fraction"] else "")) if clock["seconds"] else ""
    half = " %p" if (clock["half"] or "").startswith(" ") else "%p" if clock["half"] else ""
    offset = (" %z" if clock["offset"].startswith(" ") else "%z") if clock["offset"] else ""
    return f"{clock['apart']}{hour}:%M{seconds}{half}{offset}"


def clock_of(values: Sequence[str]) -> str:
    """The strptime format of times of day."""
    first = next(value for value in values if re.fullmatch(CLOCK, value))
    half = re.search(r"( ?)[AaPp][Mm]$", first)
    return ("%I" if half else "%H") + ":%M" + (":%S" if first.count(":") == 2 else "") + (f"{half[1]}%p" if half else "")
