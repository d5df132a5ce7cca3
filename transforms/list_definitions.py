"""What a marketing list is: configuration, checked before anything is built of it.

A list is a condition on a row of ``customer_360`` and what to do with those it chooses. The condition is SQL, but only as much of it as
looks at one row and nothing else: no other table, no other row, no clock.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from string import Formatter
from typing import Any, TypeVar

import polars as pl

from transforms.contact import CHANNELS, INTERNAL, check_holdout_share

T = TypeVar("T")

ALWAYS_READ = ("customer_id", "has_open_complaint", "last_complaint_at")
"""Columns of ``customer_360`` that every list needs, whatever its filter."""
STANDARD_COLUMNS = ("customer_id", "name", "email", "phone", "reason", "suggested_action")
"""What a list's file may hold of itself; of the personal ones only the name and the address of the channel."""

_ROW_NODES = {"Column", "Literal", "BinaryExpr", "Cast", "Ternary", "Function"}
_ROW_FUNCTIONS = {"Boolean", "Sql", "StringExpr", "TemporalExpr", "Coalesce", "FillNull", "MaxHorizontal", "MinHorizontal"}
_ROW_FUNCTIONS |= {"Abs", "Round", "Floor", "Ceil", "Pow", "Log", "Exp", "Negate"}
_OVER_ROWS = {"Any", "All", "ConcatVertical", "IsFirstDistinct", "IsLastDistinct", "IsUnique", "IsDuplicated"}
_CLOCK = re.compile(r"\b(now|today|current_date|current_time|current_timestamp|localtime|localtimestamp)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_RESERVED_NAMES = {"customers", "manifest"}
_ORDER = re.compile(r"(\w+)(?:\s+(asc|desc))?", re.IGNORECASE)
_MOST_DAYS = 730


@dataclass(frozen=True)
class Wording:
    """The same text in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class ListDefinition:
    """One marketing list. Raises ``ValueError`` naming the list, the field, its value and what is allowed."""

    name: str
    """Names the files: lower case, digits and underscores."""
    title: Wording
    purpose: Wording
    filter: str
    """SQL condition on one row of ``customer_360``. A row for which it is unknown (null) is not chosen."""
    channel: str
    """``email``, ``sms``, ``wechat`` or ``phone``; ``none`` for an internal list, by which nobody is contacted."""
    suggested_action: Wording
    reason: Wording
    """Template per row: ``{column}`` in words; in English ``{column:day}`` counts: 1 day, 9 days."""
    order_by: tuple[str, ...] = ("net_amount desc",)
    """Columns, each with an optional ``asc`` or ``desc``; nulls last, ties by customer id."""
    size_limit: int | None = None
    """At most so many are written to: the list is walked in its order and ends with the last of them."""
    holdout_share: float | None = None
    """0 to 0.5; default: that of the contact rules. An internal list holds nobody out."""
    columns: tuple[str, ...] = ()
    """Columns of ``customer_360`` that stand in the list's files beside the standard ones."""
    cool_down_days: int = 0
    """Who was on this list, or was written to for it, is not on it again for so many days, 0 to 730."""
    needs: tuple[str, ...] = ()
    """Columns of ``customer_360`` and feeds without which the list says nothing. While one is not there, the list is not available."""
    priority: int = 50
    """1 to 100. Who is on several lists of a run gets the one of the smallest number; of equal ones the first."""
    offers_price: bool = False
    """Whether those on it are offered another price than others. The manifest then says by which columns the price varies."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in _RESERVED_NAMES:
            allowed = f"lower case letters, digits and underscores, at most 50, and not {_or(_RESERVED_NAMES)}"
            raise ValueError(f"List {self.name!r}: a name is {allowed}")
        if self.channel not in (*CHANNELS, INTERNAL):
            raise ValueError(f"List {self.name!r}: channel = {self.channel!r}, expected {_or((*CHANNELS, INTERNAL))}")
        if not isinstance(self.filter, str) or not self.filter.strip():
            raise ValueError(f"List {self.name!r}: the filter is empty, expected a SQL condition on a row of customer_360")
        if self.size_limit is not None and not _is_whole(self.size_limit, 1, None):
            raise ValueError(f"List {self.name!r}: size_limit = {self.size_limit!r}, expected 1 or more, or none")
        if self.holdout_share is not None:
            naming(self.name, check_holdout_share, self.holdout_share)
        if wrong := [term for term in self.order_by if not _ORDER.fullmatch(term)]:
            raise ValueError(f"List {self.name!r}: order_by = {wrong[0]!r}, expected a column name with an optional asc or desc")
        if not _is_whole(self.cool_down_days, 0, _MOST_DAYS):
            raise ValueError(f"List {self.name!r}: cool_down_days = {self.cool_down_days!r}, expected 0 to {_MOST_DAYS} days")
        if not _is_whole(self.priority, 1, 100):
            raise ValueError(f"List {self.name!r}: priority = {self.priority!r}, expected 1 (first) to 100")
        if not isinstance(self.offers_price, bool):
            raise ValueError(f"List {self.name!r}: offers_price = {self.offers_price!r}, expected true or false")
        if there := [column for column in self.columns if column in STANDARD_COLUMNS or self.columns.count(column) > 1]:
            given = "name and the address of its channel are given as the channel asks for them; name each column once"
            raise ValueError(
                f"List {self.name!r}: columns = {there[0]!r}, expected columns of customer_360 beside the standard ones: {given}"
            )

    @property
    def is_internal(self) -> bool:
        """Whether nobody is contacted by it: no consent is asked for, nobody is held out, it is nobody's campaign."""
        return self.channel == INTERNAL

    @property
    def traits(self) -> tuple[str, ...]:
        """Columns by which the list chooses people: those of its filter and, where its size is limited, of its order."""
        read = condition(self.filter).meta.root_names()
        read += [order_term(term)[0] for term in self.order_by] if self.size_limit is not None else []
        return tuple(dict.fromkeys(read))

    @property
    def price_varies_by(self) -> tuple[str, ...]:
        """Columns by which the price differs between customers; none for a list without a price offer."""
        return self.traits if self.offers_price else ()


def general(definition: ListDefinition) -> ListDefinition:
    """The same message without a look at the person (PIPL, article 24): everybody who may be written to on its channel, in order of id.

    Raises ``ValueError`` for an internal list, which has no message.
    """
    if definition.is_internal:
        raise ValueError(f"List {definition.name!r} is internal: it has no message, and so no general form")
    return ListDefinition(
        name=definition.name,
        title=Wording(f"{definition.title.en} (general)", f"{definition.title.zh}（通用）"),
        purpose=definition.purpose,
        filter="true",
        channel=definition.channel,
        suggested_action=definition.suggested_action,
        reason=Wording("Agreed to messages on this channel; not chosen by personal traits", "已同意接收该渠道消息；未依据个人特征筛选"),
        order_by=("customer_id",),
        holdout_share=definition.holdout_share,  # drawn by the list's name: who is held out of the one form is not sent the other
        priority=definition.priority,
    )


def load_definitions(shipped: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> tuple[ListDefinition, ...]:
    """Definitions from name → fields as YAML gives them; ``overrides`` changes single fields, adds lists, or removes one (null).

    Raises ``ValueError`` for a field that is unknown, missing or out of range.
    """
    overrides = overrides or {}
    merged = dict(shipped)
    for name, change in overrides.items():
        if isinstance(change, Mapping):
            merged[name] = {**shipped.get(name, {}), **change}
        elif change is None:
            known_or_raise(name, shipped, f"List {name!r} is switched off")
            merged.pop(name, None)
        else:
            raise ValueError(f"List {name!r} is {change!r}, expected its fields, or null to switch it off")
    return tuple(_definition(name, given) for name, given in merged.items())


def _definition(name: str, given: Mapping[str, Any]) -> ListDefinition:
    known = {field.name: field.type for field in fields(ListDefinition) if field.name != "name"}
    for key in given:
        known_or_raise(key, known, f"List {name!r}: unknown field {key!r}")
    if missing := [key for key in ("title", "purpose", "filter", "channel", "suggested_action", "reason") if key not in given]:
        raise ValueError(f"List {name!r} lacks {', '.join(missing)}")
    values: dict[str, Any] = {key: _wording(name, key, value) if known[key] is Wording else value for key, value in given.items()}
    for key in ("order_by", "columns", "needs"):
        if key in values:
            values[key] = _texts(name, key, values[key])
    return ListDefinition(name=name, **values)


def _wording(name: str, field: str, value: Any) -> Wording:
    if isinstance(value, Mapping) and value.keys() == {"en", "zh"} and all(isinstance(text, str) for text in value.values()):
        return Wording(**value)
    raise ValueError(f"List {name!r}: {field} = {value!r}, expected a text in each of en and zh")


def _texts(name: str, field: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list | tuple) and all(isinstance(text, str) for text in values):
        return tuple(values)
    raise ValueError(f"List {name!r}: {field} = {value!r}, expected a name or several")


def check(definitions: Iterable[ListDefinition], customer_360: pl.Schema) -> None:
    """Raises ``ValueError`` for a column that is unknown and not among ``needs``, and for a filter that is not a condition on one row."""
    for column in ALWAYS_READ:
        known_or_raise(column, customer_360, f"customer_360 lacks {column!r}, which every list needs")
    for definition in definitions:
        name = definition.name
        read = naming(name, columns_of, definition)
        for column in read:
            if column not in definition.needs:
                known_or_raise(column, customer_360, f"List {name!r}: no column {column!r} in customer_360")
        if all(column in customer_360 for column in read):
            _check_type(definition, customer_360)


def unavailable(definitions: Iterable[ListDefinition], customers: pl.LazyFrame, feeds: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Lists that can't be told → what they need and is not there. ``customers``: ``customer_360``; ``feeds``: those ever delivered.

    A column that says nothing of any customer counts as not there.
    """
    definitions, schema, delivered = tuple(definitions), customers.collect_schema(), set(feeds)
    named = {need for definition in definitions for need in definition.needs if need in schema}
    filled = customers.select(pl.col(sorted(named)).is_not_null().any()).collect().row(0, named=True) if named else {}
    there = delivered | {column for column, is_filled in filled.items() if is_filled}
    lacking = {definition.name: tuple(need for need in definition.needs if need not in there) for definition in definitions}
    return {name: needs for name, needs in lacking.items() if needs}


def columns_of(definition: ListDefinition) -> list[str]:
    """Columns of ``customer_360`` that a definition reads, in the order it names them."""
    read = [*condition(definition.filter).meta.root_names(), *(order_term(term)[0] for term in definition.order_by)]
    for template in (definition.reason.en, definition.reason.zh):
        read += [column for _, column, _, _ in Formatter().parse(template) if column is not None]
    return list(dict.fromkeys([*read, *definition.columns]))


def order_term(term: str) -> tuple[str, bool]:
    """Column of an ``order_by``, and whether it is descending."""
    column, *direction = term.split()
    return column, direction[:1] in (["desc"], ["DESC"])


def condition(sql: str) -> pl.Expr:
    """The condition as an expression; ``ValueError`` for anything but a condition on one row."""
    if found := _CLOCK.search(_QUOTED.sub("", sql)):
        raise ValueError(f"the filter reads the clock ({found[0]}); use as_of_date, the day the run is for")
    try:
        expression = pl.sql_expr(sql)
        is_of_one_row = looks_at_one_row(expression)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"the filter is not a SQL condition: {str(error).splitlines()[0]}. Filter: {sql}") from None
    if not is_of_one_row:
        raise ValueError(f"the filter looks beyond one row of customer_360 (an aggregate, a window, a subquery or an alias). Filter: {sql}")
    return expression


def looks_at_one_row(expression: pl.Expr) -> bool:
    """Whether an expression's value for a row depends on that row alone.

    Decided by an allow-list over its parsed tree, so what is not known is refused; Polars' ``meta.is_row_separable`` says yes to windows.
    """
    return _is_of_one_row(json.loads(expression.meta.serialize(format="json")))


def _is_of_one_row(node: Any) -> bool:
    if not isinstance(node, dict) or len(node) != 1:
        return False
    (kind, body), *_ = node.items()
    if kind not in _ROW_NODES:
        return False
    if kind in ("Column", "Literal"):
        return True
    if kind == "Function":
        function = body["function"]
        family, *_ = function if isinstance(function, dict) else (function,)
        detail = function.get(family) if isinstance(function, dict) else None
        which = next(iter(detail)) if isinstance(detail, dict) else detail
        return family in _ROW_FUNCTIONS and which not in _OVER_ROWS and all(_is_of_one_row(part) for part in body["input"])
    return all(_is_of_one_row(body[part]) for part in ("left", "right", "expr", "predicate", "truthy", "falsy") if part in body)


def _check_type(definition: ListDefinition, customer_360: pl.Schema) -> None:
    sql = definition.filter
    try:
        dtype = pl.LazyFrame(schema=customer_360).select(condition(sql)).collect().dtypes[0]
    except pl.exceptions.PolarsError as error:
        problem = str(error).splitlines()[0]
        raise ValueError(f"List {definition.name!r}: the filter does not fit customer_360: {problem}. Filter: {sql}") from None
    if dtype != pl.Boolean:
        raise ValueError(f"List {definition.name!r}: the filter gives {dtype}, expected true or false. Filter: {sql}")


def naming(name: str, act: Callable[..., T], *arguments: Any) -> T:
    """Calls ``act``; what it objects to is raised as a ``ValueError`` that names the list."""
    try:
        return act(*arguments)
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"List {name!r}: {str(error).splitlines()[0]}") from error


def known_or_raise(name: str, known: Iterable[str], complaint: str) -> None:
    """Raises ``ValueError`` with the complaint, the nearest name and all known ones."""
    if name not in (known := list(known)):
        near = get_close_matches(name, known, n=1)
        raise ValueError(f"{complaint}." + (f" Did you mean {near[0]!r}?" if near else "") + f" Known: {', '.join(sorted(known))}")


def _or(names: Iterable[str]) -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} or {last}"


def _is_whole(value: Any, low: int, high: int | None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low and (high is None or value <= high)
