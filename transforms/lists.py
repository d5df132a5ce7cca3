"""Marketing lists: who is on them, who of those is written to, and why, in the words a marketer would use.

A list is configuration: a condition on a row of ``customer_360`` and what to do with those it chooses. The condition is SQL, but only as
much of it as looks at one row and nothing else: no other table, no other row, no clock.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from difflib import get_close_matches
from string import Formatter
from typing import Any, TypeVar

import polars as pl

from transforms import schemas
from transforms.contact import CHANNELS, ContactRules, check_holdout_share, holdout, last_touches, suppression
from transforms.rfm_presets import GROUP_NAMES_ZH

T = TypeVar("T")

ALWAYS_READ = ("customer_id", "has_open_complaint", "last_complaint_at")
"""Columns of ``customer_360`` that every list needs, whatever its filter."""

_ROW_NODES = {"Column", "Literal", "BinaryExpr", "Cast", "Ternary", "Function"}
_ROW_FUNCTIONS = {"Boolean", "Sql", "StringExpr", "TemporalExpr", "Coalesce", "FillNull", "MaxHorizontal", "MinHorizontal"}
_ROW_FUNCTIONS |= {"Abs", "Round", "Floor", "Ceil", "Pow", "Log", "Exp", "Negate"}
_OVER_ROWS = {"Any", "All", "ConcatVertical", "IsFirstDistinct", "IsLastDistinct", "IsUnique", "IsDuplicated"}
_CLOCK = re.compile(r"\b(now|today|current_date|current_time|current_timestamp|localtime|localtimestamp)\b", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_RESERVED_NAMES = {"customers", "manifest"}
_ORDER = re.compile(r"(\w+)(?:\s+(asc|desc))?", re.IGNORECASE)


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
    """``email``, ``sms``, ``wechat`` or ``phone``."""
    suggested_action: Wording
    reason: Wording
    """Template per row: ``{column}`` in words; in English ``{column:day}`` counts: 1 day, 9 days."""
    order_by: tuple[str, ...] = ("net_amount desc",)
    """Columns, each with an optional ``asc`` or ``desc``; nulls last, ties by customer id."""
    size_limit: int | None = None
    """At most so many are written to: the list is walked in its order and ends with the last of them."""
    holdout_share: float | None = None
    """0 to 0.5; default: that of the contact rules."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in _RESERVED_NAMES:
            allowed = f"lower case letters, digits and underscores, at most 50, and not {_or(_RESERVED_NAMES)}"
            raise ValueError(f"List {self.name!r}: a name is {allowed}")
        if self.channel not in CHANNELS:
            raise ValueError(f"List {self.name!r}: channel = {self.channel!r}, expected {_or(CHANNELS)}")
        if not isinstance(self.filter, str) or not self.filter.strip():
            raise ValueError(f"List {self.name!r}: the filter is empty, expected a SQL condition on a row of customer_360")
        if self.size_limit is not None and not (isinstance(self.size_limit, int) and self.size_limit >= 1):
            raise ValueError(f"List {self.name!r}: size_limit = {self.size_limit!r}, expected 1 or more, or none")
        if self.holdout_share is not None:
            _naming(self.name, check_holdout_share, self.holdout_share)
        if wrong := [term for term in self.order_by if not _ORDER.fullmatch(term)]:
            raise ValueError(f"List {self.name!r}: order_by = {wrong[0]!r}, expected a column name with an optional asc or desc")


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
            _known(name, shipped, f"List {name!r} is switched off")
            merged.pop(name, None)
        else:
            raise ValueError(f"List {name!r} is {change!r}, expected its fields, or null to switch it off")
    return tuple(_definition(name, given) for name, given in merged.items())


def _definition(name: str, given: Mapping[str, Any]) -> ListDefinition:
    known = {field.name: field.type for field in fields(ListDefinition) if field.name != "name"}
    for key in given:
        _known(key, known, f"List {name!r}: unknown field {key!r}")
    if missing := [key for key in ("title", "purpose", "filter", "channel", "suggested_action", "reason") if key not in given]:
        raise ValueError(f"List {name!r} lacks {', '.join(missing)}")
    values: dict[str, Any] = {key: _wording(name, key, value) if known[key] is Wording else value for key, value in given.items()}
    if "order_by" in values:
        values["order_by"] = (values["order_by"],) if isinstance(values["order_by"], str) else tuple(values["order_by"])
    return ListDefinition(name=name, **values)


