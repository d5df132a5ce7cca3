"""How the text of a dump becomes typed values: SQL for one file layout, with a reason for everything that can't be read.

No cast may change a value silently. DuckDB's own do: ``'1.23456'`` rounds to a decimal(18, 4), ``'4.5'`` becomes the
integer 5, ``'1_000'`` is read as 1000, an offset behind a timestamp is dropped, and ``'epoch'`` is a date. Each is guarded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orchestration.dumps.feeds import FEEDS, SQL_TYPES, Column
from orchestration.dumps.profiles import ColumnMap, FeedMap
from orchestration.dumps.sql import quoted

EARLIEST = "1990-01-01"
OFFSET = "[0-9] ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$"
"""A timestamp that says itself how far from UTC it is."""

DAYS_OF_GRACE = 2
"""A row may be dated this many days after the business date in its file's name: night shifts, zones, clocks that run ahead."""


@dataclass(frozen=True)
class Problem:
    """Why a row can't be read: a SQL condition, the reason it stands for, and the canonical column at fault."""

    condition: str
    reason: str
    column: str


@dataclass(frozen=True)
class Reading:
    """SQL of one layout over a relation with the dump's text as columns ``t0``, ``t1``, … in header order, and ``latest_at``.

    ``typed``: select list of the values as read, each named ``v_<column>``. ``clean``: select list over those, defaults
    filled in. ``problems``: conditions over both; the first that holds is the reason of a row.
    """

    typed: tuple[str, ...]
    clean: tuple[str, ...]
    problems: tuple[Problem, ...]

    def problem_number(self) -> str:
        """SQL expression: null for a row that can be read, else its place in ``problems``."""
        branches = " ".join(f"when {problem.condition} then {number}" for number, problem in enumerate(self.problems))
        return f"case {branches} end"


@dataclass(frozen=True)
class Context:
    """What a reading depends on besides the profile."""

    time_zone: str
    currency: str
    reporting_currency: str
    channel: str


def reading(feed: str, mapping: FeedMap, header: tuple[str, ...], context: Context) -> Reading:
    """How rows under that header become rows of the feed."""
    located = mapping.locate(header)
    places = {name: f"t{number}" for number, name in enumerate(header)}
    typed: list[str] = []
    clean: list[str] = []
    problems = [_repeated_header(feed, located, places)]
    for column in FEEDS[feed]:
        origin = mapping.columns.get(column.name, ColumnMap(source=(column.name,)))
        default = _default(column, context)
        if column.name in located:
            value, found = _read(column, places[located[column.name]], origin, context)
            if column.filled and default == "null":
                found = [
                    *found,
                    Problem(f"v_{column.name} is null", "missing_value", column.name),
                ]  # last: it is null for any other problem too
            problems += found
        else:
            value = _constant(column, origin, default, mapping)
        typed.append(f"{value} as v_{column.name}")
        clean.append(f"v_{column.name} as {column.name}" if default == "null" else f"coalesce(v_{column.name}, {default}) as {column.name}")
    return Reading(tuple(typed), tuple(clean), tuple(problems))


def _repeated_header(feed: str, located: Mapping[str, str], places: Mapping[str, str]) -> Problem:
    names = [column.name for column in FEEDS[feed] if column.name in located][:2]
    same = " and ".join(f"{places[located[name]]} = {quoted(located[name])}" for name in names) or "false"
    return Problem(same, "repeated_header", names[0] if names else "")


def _constant(column: Column, origin: ColumnMap, default: str, mapping: FeedMap) -> str:
    """SQL value of a canonical column that the dump doesn't bring."""
    if column.name == "line_kind" and mapping.fee_products:
        return f"case when v_product_id in ({', '.join(map(quoted, mapping.fee_products))}) then 'fee' else 'product' end"
    return f"cast({quoted(origin.value) if origin.value is not None else default} as {SQL_TYPES[column.kind]})"


def _read(column: Column, raw: str, origin: ColumnMap, context: Context) -> tuple[str, list[Problem]]:
    """SQL value of a canonical column from the dump's text, and what can be wrong with it."""
    text = f"nullif({raw}, '')" if column.kind == "text" else f"nullif(trim({raw}), '')"
    value, problems = _typed(column, text, origin, context)
    if column.name == "currency":
        value = f"upper({value})"
        problems.append(Problem(f"v_currency <> {quoted(context.reporting_currency)}", "no_exchange_rate", column.name))
    return value, problems


