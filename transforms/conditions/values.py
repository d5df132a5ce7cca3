"""Parts of a condition with their types: what may be compared or added, as Polars expressions that mean what SQL means.

Whole numbers and decimals are exact: they are added, multiplied and compared in decimals wide enough for the result, never in floating
point, and never so wide that they could overflow. A division is in floating point; one by zero is unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from math import ceil
from typing import Any

import polars as pl

from transforms.conditions.codes import Codes
from transforms.refusals import Refusal, shortened

WIDEST = 38
"""Digits of the widest decimal."""


class Kind(Enum):
    """What a part is."""

    BOOLEAN = "boolean"
    TEXT = "text"
    EXACT = "exact number"
    FLOAT = "floating point"
    DATE = "date"
    MOMENT = "moment"
    NULL = "null"
    OTHER = "other"

    @property
    def en(self) -> str:
        """What it is called in English."""
        return _WORDS[self][0]

    @property
    def zh(self) -> str:
        """What it is called in Chinese."""
        return _WORDS[self][1]


_WORDS = {
    Kind.BOOLEAN: ("true or false", "真假值"),
    Kind.TEXT: ("a text", "文本"),
    Kind.EXACT: ("a number", "数字"),
    Kind.FLOAT: ("a number", "数字"),
    Kind.DATE: ("a date", "日期"),
    Kind.MOMENT: ("a date with a time", "日期时间"),
    Kind.NULL: ("null", "空值"),
    Kind.OTHER: ("of a type that a filter can't read", "筛选条件无法读取的类型"),
}
NUMBERS, DAYS = (Kind.EXACT, Kind.FLOAT), (Kind.DATE, Kind.MOMENT)


@dataclass(frozen=True)
class Value:
    """A part of a condition. ``text``: as SQL, for messages. ``literal``: what it is, of a number, text or date that is written out.

    Of an exact number ``most`` says how far from zero it can be, ``scale`` how many digits it has behind the point, and ``is_decimal``
    whether the expression is a decimal, not an integer. ``codes``: of a text that is one of a set.
    """

    expression: pl.Expr
    kind: Kind
    text: str
    most: int = 0
    scale: int = 0
    is_decimal: bool = False
    literal: Any = None
    codes: Codes | None = None


# ── What the text says ──────────────────────────────────────────────────────────────────────────────────────────────


def column(name: str, dtype: pl.DataType, time_zone: str, codes: Codes | None) -> Value:
    """A column. A moment is read as the clock shows it in the merchant's time zone."""
    expression = pl.col(name)
    if dtype in _MOST:
        return Value(expression.cast(pl.Int64), Kind.EXACT, name, most=_MOST[dtype])
    if isinstance(dtype, pl.Decimal):
        most = 10 ** ((dtype.precision or WIDEST) - dtype.scale)
        return Value(expression, Kind.EXACT, name, most=most, scale=dtype.scale, is_decimal=True)
    if isinstance(dtype, pl.Datetime):
        utc = expression.dt.replace_time_zone("UTC") if dtype.time_zone is None else expression
        return Value(utc.dt.convert_time_zone(time_zone).dt.replace_time_zone(None), Kind.MOMENT, name)
    return Value(expression, _KINDS.get(dtype, Kind.OTHER), name, codes=codes if dtype == pl.String else None)


_KINDS: Mapping[Any, Kind] = {pl.Boolean: Kind.BOOLEAN, pl.String: Kind.TEXT, pl.Float64: Kind.FLOAT, pl.Date: Kind.DATE}
_MOST: Mapping[Any, int] = {pl.Int8: 2**7, pl.Int16: 2**15, pl.Int32: 2**31, pl.Int64: 2**63}


def number(text: str) -> Value:
    """A number as it is written: exact, or with an exponent in floating point."""
    if "e" in text.lower():
        if abs(float(text)) == float("inf"):
            raise Refusal(
                f"the filter holds the number {shortened(text, 20)}, which is too large", f"筛选条件中的数字 {shortened(text, 20)} 过大"
            )
        return Value(pl.lit(float(text)), Kind.FLOAT, text, literal=float(text))
    exact = Decimal(text)
    scale = max(0, -int(exact.as_tuple().exponent))
    digits = max(1, exact.adjusted() + 1)
    if digits + scale > _MAX_LITERAL:
        raise Refusal(
            f"the filter holds a number of {digits + scale} digits ({shortened(text, 20)}), expected at most {_MAX_LITERAL}",
            f"筛选条件中有 {digits + scale} 位的数字（{shortened(text, 20)}），最多允许 {_MAX_LITERAL} 位",
        )
    literal = pl.lit(exact, dtype=pl.Decimal(WIDEST, scale)) if scale else pl.lit(int(exact), dtype=pl.Int64)
    return Value(literal, Kind.EXACT, text, ceil(abs(exact)), scale, is_decimal=scale > 0, literal=exact)


