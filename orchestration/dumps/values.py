"""How one text of a dump becomes a typed value, exactly or not at all: SQL per kind of column.

A value is null wherever its text can't be read without changing it; ``problems`` then say why. DuckDB's own casts do change values:
``'1.23456'`` rounds to a decimal(18, 4), ``'4.5'`` becomes the integer 5, ``'1_000'`` is read as 1000, ``'1e-9'`` as 0, an offset or a zone
behind a timestamp is dropped, and ``'epoch'`` is a date. So texts are judged by their shape first. Each kind has a short way for the usual
shape, as cheap as the cast, and a long way that is only taken where a vector holds other texts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from orchestration.dumps import months
from orchestration.dumps.column_maps import ColumnMap
from orchestration.dumps.feeds import SQL_TYPES, Column
from orchestration.dumps.profiles import FeedMap
from orchestration.dumps.zones import is_touched, to_utc
from orchestration.sql import quoted

EARLIEST = "1990-01-01"
LATEST = "2100-01-01"
DECIMALS = {"money": 4, "rate": 18, "quantity": 3, "integer": 0}
DIGITS = {"money": 12, "rate": 10, "quantity": 15, "integer": 9}
"""Digits before the point that always fit; longer ones are tried and may be too large. Amounts leave room above them: sums of a million
millions would not fit the warehouse, and one row would stop the publication of every source."""
MONEY_READ = "decimal(16, 4)"

FULL_WIDTH, HALF_WIDTH = "０１２３４５６７８９．，－＋：／（）　\u2212\ufe63\u00a0\u202f", "0123456789.,-+:/() --  "
"""Full-width characters, other minus signs and blanks that don't break, and what each of them stands for."""
USUAL_FORMAT = "%Y-%m-%d %H:%M:%S"
DAY = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
CLOCK = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6}0*)?)?"
OFFSET = " ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)"
"""How a timestamp says itself how far from UTC it is."""
SKIPPED_HOUR, REPEATED_HOUR = "nonexistent_local_time", "ambiguous_local_time"


@dataclass(frozen=True)
class Problem:
    """Why a row can't be read: a SQL condition, the reason it stands for, and the canonical column at fault."""

    condition: str
    reason: str
    column: str


@dataclass(frozen=True)
class Value:
    """SQL of a value over the dump's text.

    ``suspects``: cheap conditions; where none holds, no problem does. ``parsed``: what the value is made of, computed once, ``p_<column>``.
    ``parts``: values that this one is the sum of, by the name they are computed under.
    """

    sql: str
    problems: tuple[Problem, ...] = ()
    suspects: tuple[str, ...] = ()
    parsed: str | None = None
    parts: tuple[tuple[str, "Value"], ...] = ()


@dataclass(frozen=True)
class Zones:
    """In which zone a local time is: ``of_dump``, or the one that the text of another column means."""

    of_dump: str
    text: str = ""
    words: Mapping[str, str] = field(default_factory=dict)

    def each(self, sql: Callable[[str], str]) -> str:
        """SQL over a local time, made for the zone of the row; null where its word isn't known."""
        if not self.text:
            return sql(self.of_dump)
        word = f"lower(trim({self.text}))"
        whens = (f"when {self._is_one_of(word, zone)} then {sql(zone)}" for zone in dict.fromkeys(self.words.values()))
        return f"case when {self.text} is null or {word} = '' then {sql(self.of_dump)} {' '.join(whens)} end"

    def _is_one_of(self, word: str, zone: str) -> str:
        return f"{word} in ({', '.join(quoted(known.strip().lower()) for known, meant in self.words.items() if meant == zone)})"

    @property
    def is_unknown(self) -> str:
        """SQL: the row names a zone that isn't known."""
        if not self.text:
            return "false"
        known = ", ".join(quoted(word.strip().lower()) for word in self.words)
        return f"coalesce(lower(trim({self.text})), '') not in ('', {known})"