def _default(column: Column, context: Context) -> str:
    if column.name == "channel" and not column.choices:
        return quoted(context.channel)
    if column.name == "currency":
        return quoted(context.currency)
    return column.default or "null"


def _typed(column: Column, text: str, origin: ColumnMap, context: Context) -> tuple[str, list[Problem]]:
    match column.kind:
        case "text":
            return text, []
        case "key":
            value = f"regexp_replace({text}, '\\.0+$', '')" if origin.reads == "integer_text" else text
            return value, []
        case "timestamp":
            return _timestamp(column, text, context)
        case "money" | "quantity" | "integer":
            return _number(column, text)
        case "boolean":
            value = f"case lower({text}) {_whens('true', 'true 1 yes y t')} {_whens('false', 'false 0 no n f')} end"
            return value, [Problem(f"{text} is not null and v_{column.name} is null", "not_a_boolean", column.name)]
        case "choice":
            choices = {choice: choice for choice in column.choices} | {raw.strip().lower(): to for raw, to in origin.map.items()}
            value = f"case lower({text}) {' '.join(f'when {quoted(raw)} then {quoted(to)}' for raw, to in choices.items())} end"
            return value, [Problem(f"{text} is not null and v_{column.name} is null", f"unknown_{column.name}", column.name)]


def _number(column: Column, text: str) -> tuple[str, list[Problem]]:
    """Exact or not at all: a value with more decimals than its type holds is a problem, not a rounding."""
    name, decimals = f"v_{column.name}", {"money": 4, "quantity": 3, "integer": 0}.get(column.kind, 0)
    rounded = f"coalesce(try_cast({text} as decimal(38, 12)) <> {name}, true)"
    problems = [
        Problem(f"{text} is not null and ({name} is null or contains({text}, '_'))", "not_a_number", column.name),
        Problem(
            f"case when length({text}) - strpos({text}, '.') > {decimals} then {rounded} else false end", "too_many_decimals", column.name
        ),
    ]
    if column.low is not None:
        problems.append(Problem(f"{name} < {column.low}", "out_of_range", column.name))
    if column.high is not None:
        problems.append(Problem(f"{name} > {column.high}", "out_of_range", column.name))
    return f"try_cast({text} as {SQL_TYPES[column.kind]})", problems


def _timestamp(column: Column, text: str, context: Context) -> tuple[str, list[Problem]]:
    """Local time of the dump's zone → UTC; a value with its own offset keeps to it.

    A local time that the clocks jumped over is a problem; one that came twice is read as the later (standard) time.
    """
    name, naive = f"v_{column.name}", f"try_cast({text} as timestamp)"
    # The usual 2026-10-31 12:00:00 is told by two characters; a pattern over every row would cost more than all the casts.
    is_plain = f"length({text}) <= 16 or (length({text}) = 19 and substr({text}, 17, 1) = ':')"
    offset = f"case when {is_plain} then false else regexp_matches({text}, '{OFFSET}') end"
    local = f"timezone({quoted(context.time_zone)}, {naive})"
    utc = naive if context.time_zone == "UTC" else f"make_timestamp(epoch_us({local}))"
    problems = [
        Problem(f"{text} is not null and ({name} is null or not (left({text}, 1) between '0' and '9'))", "not_a_timestamp", column.name),
        Problem(f"{name} < timestamp '{EARLIEST}' or {name} >= latest_at", "date_out_of_range", column.name),
    ]
    if _jumps(context.time_zone):
        back = f"timezone({quoted(context.time_zone)}, timezone('UTC', {name}))"
        problems.append(Problem(f"{back} <> {naive} and not {offset}", "nonexistent_local_time", column.name))
    close = f"replace(replace({text}, ' +', '+'), ' -', '-')"  # the engine reads no offset that stands apart
    return f"case when {offset} then make_timestamp(epoch_us(try_cast({close} as timestamptz))) else {utc} end", problems


def _jumps(zone: str) -> bool:
    """Whether the zone's clocks were ever changed since the earliest date that is read."""
    day, offsets = datetime.fromisoformat(EARLIEST), set()
    while day.year < 2040:
        offsets.add(day.replace(tzinfo=ZoneInfo(zone)).utcoffset())
        day += timedelta(days=14)
    return len(offsets) > 1


def _whens(value: str, words: str) -> str:
    return " ".join(f"when '{word}' then {value}" for word in words.split())
