"""The lists that a merchant has: the shipped ones, changed and added to, and of each whether it is valid and can be told.

A list that is not valid is left out alone: the others are built, and it is named with what is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

import polars as pl

from transforms.conditions import Codes, parse
from transforms.contact import CHANNELS, INTERNAL
from transforms.list_definitions import ALWAYS_READ, ListDefinition, Wording, columns_of, unexpected
from transforms.refusals import Refusal, unknown_column

_DAYS, _MOST_DAYS = "{days}", 3650
_REQUIRED = ("title", "purpose", "filter", "channel", "suggested_action", "reason")


@dataclass(frozen=True)
class BrokenList:
    """A list that is not valid and what is wrong with it. The rest as far as it can be read: for the manifest, which names every list."""

    name: str
    problem: Wording
    title: Wording
    purpose: Wording
    filter: str
    channel: str
    suggested_action: Wording


@dataclass(frozen=True)
class Offer:
    """The lists of a merchant. ``definitions``: those that are valid. ``broken``: the others by their names.

    ``lacking``: valid lists that name groups of another preset of RFM than the one in use, with these groups.
    """

    definitions: tuple[ListDefinition, ...]
    lacking: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: Mapping[str, BrokenList] = field(default_factory=dict)


def offer_of(shipped: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Offer:
    """Lists from name → fields as YAML gives them; ``overrides`` changes single fields, adds lists, or removes one (null).

    A list with a field that is unknown, missing or out of range is among the broken ones. Raises ``Refusal`` for an unknown list that is
    switched off: there is nothing to leave out, and the one that was meant would be published.
    """
    merged: dict[str, Any] = dict(shipped)
    for name, change in (overrides or {}).items():
        if change is None:
            if name not in shipped:
                raise Refusal(*_unknown(name, shipped, "it is switched off, and there is no such list", "它被关闭，但没有这份名单"), name)
            del merged[name]
        else:
            merged[name] = {**shipped.get(name, {}), **change} if isinstance(change, Mapping) else change
    definitions, broken = [], {}
    for name, given in merged.items():
        try:
            definitions.append(_definition(name, given))
        except Refusal as refusal:
            broken[name] = _broken(name, given, refusal)
    return Offer(tuple(definitions), broken=broken)


def _definition(name: str, given: Any) -> ListDefinition:
    try:
        if not isinstance(given, Mapping):
            raise Refusal(
                f"it is {given!r}, expected its fields, or null to switch it off", f"内容为 {given!r}，应为各字段，或用 null 关闭"
            )
        known = {field.name: field.type for field in fields(ListDefinition) if field.name != "name"}
        for key in given:
            if key not in known:
                raise Refusal(*_unknown(key, known, f"unknown field {key!r}", f"未知字段 {key!r}"))
        if missing := [key for key in _REQUIRED if key not in given]:
            raise Refusal(f"it lacks {', '.join(missing)}", f"缺少 {'、'.join(missing)}")
        values: dict[str, Any] = {key: _wording(key, value) if known[key] is Wording else value for key, value in given.items()}
        for key in ("order_by", "columns", "needs"):
            if key in values:
                values[key] = _texts(key, values[key])
        values["filter"] = _with_days(values["filter"], values.get("days"))
    except Refusal as refusal:
        raise refusal.of_list(name) from None
    return ListDefinition(name=name, **values)


def _with_days(condition: Any, days: Any) -> Any:
    """The filter with ``days`` in place of ``{days}``."""
    if days is not None and not (isinstance(days, int) and not isinstance(days, bool) and 1 <= days <= _MOST_DAYS):
        raise unexpected("days", days, f"1 to {_MOST_DAYS:,} days", f"1 到 {_MOST_DAYS:,} 天")
    if not isinstance(condition, str) or _DAYS not in condition:
        return condition
    if days is None:
        raise Refusal(f"its filter has {_DAYS} and it has no days; set days: 90", f"筛选条件中有 {_DAYS}，但未设置 days；请设置 days: 90")
    return condition.replace(_DAYS, str(days))


def _wording(field: str, value: Any) -> Wording:
    if isinstance(value, Mapping) and value.keys() == {"en", "zh"} and all(isinstance(text, str) for text in value.values()):
        return Wording(**value)
    raise unexpected(field, value, "a text in each of en and zh", "en 和 zh 各一段文本")


def _texts(field: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list | tuple) and all(isinstance(text, str) for text in values):
        return tuple(values)
    raise unexpected(field, value, "a name or several", "一个或多个名称")


def _broken(name: str, given: Any, refusal: Refusal) -> BrokenList:
    """What can be said of a list that is not valid, with its name for a title that can't be read."""
    given = given if isinstance(given, Mapping) else {}
    words = {"title": Wording(name, name), "purpose": Wording("", ""), "suggested_action": Wording("", "")}
    for key in words:
        try:
            words[key] = _wording(key, given.get(key))
        except Refusal:
            continue
    channel = given.get("channel")
    return BrokenList(
        name=name,
        problem=Wording(refusal.en, refusal.zh),
        filter=str(given.get("filter") or "?"),
        channel=channel if channel in (*CHANNELS, INTERNAL) else INTERNAL,
        **words,
    )