def read(column: Column, text: str, origin: ColumnMap, mapping: FeedMap, zone: str, places: Mapping[str, str]) -> Value:
    """How the text of one column is read. ``places``: column of the dump → its name in SQL."""
    further = [(sign, places[name]) for sign, names in (("+", origin.plus), ("-", origin.less)) for name in names if name in places]
    if further:
        return _sum(column, [("+", text), *further], origin)
    if origin.blanks:
        blanks = ", ".join(quoted(word.strip().lower()) for word in origin.blanks)
        text = f"(case when lower(trim({text})) in ({blanks}) then '' else {text} end)"
    match column.kind:
        case "text":
            return Value(f"nullif({text}, '')")
        case "key":
            return _key(text, origin)
        case "timestamp":
            return _timestamp(column, text, origin, mapping, _zones(origin, zone, places))
        case "date":
            return _date(column, text, origin)
        case "money" | "rate" | "quantity" | "integer":
            return _number(column, text, origin)
        case "boolean":
            words = dict.fromkeys(("true", "1", "yes", "y", "t"), "true") | dict.fromkeys(("false", "0", "no", "n", "f"), "false")
            words |= {word.strip().lower(): meant for word, meant in origin.map.items()}
            return _word(column, text, words, "not_a_boolean")
        case "choice":
            choices = {choice: choice for choice in column.choices} | {raw.strip().lower(): to for raw, to in origin.map.items()}
            return _word(column, text, {word: quoted(choice) for word, choice in choices.items()}, f"unknown_{column.name}")


def _unread(column: Column, text: str) -> str:
    return f"v_{column.name} is null and {text} <> ''"


def _missed(column: Column, text: str) -> str:
    """Condition: there is a text, and no value came of it."""
    return f"v_{column.name} is null and trim({text}) <> ''"


def _key(text: str, origin: ColumnMap) -> Value:
    # ASCII without a space has no blanks around it; to know costs a quarter of trim.
    is_trimmed = f"strlen({text}) = length({text}) and not contains({text}, ' ')"
    trimmed = f"case when {text} = '' then null when {is_trimmed} then {text} else nullif(trim({text}), '') end"
    return Value(f"regexp_replace({trimmed}, '\\.0+$', '')" if origin.reads == "integer_text" else trimmed)


def _word(column: Column, text: str, words: Mapping[str, str], reason: str) -> Value:
    """One of a few words, whatever their case and the blanks around them."""
    whens = " ".join(f"when {quoted(word)} then {value}" for word, value in words.items())
    value = f"coalesce(case {text} {whens} end, case when {text} <> '' then case lower(trim({text})) {whens} end end)"
    return Value(value, (Problem(_missed(column, text), reason, column.name),), (_unread(column, text),))


def _number(column: Column, text: str, origin: ColumnMap) -> Value:
    """Exact or not at all: a value with more decimals than its type holds is a problem, not a rounding."""
    kind, decimals = SQL_TYPES[column.kind], DECIMALS[column.kind]
    # Made once per row where every value needs it, and only for the values that need it where most don't.
    plain = plain_number(text, origin) if origin.has_usual_form else f"p_{column.name}"
    exact = f"regexp_full_match({plain}, '[+-]?[0-9]*(\\.[0-9]{{0,{decimals}}}0*)?')"
    value = f"case when {exact} then {_fitting(plain, kind)} end"
    if origin.has_usual_form:
        point = f"(\\.[0-9]{{1,{decimals}}})?" if decimals else ""
        usual = f"regexp_full_match({text}, '-?[0-9]{{1,{DIGITS[column.kind]}}}{point}')"
        value = f"case when {text} = '' then null when {usual} then try_cast({text} as {kind}) else {value} end"
    if origin.scale is not None:
        scaled = f"try_cast({plain} as decimal(24, 6)) * {origin.scale:f}::decimal(12, 6)"
        exact = f"regexp_full_match({plain}, '[+-]?[0-9]*(\\.[0-9]{{0,6}}0*)?') and {scaled} = round({scaled}, {decimals})"
        value = f"case when {exact} then {_fitting(scaled, kind)} end"
    if origin.sign == "reversed":
        value = f"-({value})"
    missed = _missed(column, text)
    bounds = _bounds(column)
    problems = (
        Problem(f"{missed} and {plain} is null", "not_a_number", column.name),
        Problem(f"{missed} and not coalesce({exact}, false)", "too_many_decimals", column.name),
        Problem(missed, "too_large", column.name),
        *(Problem(condition, "out_of_range", column.name) for condition in bounds),
    )
    return Value(value, problems, (_unread(column, text), *bounds), None if origin.has_usual_form else plain_number(text, origin))


