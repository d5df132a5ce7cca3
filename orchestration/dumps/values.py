"""How one text of a dump becomes a typed value, exactly or not at all: SQL per kind of column.

A value is null wherever its text can't be read without changing it; ``problems`` then say why. DuckDB's own casts do change values:
``'1.23456'`` rounds to a decimal(18, 4), ``'4.5'`` becomes the integer 5, ``'1_000'`` is read as 1000, ``'1e-9'`` as 0, an offset or a zone
behind a timestamp is dropped, and ``'epoch'`` is a date. So texts are judged by their shape first. Each kind has a short way for the usual
shape, as cheap as the cast, and a long way that is only taken where a vector holds other texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.dumps.feeds import SQL_TYPES, Column
from orchestration.dumps.profiles import ColumnMap, FeedMap
from orchestration.dumps.sql import quoted
from orchestration.dumps.zones import is_touched, to_utc

EARLIEST = "1990-01-01"
DECIMALS = {"money": 4, "quantity": 3, "integer": 0}
DIGITS = {"money": 14, "quantity": 15, "integer": 9}
"""Digits before the point that always fit the column's type; longer ones are tried and may be too large."""

USUAL_FORMAT = "%Y-%m-%d %H:%M:%S"
DAY = "[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
CLOCK = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6}0*)?)?"
OFFSET = " ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)"
"""How a timestamp says itself how far from UTC it is."""


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
    """

    sql: str
    problems: tuple[Problem, ...] = ()
    suspects: tuple[str, ...] = ()
    parsed: str | None = None


def read(column: Column, text: str, origin: ColumnMap, mapping: FeedMap, zone: str) -> Value:
    """How the text of one column is read."""
    match column.kind:
        case "text":
            return Value(f"nullif({text}, '')")
        case "key":
            return _key(text, origin)
        case "timestamp":
            return _timestamp(column, text, origin, mapping, zone)
        case "money" | "quantity" | "integer":
            return _number(column, text, origin)
        case "boolean":
            words = dict.fromkeys(["true", "1", "yes", "y", "t"], "true") | dict.fromkeys(["false", "0", "no", "n", "f"], "false")
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
    kind, decimals = SQL_TYPES[column.kind], DECIMALS[column.kind]
    point = f"(\\.[0-9]{{1,{decimals}}})?" if decimals else ""
    usual = f"regexp_full_match({text}, '-?[0-9]{{1,{DIGITS[column.kind]}}}{point}')"
    trimmed = f"trim({text})"
    exact = f"regexp_full_match({trimmed}, '[+-]?([0-9]+(\\.[0-9]{{0,{decimals}}}0*)?|\\.[0-9]{{1,{max(decimals, 1)}}}0*)')"
    value = (
        f"case when {text} = '' then null when {usual} then try_cast({text} as {kind}) when {exact} then try_cast({trimmed} as {kind}) end"
    )
    missed = _missed(column, text)
    number = f"regexp_full_match({trimmed}, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)')"
    problems = [
        Problem(f"{missed} and not {number}", "not_a_number", column.name),
        Problem(f"{missed} and not {exact}", "too_many_decimals", column.name),
        Problem(missed, "too_large", column.name),
    ]
    bounds = [f"v_{column.name} {sign} {bound}" for sign, bound in (("<", column.low), (">", column.high)) if bound is not None]
    problems += [Problem(condition, "out_of_range", column.name) for condition in bounds]
    return Value(value, tuple(problems), (_unread(column, text), *bounds))


def _timestamp(column: Column, text: str, origin: ColumnMap, mapping: FeedMap, zone: str) -> Value:
    """Local time of the dump's zone → UTC; a value with its own offset keeps to it.

    A local time that the clocks jumped over is a problem; one that came twice is read as the later (standard) time.
    """
    trimmed, local = f"trim({text})", f"p_{column.name}"
    is_local = f"regexp_full_match({trimmed}, '{DAY}([ T]{CLOCK})?')"
    has_offset = f"regexp_full_match({trimmed}, '{DAY}[ T]{CLOCK}{OFFSET}')"
    parsed = f"""case when {text} = '' then null
        else coalesce(try_strptime({text}, '{USUAL_FORMAT}'), case when {is_local} then try_cast({trimmed} as timestamp) end) end"""
    value = f"""case when {local} is not null then {to_utc(local, zone, "refuse", "later")}
        when {text} <> '' and {has_offset} then make_timestamp(epoch_us(try_cast({trimmed} as timestamptz))) end"""
    outside = f"v_{column.name} < timestamp '{EARLIEST}' or v_{column.name} >= latest_at"
    unreadable = f"(v_{column.name} is null or {outside}) and {trimmed} <> '' and not ({is_local} or {has_offset})"
    skipped = f"v_{column.name} is null and {local} is not null and {is_touched(local, zone, forward=True)}"
    problems = (
        Problem(unreadable, "not_a_timestamp", column.name),
        Problem(skipped, "nonexistent_local_time", column.name),
        Problem(_missed(column, text), "not_a_timestamp", column.name),
        Problem(outside, "date_out_of_range", column.name),
    )
    return Value(value, problems, (_unread(column, text), outside), parsed)