_MAX_LITERAL = 15
"""Digits of a written number: as many as are exact in floating point too."""


def day(text: str) -> Value:
    """A date as it is written: ``2026-01-31``."""
    try:
        if len(text) != len("2026-01-31"):
            raise ValueError
        found = date.fromisoformat(text)
    except ValueError:
        raise Refusal(
            f"the filter holds {shortened(text, 40)!r} where a date is expected, such as '2026-01-31'",
            f"筛选条件中的 {shortened(text, 40)!r} 不是日期，应类似 '2026-01-31'",
        ) from None
    return Value(pl.lit(found, dtype=pl.Date), Kind.DATE, f"'{text}'", literal=found)


def text_literal(text: str) -> Value:
    """A text as it is written."""
    return Value(pl.lit(text, dtype=pl.String), Kind.TEXT, f"'{shortened(text, 40)}'", literal=text)


# ── Comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────

_COMPARISONS: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "is distinct from": lambda left, right: left.ne_missing(right),
    "is not distinct from": lambda left, right: left.eq_missing(right),
}


def compared(left: Value, sign: str, right: Value) -> pl.Expr:
    """A comparison by one of the signs above. A date with a time is compared with a date by its day. Raises ``Refusal``."""
    if Kind.NULL in (left.kind, right.kind):
        if "distinct" in sign:
            known = left if right.kind is Kind.NULL else right
            return known.expression.is_not_null() if sign == "is distinct from" else known.expression.is_null()
        raise Refusal(
            f"{left.text} {sign} {right.text} can be true for no customer. Write {left.text} is null, or is not null",
            f"与 null 比较（{left.text} {sign} {right.text}）对任何人都不成立。请写 {left.text} is null 或 is not null",
        )
    left, right = alike(left, right)
    if Kind.OTHER in (left.kind, right.kind) or left.kind is not right.kind:
        raise _mismatch(left, right)
    return _COMPARISONS[sign](left.expression, right.expression)


def alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Two parts in one form, where SQL has one for them."""
    kinds = {left.kind, right.kind}
    if kinds == {Kind.EXACT}:
        scale = max(left.scale, right.scale)
        if not left.is_decimal and not right.is_decimal:
            return left, right
        return exact(left, scale), exact(right, scale)
    if kinds <= set(NUMBERS):
        return floating(left), floating(right)
    if kinds <= {Kind.TEXT, *DAYS} and kinds & set(DAYS):
        return _as_day(left, right), _as_day(right, left)
    return left, right


def _as_day(value: Value, other: Value) -> Value:
    """A written text beside a date is a date; a moment beside a date is its day."""
    if value.kind is Kind.TEXT and isinstance(value.literal, str):
        return day(value.literal)
    if value.kind is Kind.MOMENT and other.kind is not Kind.MOMENT:
        return replace(value, expression=value.expression.dt.date(), kind=Kind.DATE)
    return value


def exact(value: Value, scale: int, most: int | None = None) -> Value:
    """An exact number as a decimal of that scale. Raises ``Refusal`` where it, or a result of up to ``most``, might not fit."""
    if len(str(max(value.most, most or 0))) + scale > WIDEST:
        raise Refusal(
            f"the numbers of {value.text} may have more than {WIDEST} digits. Take part of it as cast(... as double)",
            f"{value.text} 的数字可能超过 {WIDEST} 位。请将其中一部分写成 cast(... as double)",
        )
    return replace(value, expression=value.expression.cast(pl.Decimal(WIDEST, scale)), scale=scale, is_decimal=True)


def floating(value: Value) -> Value:
    """A number in floating point."""
    if value.kind is Kind.FLOAT:
        return value
    if value.literal is not None:
        return Value(pl.lit(float(value.literal)), Kind.FLOAT, value.text, literal=float(value.literal))
    return Value(value.expression.cast(pl.Float64), Kind.FLOAT, value.text)


def example_of(value: Value) -> str:
    """A condition on the value that can be read."""
    return _EXAMPLES.get(value.kind, "{} is not null").replace("{}", value.text)


def _mismatch(left: Value, right: Value) -> Refusal:
    known, other = (right, left) if left.literal is not None else (left, right)
    return Refusal(
        f"{known.text} is {known.kind.en} and {other.text} is {other.kind.en}: they can't be compared. "
        f"Write for example {example_of(known)}",
        f"{known.text} 是{known.kind.zh}，{other.text} 是{other.kind.zh}，无法比较。例如：{example_of(known)}",
    )


_EXAMPLES = {
    Kind.BOOLEAN: "{} or not {}",
    Kind.TEXT: "{} = 'a text'",
    Kind.EXACT: "{} >= 3",
    Kind.FLOAT: "{} >= 0.5",
    Kind.DATE: "{} >= '2026-01-31'",
    Kind.MOMENT: "{} >= '2026-01-31'",
}