def _wording(name: str, field: str, value: Any) -> Wording:
    if isinstance(value, Mapping) and value.keys() == {"en", "zh"} and all(isinstance(text, str) for text in value.values()):
        return Wording(**value)
    raise ValueError(f"List {name!r}: {field} = {value!r}, expected a text in each of en and zh")


def check(definitions: Iterable[ListDefinition], customer_360: pl.Schema) -> None:
    """Raises ``ValueError`` for a filter, order or reason with an unknown column, and for a filter that is not a condition on one row."""
    for column in ALWAYS_READ:
        _known(column, customer_360, f"customer_360 lacks {column!r}, which every list needs")
    for definition in definitions:
        name = definition.name
        for column in _naming(name, _columns, definition):
            _known(column, customer_360, f"List {name!r}: no column {column!r} in customer_360")
        _check_type(definition, customer_360)


def build(
    customers: pl.LazyFrame,
    contacts: pl.LazyFrame,
    touches: pl.LazyFrame,
    definitions: Sequence[ListDefinition],
    rules: ContactRules,
    as_of: date,
    erased: pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """Members of all lists, each sent to or suppressed for one reason; lists in the order given, members in the order of their list.

    ``customers``: ``customer_360``. ``contacts``: one row per customer at most (customer_id, email, phone, ``<channel>_consent`` booleans,
    null = not on record); without a row there is no address. ``touches``: one row per past contact (customer_id, channel, contacted_at).
    ``erased``: customer_id of those who asked to be forgotten.
    Returns ``schemas.LIST_MEMBERS``. Raises ``ValueError`` as ``check`` does, and for a list whose condition fails on the data.
    """
    schema = customers.collect_schema()
    check(definitions, schema)
    needed = {*ALWAYS_READ, *(column for definition in definitions for column in _columns(definition))}
    address_book = contacts.select("customer_id", **{f"contact_{column}": column for column in _contact_columns()})
    erased = pl.LazyFrame(schema={"customer_id": pl.String}) if erased is None else erased
    base = (
        customers.select(column for column in schema if column in needed)
        .join(address_book, on="customer_id", how="left", validate="1:1")
        .join(last_touches(touches, rules, as_of), on="customer_id", how="left")
        .join(erased.select("customer_id", is_erased=pl.lit(True)).unique(), on="customer_id", how="left")
        .with_columns(pl.col("is_erased").fill_null(False))
        .collect(engine="streaming")
    )
    members = [_naming(definition.name, _members, base, definition, rules, as_of) for definition in definitions]
    return pl.concat([schemas.LIST_MEMBERS.to_frame(), *members])


def _members(base: pl.DataFrame, definition: ListDefinition, rules: ContactRules, as_of: date) -> pl.DataFrame:
    terms = [_order_term(term) for term in definition.order_by]
    candidates = base.lazy().filter(_condition(definition.filter))
    candidates = candidates.sort(
        *(column for column, _ in terms), "customer_id", descending=[*(is_descending for _, is_descending in terms), False], nulls_last=True
    )
    chosen = candidates.select(
        "customer_id",
        reason=_sentence(definition.reason.en, "en", base.schema),
        reason_zh=_sentence(definition.reason.zh, "zh", base.schema),
        list_name=pl.lit(definition.name),
        as_of_date=pl.lit(as_of),
        channel=pl.lit(definition.channel),
        status=suppression(definition.channel, rules, as_of),
    ).collect()
    share = rules.holdout_share if definition.holdout_share is None else definition.holdout_share
    sendable = chosen.filter(pl.col("status") == "send").select("customer_id")
    drawn = sendable.with_columns(holdout(sendable["customer_id"], definition.name, share, rules)).drop_nulls()
    marked = chosen.join(drawn, on="customer_id", how="left", maintain_order="left").with_columns(
        status=pl.when(pl.col("holdout").is_null()).then("status").otherwise(pl.lit("holdout"))
    )
    if definition.size_limit is not None:
        is_sent = (pl.col("status") == "send").cast(pl.Int64)
        marked = marked.filter(is_sent.cum_sum() - is_sent < definition.size_limit)
    return marked.select(schemas.LIST_MEMBERS.names()).match_to_schema(schemas.LIST_MEMBERS)


def _contact_columns() -> tuple[str, ...]:
    return ("email", "phone", *(f"{channel}_consent" for channel in CHANNELS))


def _columns(definition: ListDefinition) -> list[str]:
    """Columns of ``customer_360`` that a definition reads, in the order it names them."""
    read = [*_condition(definition.filter).meta.root_names(), *(_order_term(term)[0] for term in definition.order_by)]
    for template in (definition.reason.en, definition.reason.zh):
        read += [column for _, column, _, _ in Formatter().parse(template) if column is not None]
    return list(dict.fromkeys(read))


def _order_term(term: str) -> tuple[str, bool]:
    column, *direction = term.split()
    return column, direction[:1] in (["desc"], ["DESC"])


def _condition(sql: str) -> pl.Expr:
    """The condition as an expression; ``ValueError`` for anything but a condition on one row."""
    if found := _CLOCK.search(_QUOTED.sub("", sql)):
        raise ValueError(f"the filter reads the clock ({found[0]}); use as_of_date, the day the run is for")
    try:
        condition = pl.sql_expr(sql)
        is_of_one_row = looks_at_one_row(condition)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"the filter is not a SQL condition: {str(error).splitlines()[0]}. Filter: {sql}") from None
    if not is_of_one_row:
        raise ValueError(f"the filter looks beyond one row of customer_360 (an aggregate, a window, a subquery or an alias). Filter: {sql}")
    return condition


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
        dtype = pl.LazyFrame(schema=customer_360).select(_condition(sql)).collect().dtypes[0]
    except pl.exceptions.PolarsError as error:
        problem = str(error).splitlines()[0]
        raise ValueError(f"List {definition.name!r}: the filter does not fit customer_360: {problem}. Filter: {sql}") from None
    if dtype != pl.Boolean:
        raise ValueError(f"List {definition.name!r}: the filter gives {dtype}, expected true or false. Filter: {sql}")