def broken_list(definition: ListDefinition, refusal: Refusal) -> BrokenList:
    """A list that turned out to be not valid."""
    known = {field.name: getattr(definition, field.name) for field in fields(BrokenList) if field.name != "problem"}
    return BrokenList(**known, problem=Wording(refusal.en, refusal.zh))


def sort_out(offer: Offer, customer_360: pl.Schema, codes: Mapping[str, Codes], time_zone: str = "UTC") -> Offer:
    """The lists held against the columns there are: some turn out to be broken, and some to be made for another preset of RFM.

    ``codes``: as ``conditions.codes_of`` has them.
    """
    if missing := [column for column in ALWAYS_READ if column not in customer_360]:
        raise ValueError(f"customer_360 lacks {', '.join(missing)}, which every list needs")
    kept, lacking, broken = [], dict[str, tuple[str, ...]](), dict(offer.broken)
    for definition in offer.definitions:
        try:
            lacks = _lacks(definition, customer_360, codes, time_zone)
        except Refusal as refusal:
            broken[definition.name] = broken_list(definition, refusal)
            continue
        kept.append(definition)
        if lacks:
            lacking[definition.name] = lacks
    return Offer(tuple(kept), lacking, broken)


def load_definitions(shipped: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> tuple[ListDefinition, ...]:
    """The same for who wants all or none: raises ``Refusal`` for the first broken list."""
    return _whole(offer_of(shipped, overrides)).definitions


def check(definitions: Iterable[ListDefinition], customer_360: pl.Schema, codes: Mapping[str, Codes] | None = None) -> None:
    """Raises ``Refusal`` for the first list that doesn't fit the columns."""
    _whole(sort_out(Offer(tuple(definitions)), customer_360, codes or {}))


def _whole(offer: Offer) -> Offer:
    for name, broken in offer.broken.items():
        raise Refusal(broken.problem.en, broken.problem.zh, name)
    return offer


def _lacks(definition: ListDefinition, customer_360: pl.Schema, codes: Mapping[str, Codes], time_zone: str) -> tuple[str, ...]:
    """Values it names that only another preset of RFM has. A column that is not there yet has to be among what the list needs."""
    read = columns_of(definition)
    for column in read:
        if column not in customer_360 and column not in definition.needs:
            raise unknown_column(column, customer_360)
    if not all(column in customer_360 for column in read):
        return ()
    return parse(definition.filter).meaning(customer_360, time_zone, codes).lacks


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


def _unknown(name: Any, known: Iterable[str], en: str, zh: str) -> tuple[str, str]:
    """A complaint in both languages with the nearest name and all known ones."""
    near, all_known = get_close_matches(str(name), known := list(known), n=1), ", ".join(sorted(known))
    hint_en, hint_zh = (f" Did you mean {near[0]!r}?", f"是否指 {near[0]!r}？") if near else ("", "")
    return f"{en}.{hint_en} Known: {all_known}", f"{zh}。{hint_zh}已知：{all_known}"