def _sum(column: Column, texts: Sequence[tuple[str, str]], origin: ColumnMap) -> Value:
    """Amounts of several columns, the first of them the column's own: empty where that one is and must not be, or where all are."""
    unbounded = replace(column, low=None, high=None, above=None)
    names = [f"{column.name}_{number}" for number in range(len(texts))]
    read_parts = tuple((name, _number(replace(unbounded, name=name), text, origin)) for name, (_, text) in zip(names, texts, strict=True))
    summed = " ".join(f"{sign} coalesce(v_{name}, 0)" for name, (sign, _) in zip(names, texts, strict=True))
    is_empty = " and ".join(f"v_{name} is null" for name in (names[:1] if column.filled else names))
    bounds = _bounds(column)
    return Value(
        sql=f"cast(case when {is_empty} then null else {summed} end as {SQL_TYPES[column.kind]})",
        problems=(
            *(replace(problem, column=column.name) for _, part in read_parts for problem in part.problems),
            *(Problem(condition, "out_of_range", column.name) for condition in bounds),
        ),
        suspects=(*(suspect for _, part in read_parts for suspect in part.suspects), *bounds),
        parts=read_parts,
    )


def _bounds(column: Column) -> list[str]:
    """Conditions: the value is none that the column may have."""
    limits = (("<", column.low), (">", column.high), ("<=", column.above))
    return [f"v_{column.name} {sign} {bound}" for sign, bound in limits if bound is not None]


def _fitting(number: str, kind: str) -> str:
    """SQL of the number as its type; null where it is too large."""
    return f"cast(try_cast({number} as {MONEY_READ}) as {kind})" if kind == SQL_TYPES["money"] else f"try_cast({number} as {kind})"


def plain_number(text: str, origin: ColumnMap) -> str:
    """SQL: the number that a text writes, in digits with a point; null where it writes none.

    Brackets around a number and a minus behind it make it negative, as in accounting. An affix is taken off beside either, never with it.
    """
    number = _half_width(text)
    if origin.affixes:
        affix = f"(?:{'|'.join(re.escape(affix) for affix in origin.affixes)})?"
        pattern = rf"^([-+(]?) *{affix} *([-+(]?) *([0-9., ']*?) *([-)]?) *{affix} *([-)]?)$"
        number = rf"regexp_replace({number}, {quoted(pattern)}, '\1\2\3\4\5')"
    point = re.escape(origin.decimal)
    groups = f"|[0-9]{{1,3}}({re.escape(origin.thousands)}[0-9]{{3}})+" if origin.thousands else ""
    digits = f"(([0-9]+{groups})({point}[0-9]*)?|{point}[0-9]+)"
    plain = f"replace({number}, {quoted(origin.thousands)}, '')" if origin.thousands else number
    plain = f"replace({plain}, ',', '.')" if origin.decimal == "," else plain
    signed, negative = quoted(f"[+-]?{digits}"), quoted(rf"\({digits}\)|{digits}-")
    return f"""case when regexp_full_match({number}, {signed}) then {plain}
        when regexp_full_match({number}, {negative}) then '-' || trim({plain}, '()-') end"""


def _zones(origin: ColumnMap, zone: str, places: Mapping[str, str]) -> Zones:
    if origin.zone is None:
        return Zones(zone)
    named = next((places[name] for name in origin.zone.source if name in places), "")
    return Zones(zone, named, origin.zone.map)


def _timestamp(column: Column, text: str, origin: ColumnMap, mapping: FeedMap, zones: Zones) -> Value:
    """Local time of the row's zone → UTC; a value with its own offset keeps to it."""
    name, local = f"v_{column.name}", f"p_{column.name}"
    parsed, direct = _moment(text, origin)
    in_utc = zones.each(lambda zone: to_utc(local, zone, mapping.skipped_hour, mapping.repeated_hour))
    value = f"case when {local} is not null then {in_utc} else {direct} end"
    outside = f"{name} < timestamp '{EARLIEST}' or {name} >= latest_at"
    unread = f"{name} is null and {local} is not null"
    problems = [
        Problem(f"{unread} and {zones.is_unknown}", "unknown_time_zone", column.name),
        *_refused_hours(column, unread, local, mapping, zones),
        Problem(_missed(column, text), "not_a_timestamp", column.name),
        Problem(outside, "date_out_of_range", column.name),
    ]
    if origin.has_usual_form:  # 'epoch' and 'infinity' come out as dates of their own
        unusual = f"({name} is null or {outside}) and trim({text}) <> '' and not {_is_usual(text)}"
        problems.insert(0, Problem(unusual, "not_a_timestamp", column.name))
    return Value(value, tuple(problems), (_unread(column, text), outside), parsed)