def _sentence(template: str, language: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """A reason per row: the template with each ``{column}`` in words."""
    parts: list[pl.Expr] = []
    for text, column, unit, _ in Formatter().parse(template):
        parts.append(pl.lit(text))
        if column is not None:
            parts.append(_in_words(column, schema[column], unit if language == "en" else "", language))
    return pl.concat_str(parts)


def _in_words(column: str, dtype: pl.DataType, unit: str | None, language: str) -> pl.Expr:
    value = pl.col(column)
    if dtype.is_decimal():
        words = value.round(2, mode="half_away_from_zero").cast(pl.Decimal(38, 2)).cast(pl.String)
    elif dtype.is_float():
        words = value.round(1, mode="half_away_from_zero").cast(pl.String)
    elif dtype.is_temporal():
        words = value.dt.strftime("%Y-%m-%d")
    elif dtype == pl.String:
        words = value.str.replace_all("_", " ", literal=True) if language == "en" else value.replace(GROUP_NAMES_ZH)
    else:
        words = value.cast(pl.String)
    if unit:
        words = words + pl.when(value == 1).then(pl.lit(f" {unit}")).otherwise(pl.lit(f" {unit}s"))
    return words.fill_null("unknown" if language == "en" else "未知")


def _naming(name: str, act: Callable[..., T], *arguments: Any) -> T:
    """Calls ``act``; what it objects to is raised as a ``ValueError`` that names the list."""
    try:
        return act(*arguments)
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"List {name!r}: {str(error).splitlines()[0]}") from error


def _known(name: str, known: Iterable[str], complaint: str) -> None:
    if name not in (known := list(known)):
        near = get_close_matches(name, known, n=1)
        raise ValueError(f"{complaint}." + (f" Did you mean {near[0]!r}?" if near else "") + f" Known: {', '.join(sorted(known))}")


def _or(names: Iterable[str]) -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} or {last}"
