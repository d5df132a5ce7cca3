"""How the text of a dump becomes typed rows: SQL for one file layout, with a reason for everything that can't be read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestration.dumps.currencies import CURRENCIES
from orchestration.dumps.feeds import FEEDS, SQL_TYPES, Column
from orchestration.dumps.profiles import ColumnMap, FeedMap
from orchestration.dumps.values import Problem, Value, read
from orchestration.sql import quoted

DAYS_OF_GRACE = 2
"""A row may be dated this many days after the business date in its file's name: night shifts, zones, clocks that run ahead."""


@dataclass(frozen=True)
class Reading:
    """SQL of one layout over a relation with the dump's text as columns ``t0``, ``t1``, … in header order, and ``latest_at``.

    Each select list stands over the one before: ``parsed``, what values are made of, named ``p_<column>``; ``typed``, the values as read,
    named ``v_<column>``; ``clean``, those with defaults filled in. ``problems``: conditions over the first two; the first that holds is
    the reason of a row. ``suspects``: cheap conditions, at least one of which holds for every row that has a problem.
    """

    parsed: tuple[str, ...]
    typed: tuple[str, ...]
    clean: tuple[str, ...]
    problems: tuple[Problem, ...]
    suspects: tuple[str, ...]

    def judged(self, relation: str) -> str:
        """SQL of the relation's rows with their values and ``problem``: null for a row that can be read, else its place in ``problems``."""
        branches = " ".join(f"when {problem.condition} then {number}" for number, problem in enumerate(self.problems))
        # CASE rather than OR: its branches are only evaluated for the rows that come to them.
        problem = f"case when {' or '.join(self.suspects)} then case {branches} end end"
        parsed = f"select {', '.join(['*', *self.parsed])} from {relation}"
        return f"select *, {problem} as problem from (select *, {', '.join(self.typed)} from ({parsed}))"


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
    parsed: list[str] = []
    clean: list[str] = []
    problems, suspects = [repeated := _repeated_header(feed, located, places)], [repeated.condition]
    for column in FEEDS[feed]:
        origin = mapping.columns.get(column.name, ColumnMap(source=(column.name,)))
        default = _default(column, context)
        if column.name in located:
            value = _judged(column, read(column, places[located[column.name]], origin, mapping, context.time_zone), context)
            if column.filled and default == "null":
                empty = Problem(f"v_{column.name} is null", "missing_value", column.name)
                value = replace(value, problems=(*value.problems, empty), suspects=(*value.suspects, empty.condition))
            problems += value.problems
            suspects += value.suspects
            parsed += [f"{value.parsed} as p_{column.name}"] if value.parsed else []
            sql = value.sql
        else:
            sql = _constant(column, origin, default, mapping)
        typed.append(f"{sql} as v_{column.name}")
        clean.append(f"v_{column.name} as {column.name}" if default == "null" else f"coalesce(v_{column.name}, {default}) as {column.name}")
    return Reading(tuple(parsed), tuple(typed), tuple(clean), tuple(problems), tuple(dict.fromkeys(suspects)))


def _repeated_header(feed: str, located: Mapping[str, str], places: Mapping[str, str]) -> Problem:
    names = [column.name for column in FEEDS[feed] if column.name in located][:2]
    same = " and ".join(f"{places[located[name]]} = {quoted(located[name])}" for name in names) or "false"
    return Problem(same, "repeated_header", names[0] if names else "")


def _constant(column: Column, origin: ColumnMap, default: str, mapping: FeedMap) -> str:
    """SQL value of a canonical column that the dump doesn't bring."""
    kinds = {"fee": mapping.fee_products, "adjustment": mapping.adjustment_products}
    if column.name == "line_kind" and any(kinds.values()):
        whens = (f"when v_product_id in ({', '.join(map(quoted, ids))}) then '{kind}'" for kind, ids in kinds.items() if ids)
        return f"case {' '.join(whens)} else 'product' end"
    return f"cast({quoted(origin.value) if origin.value is not None else default} as {SQL_TYPES[column.kind]})"


def _judged(column: Column, value: Value, context: Context) -> Value:
    """The value with what only the warehouse can find wrong with it."""
    if not column.name.endswith("currency"):
        return value
    is_foreign = f"v_{column.name} <> {quoted(context.reporting_currency)}"
    known = ", ".join(quoted(code) for code in sorted(CURRENCIES | {context.reporting_currency}))
    unknown = Problem(f"v_{column.name} not in ({known})", "unknown_currency", column.name)
    return Value(f"upper({value.sql})", (*value.problems, unknown), (*value.suspects, is_foreign))


def _default(column: Column, context: Context) -> str:
    if column.name == "channel" and not column.choices:
        return quoted(context.channel)
    if column.name == "currency":
        return quoted(context.currency)
    return column.default or "null"
