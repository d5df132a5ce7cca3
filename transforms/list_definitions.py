"""What a marketing list is: configuration, checked before anything is built of it.

A list is a condition on a row of ``customer_360`` (``conditions``) and what to do with those it chooses.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any

from transforms.conditions import parse
from transforms.contact import CHANNELS, INTERNAL, check_holdout_share
from transforms.refusals import Refusal

ALWAYS_READ = ("customer_id", "has_open_complaint", "last_complaint_at")
"""Columns of ``customer_360`` that every list needs, whatever its filter."""
STANDARD_COLUMNS = ("customer_id", "name", "email", "phone", "reason", "suggested_action")
"""What a list's file may hold of itself; of the personal ones only the name and the address of the channel."""

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
    """One marketing list. Raises ``Refusal`` naming the list, the field, its value and what is allowed."""

    name: str
    """Names the files: lower case, digits and underscores."""
    title: Wording
    purpose: Wording
    filter: str
    """SQL condition on one row of ``customer_360``. A row for which it is unknown (null) is not chosen. In configuration ``{days}`` in it
    stands for ``days``."""
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
    days: int | None = None
    """How many days the list looks at, such as those since a review, 1 to 3,650: what ``{days}`` in its filter stands for."""
    offers_price: bool = False
    """Whether those on it are offered another price than others. The manifest then says by which columns the price varies."""

    def __post_init__(self) -> None:
        try:
            self._check()
        except Refusal as refusal:
            raise refusal.of_list(self.name) from None

    def _check(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in _RESERVED_NAMES:
            raise Refusal(
                f"a name is lower case letters, digits and underscores, at most 50, and not {_or(_RESERVED_NAMES)}",
                f"名称须为小写字母、数字和下划线，最多 50 个字符，且不能是 {_or(_RESERVED_NAMES, '或')}",
            )
        if self.channel not in (*CHANNELS, INTERNAL):
            raise unexpected("channel", self.channel, _or((*CHANNELS, INTERNAL)), _or((*CHANNELS, INTERNAL), "或"))
        if not isinstance(self.filter, str):
            raise unexpected("filter", self.filter, "a SQL condition as a text: put it in quotes", "文本形式的 SQL 条件：请加引号")
        if not self.filter.strip():
            raise Refusal(
                "the filter is empty, expected a SQL condition on a row of customer_360",
                "筛选条件为空，应为 customer_360 单行上的 SQL 条件",
            )
        parse(self.filter)
        for text in (self.reason.en, self.reason.zh):
            try:
                list(Formatter().parse(text))
            except ValueError as error:
                raise unexpected("reason", text, f"each {{column}} in braces ({error})", f"花括号中的 {{列名}}（{error}）") from None
        if self.size_limit is not None and not _is_whole(self.size_limit, 1, None):
            raise unexpected("size_limit", self.size_limit, "1 or more, or none", "1 或更大，或不设")
        if self.holdout_share is not None:
            try:
                check_holdout_share(self.holdout_share)
            except ValueError as error:
                raise Refusal(str(error), f"holdout_share = {self.holdout_share!r}，应为 0 到 0.5") from None
        if wrong := [term for term in self.order_by if not _ORDER.fullmatch(term)]:
            raise unexpected("order_by", wrong[0], "a column name with an optional asc or desc", "列名，后面可加 asc 或 desc")
        if not _is_whole(self.cool_down_days, 0, _MOST_DAYS):
            raise unexpected("cool_down_days", self.cool_down_days, f"0 to {_MOST_DAYS} days", f"0 到 {_MOST_DAYS} 天")
        if not _is_whole(self.priority, 1, 100):
            raise unexpected("priority", self.priority, "1 (first) to 100", "1（最先）到 100")
        if not isinstance(self.offers_price, bool):
            raise unexpected("offers_price", self.offers_price, "true or false", "true 或 false")
        if there := [column for column in self.columns if column in STANDARD_COLUMNS or self.columns.count(column) > 1]:
            given = "name and the address of its channel are given as the channel asks for them; name each column once"
            raise unexpected(
                "columns",
                there[0],
                f"columns of customer_360 beside the standard ones: {given}",
                "标准列以外的 customer_360 列：姓名和联系方式按渠道自动给出；每列只写一次",
            )

    @property
    def is_internal(self) -> bool:
        """Whether nobody is contacted by it: no consent is asked for, nobody is held out, it is nobody's campaign."""
        return self.channel == INTERNAL

    @property
    def traits(self) -> tuple[str, ...]:
        """Columns by which the list chooses people: those of its filter and, where its size is limited, of its order."""
        ordered_by = [order_term(term)[0] for term in self.order_by] if self.size_limit is not None else []
        return tuple(dict.fromkeys([*parse(self.filter).columns, *ordered_by]))

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


def columns_of(definition: ListDefinition) -> list[str]:
    """Columns of ``customer_360`` that a definition reads, in the order it names them."""
    read = [*parse(definition.filter).columns, *(order_term(term)[0] for term in definition.order_by)]
    for template in (definition.reason.en, definition.reason.zh):
        read += [column for _, column, _, _ in Formatter().parse(template) if column is not None]
    return list(dict.fromkeys([*read, *definition.columns]))


def order_term(term: str) -> tuple[str, bool]:
    """Column of an ``order_by``, and whether it is descending."""
    column, *direction = term.split()
    return column, direction[:1] in (["desc"], ["DESC"])


def unexpected(field: str, value: Any, expected_en: str, expected_zh: str) -> Refusal:
    """A field whose value is none that it may have."""
    return Refusal(f"{field} = {value!r}, expected {expected_en}", f"{field} = {value!r}，应为{expected_zh}")


def _or(names: Iterable[str], joint: str = "or") -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} {joint} {last}"


def _is_whole(value: Any, low: int, high: int | None) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low and (high is None or value <= high)