def _refused_hours(column: Column, unread: str, local: str, mapping: FeedMap, zones: Zones) -> list[Problem]:
    """Where one kind of hour is refused, a local time without a value is in one: the clocks, long in SQL, need not be asked again."""
    if mapping.repeated_hour != "refuse":
        return [Problem(unread, SKIPPED_HOUR, column.name)] if mapping.skipped_hour == "refuse" else []
    if mapping.skipped_hour != "refuse":
        return [Problem(unread, REPEATED_HOUR, column.name)]
    is_skipped = zones.each(lambda zone: is_touched(local, zone, forward=True))
    return [Problem(f"{unread} and {is_skipped}", SKIPPED_HOUR, column.name), Problem(unread, REPEATED_HOUR, column.name)]


def _date(column: Column, text: str, origin: ColumnMap) -> Value:
    """A day as it is written, in no zone. A time of day other than midnight is not dropped: the text is no date."""
    name, local = f"v_{column.name}", f"p_{column.name}"
    value = f"case when {local} = date_trunc('day', {local}) then cast({local} as date) end"
    outside = f"{name} < date '{EARLIEST}' or {name} >= date '{LATEST}'"
    # 'epoch' and 'infinity' come out as dates of their own
    is_word = f" or ({outside}) and not {_is_usual(text)}" if origin.has_usual_form else ""
    problems = (
        Problem(f"{_missed(column, text)}{is_word}", "not_a_date", column.name),
        Problem(outside, "date_out_of_range", column.name),
    )
    return Value(value, problems, (_unread(column, text), outside), _moment(text, origin)[0])


def _is_usual(text: str) -> str:
    return f"regexp_full_match({_half_width(text)}, '{DAY}([ T]{CLOCK}{OFFSET}?)?')"


def _half_width(text: str) -> str:
    return f"trim(translate({text}, {quoted(FULL_WIDTH)}, {quoted(HALF_WIDTH)}))"


def _moment(text: str, origin: ColumnMap) -> tuple[str, str]:
    """SQL of the local timestamp that a text writes, and of the UTC timestamp where it doesn't write a local one; null elsewhere."""
    number = f"try_cast({plain_number(text, ColumnMap(source=origin.source))} as decimal(30, 12))"
    if origin.format:
        moment = _strptime(f"trim({text})", origin.format)
        if any(map(months.has_month_name, origin.format)):
            in_english = _strptime(months.in_english(f"trim({text})"), tuple(map(months.format_in_english, origin.format)))
            moment = f"coalesce({moment}, {in_english})"
        return ("cast(null as timestamp)", f"make_timestamp(epoch_us({moment}))") if "%z" in origin.format[0] else (moment, "null")
    match origin.reads:
        case "epoch_seconds" | "epoch_milliseconds":
            factor = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000}[origin.reads]
            return "cast(null as timestamp)", f"make_timestamp(try_cast({number} * {factor}::decimal(7, 0) as bigint))"
        case "excel_serial":
            return _since("1899-12-30", number, 86_400_000), "null"
        case "sas_date":
            return _since("1960-01-01", number, 86_400_000), "null"
        case "sas_datetime":
            return _since("1960-01-01", number, 1_000), "null"
        case _:
            half = _half_width(text)
            is_local, has_offset = (f"regexp_full_match({half}, '{DAY}{rest}')" for rest in (f"([ T]{CLOCK})?", f"[ T]{CLOCK}{OFFSET}"))
            spelled = f"regexp_replace({half}, ' ?([+-][0-9]{{2}}):?([0-9]{{2}})$', '\\1:\\2')"
            return (
                f"""case when {text} = '' then null
                else coalesce(try_strptime({text}, '{USUAL_FORMAT}'), case when {is_local} then try_cast({half} as timestamp) end) end""",
                f"case when {text} <> '' and {has_offset} then make_timestamp(epoch_us(try_cast({spelled} as timestamptz))) end",
            )


def _strptime(text: str, formats: tuple[str, ...]) -> str:
    return f"try_strptime({text}, [{', '.join(map(quoted, formats))}])"


def _since(day: str, units: str, milliseconds: int) -> str:
    """Whole milliseconds since a day: serial numbers are floating point, whose last digits mean nothing."""
    return f"timestamp '{day}' + to_milliseconds(try_cast(round({units} * {milliseconds}::decimal(8, 0)) as bigint))"
