"""How the text of a dump becomes typed rows: SQL for one file layout, with a reason for everything that can't be read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestration.dumps.column_maps import ColumnMap
from orchestration.dumps.currencies import CURRENCIES
from orchestration.dumps.feeds import COUNTED_STATUSES, FEEDS, SQL_TYPES, Column
from orchestration.dumps.guests import guest_id, may_be_of_guests
from orchestration.dumps.layouts import UNPRICED, Arranged, Layout, settled
from orchestration.dumps.order_rows import DISAGREE, GOODS, INCOMPLETE, OrderRows
from orchestration.dumps.profiles import FeedMap
from orchestration.dumps.row_rules import left_out, set_by_rules
from orchestration.dumps.values import Problem, Value, read
from orchestration.sql import quoted

COUNTS = f"coalesce(v_status, 'completed') in {COUNTED_STATUSES}"
"""SQL condition: the row is of an order whose money counts."""

UNNEEDED = ("quantity", "unit_price")
"""Columns that may be empty where nothing of the row counts: exports leave them so for orders that were cancelled or never paid."""

HEADER_COLUMNS = 3
"""A row that repeats so many names of the header, or all if there are fewer, is the header once more."""

BYTE_ORDER_MARK = "\ufeff"


def _negative_discount(layout: Layout) -> Problem:
    """What is taken off goods that came back is negative as they are."""
    goods = "v_unit_price" if layout.prices == "per_line" else "v_quantity * v_unit_price"
    return Problem(f"v_discount_amount < 0 and coalesce({goods}, 0) >= 0", "negative_discount", "discount_amount")


TOO_LARGE = Problem("abs(cast(v_quantity as double) * cast(v_unit_price as double)) >= 1e12", "too_large", column="unit_price")
"""No price is too large by itself from here on, only for so many pieces."""


@dataclass(frozen=True)
class LayoutSql:
    """SQL of one layout over a relation with the dump's text as columns ``t0``, ``t1``, … in header order, and ``latest_at``.

    Each select list stands over the one before: ``parsed``, what values are made of, named ``p_<column>``, and ``left_out``, the rule by
    which a row is left out, if any; ``typed``, the values as read, named ``v_<column>``; ``clean``, those with defaults filled in.
    ``problems``: conditions over the first two; the first that holds is the reason of a row. ``suspects``: cheap conditions, at least one
    of which holds for every row that has a problem. ``together``: how the rows of one order are taken together, if they are.
    ``has_order_lines``: whether a row is a line of an order.
    """

    text: Arranged
    mapping: FeedMap
    parsed: tuple[str, ...]
    typed: tuple[str, ...]
    clean: tuple[str, ...]
    problems: tuple[Problem, ...]
    suspects: tuple[str, ...]
    together: OrderRows | None = None
    has_order_lines: bool = False

    @property
    def leaves_out(self) -> bool:
        """Whether rows may be left out by a rule."""
        return any(rule.leave_out for rule in self.mapping.rules) or bool(self.together and self.together.block)

    @property
    def judged(self) -> str:
        """SQL of the rows with their values, ``left_out``, and ``problem``: null for a row that can be read, else its place in
        ``problems``."""
        branches = " ".join(f"when {problem.condition} then {number}" for number, problem in enumerate(self.problems))
        # CASE rather than OR: its branches are only evaluated for the rows that come to them.
        problem = f"case when left_out is not null then null when {' or '.join(self.suspects)} then case {branches} end end"
        parsed = f"select {', '.join(['*', *self.parsed])} from ({self.text.select})"
        judged = f"select *, {problem} as problem from (select *, {', '.join(self.typed)} from ({parsed}))"
        return settled(self.mapping.layout, judged, self.together)


@dataclass(frozen=True)
class Context:
    """What a reading depends on besides the profile."""

    time_zone: str
    currency: str
    reporting_currency: str
    channel: str


def reading(
    feed: str, mapping: FeedMap, text: Arranged, delivered: tuple[str, ...], context: Context, in_blocks: bool = False
) -> LayoutSql:
    """How rows under the header ``delivered``, arranged as ``text``, become rows of the feed.

    ``in_blocks``: the header stands between the rows once more, and an order that comes again behind it replaces what came before.
    """
    located = mapping.locate(delivered)
    header_again = _header_again(feed, delivered, located)
    problems = [*(Problem(*problem) for problem in text.problems), header_again]
    suspects = [problem.condition for problem in problems]
    typed: list[str] = []
    parsed = [f"{_left_out(mapping, text, header_again)} as left_out"]
    clean: list[str] = []
    for column in FEEDS[feed]:
        default = _default(column, feed, context)
        value = _value(column, feed, mapping, text, located, default, context)
        problems += value.problems
        suspects += value.suspects
        for name, part in (*value.parts, (column.name, value)):
            parsed += [f"{part.parsed} as p_{name}"] if part.parsed else []
        typed += [f"{part.sql} as v_{name}" for name, part in value.parts]
        typed.append(f"{set_by_rules(column.name, value.sql, mapping.rules, text.places)} as v_{column.name}")
        clean.append(f"{_filled_in(column, feed, default)} as {column.name}")
    if _has_lines(feed):
        of_lines = _problems_of_lines(feed, mapping, located)
        problems += of_lines
        suspects += [problem.condition for problem in of_lines]
    read = LayoutSql(text, mapping, tuple(parsed), tuple(typed), tuple(clean), tuple(problems), tuple(dict.fromkeys(suspects)))
    return _with_order_rows(replace(read, has_order_lines=True), feed, located, header_again, in_blocks) if _has_lines(feed) else read


def _value(
    column: Column, feed: str, mapping: FeedMap, text: Arranged, located: Mapping[str, str], default: str, context: Context
) -> Value:
    """How a canonical column is read, with a problem where it must not be empty."""
    if column.name not in located:
        return Value(_constant(column, mapping.origin(column.name), default, mapping))
    place = text.places[located[column.name].strip()]
    value = _judged(column, read(column, place, mapping.origin(column.name), mapping, context.time_zone, text.places), context)
    if not column.filled or column.name == "currency":
        return value
    counts = f" and {COUNTS}" if _may_be_empty(column, feed) else ""
    empty = Problem(f"v_{column.name} is null{counts}", "missing_value", column.name)
    return replace(value, problems=(*value.problems, empty), suspects=(*value.suspects, empty.condition))


def _filled_in(column: Column, feed: str, default: str) -> str:
    """SQL of a value that was read, with what stands in for an empty one."""
    if column.name == "customer_id" and may_be_of_guests(feed):
        default = guest_id("v_email", "v_phone")
    return f"v_{column.name}" if default == "null" else f"coalesce(v_{column.name}, {default})"


def _problems_of_lines(feed: str, mapping: FeedMap, located: Mapping[str, str]) -> list[Problem]:
    """What can be wrong with several values of an order line at once."""
    problems = [_negative_discount(mapping.layout)] if "discount_amount" in located else []
    if mapping.layout.prices == "per_piece":
        problems.append(TOO_LARGE)
    if mapping.layout.prices == "per_line":
        condition, *more = UNPRICED
        if _has(feed, "status"):
            condition = f"{condition} and {COUNTS}"
        problems.append(Problem(condition, *more))
    return problems


def _with_order_rows(read: LayoutSql, feed: str, located: Mapping[str, str], header_again: Problem, in_blocks: bool) -> LayoutSql:
    """The reading with what the rows of an order mean together, if they mean anything; and with the problems that come of it."""
    amounts = tuple(name for name in read.mapping.of_order if name in located)
    total = "total_amount" in located
    blocks = [sql for sql in (read.text.order_block, header_again_before(header_again.condition) if in_blocks else None) if sql]
    if not (amounts or total or blocks):
        return read
    first, layout = len(read.problems), read.mapping.layout
    together = OrderRows(
        amounts=amounts,
        problems={name: first + number for number, name in enumerate((*amounts, INCOMPLETE))},
        has_total=total,
        goods="v_unit_price" if layout.prices == "per_line" else GOODS,
        is_priced=f"({COUNTS} or v_unit_price is not null)" if _has(feed, "status") else "v_unit_price is not null",
        block=" + ".join(blocks) or None,
        is_header=f"coalesce({header_again.condition}, false)",
        sorted_by=_lines_sorted(feed, layout),
    )
    # No condition holds for them: they are found where the rows of an order are compared.
    disagreeing = [Problem("false", DISAGREE, name) for name in amounts]
    incomplete = Problem("false", INCOMPLETE, "")
    return replace(read, problems=(*read.problems, *disagreeing, incomplete), together=together)


def _lines_sorted(feed: str, layout: Layout) -> str:
    """SQL by which the lines of an order are sorted to find the one that brings its amounts: first of all one that counts itself."""
    by_place = "line, nth" if layout.packed else "line"
    return f"{COUNTS} desc, {by_place}" if _has(feed, "status") else by_place


def header_again_before(condition: str) -> str:
    """SQL: how often the header stood again up to a row of its file."""
    return f"count(case when {condition} then 1 end) over (partition by file_id order by line)"  # with a filter it is quadratic


def _has(feed: str, column: str) -> bool:
    return any(known.name == column for known in FEEDS[feed])


def _has_lines(feed: str) -> bool:
    """Whether rows of the feed are order lines."""
    return _has(feed, "unit_price")


def _may_be_empty(column: Column, feed: str) -> bool:
    return column.name in UNNEEDED and _has(feed, "status")


def _header_again(feed: str, delivered: tuple[str, ...], located: Mapping[str, str]) -> Problem:
    """The header once more; where another file was put behind the first, it may begin with a byte-order mark."""
    names = [(number, name) for number, name in enumerate(delivered) if name.strip()][:HEADER_COLUMNS]
    same = " and ".join(f"t{number} in ({quoted(name)}, {quoted(BYTE_ORDER_MARK + name)})" for number, name in names)
    return Problem(same or "false", "repeated_header", next((column.name for column in FEEDS[feed] if column.name in located), ""))


def _left_out(mapping: FeedMap, text: Arranged, header_again: Problem) -> str:
    rules = left_out(mapping.rules, text.places)
    return "cast(null as varchar)" if rules == "null" else f"case when {header_again.condition} then null else {rules} end"


def _constant(column: Column, origin: ColumnMap, default: str, mapping: FeedMap) -> str:
    """SQL value of a canonical column that the dump doesn't bring."""
    kinds = {"fee": mapping.fee_products, "adjustment": mapping.adjustment_products}
    if column.name == "line_kind" and any(kinds.values()):
        whens = (f"when v_product_id in ({', '.join(map(quoted, ids))}) then '{kind}'" for kind, ids in kinds.items() if ids)
        return f"case {' '.join(whens)} else 'product' end"
    return f"cast({quoted(origin.value) if origin.value else default} as {SQL_TYPES[column.kind]})"


def _judged(column: Column, value: Value, context: Context) -> Value:
    """The value with what only the warehouse can find wrong with it."""
    if not column.name.endswith("currency"):
        return value
    is_foreign = f"v_{column.name} <> {quoted(context.reporting_currency)}"
    known = ", ".join(quoted(code) for code in sorted(CURRENCIES | {context.reporting_currency}))
    unknown = Problem(f"v_{column.name} not in ({known})", "unknown_currency", column.name)
    return Value(f"upper({value.sql})", (*value.problems, unknown), (*value.suspects, is_foreign))


def _default(column: Column, feed: str, context: Context) -> str:
    """The SQL literal used for an empty value of a row that counts as read."""
    if column.name == "channel" and not column.choices:
        return quoted(context.channel)
    if column.name == "currency":
        return quoted(context.currency)
    return "0" if _may_be_empty(column, feed) else column.default or "null"
