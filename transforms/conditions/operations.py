"""Arithmetic, membership and patterns on the parts of a condition, each as SQL defines it. No number outgrows its type."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from transforms.conditions.functions import small
from transforms.conditions.values import DAYS, NUMBERS, WIDEST, Kind, Value, alike, compared, exact, floating
from transforms.refusals import Refusal, shortened

MAX_PATTERN = 200
"""Characters of a pattern of ``like``."""
MAX_STEPS = {"day": 36_500, "week": 5_200, "month": 1_200, "year": 100}
"""By how much a date can be moved at once, per unit."""
_POLARS_UNITS = {"day": "d", "week": "w", "month": "mo", "year": "y"}

# ── Arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────────────


def arithmetic(left: Value, sign: str, right: Value) -> Value:
    """``+``, ``-``, ``*`` and ``/`` of two numbers; ``-`` of two dates, in days; a date and a number of days. Raises ``Refusal``."""
    text = shortened(f"{left.text} {sign} {right.text}")
    kinds = {left.kind, right.kind}
    if kinds == {Kind.DATE} and sign == "-":
        return Value((left.expression - right.expression).dt.total_days(), Kind.EXACT, text, most=10**8)
    if kinds == {Kind.DATE, Kind.EXACT} and (sign == "+" or (sign == "-" and left.kind is Kind.DATE)):
        moved, days = (left, right) if left.kind is Kind.DATE else (right, left)
        if days.literal is not None and days.scale == 0:
            return shifted(moved, "day", int(days.literal) * (-1 if sign == "-" else 1))
    if not kinds <= set(NUMBERS):
        raise _not_a_number(left if left.kind not in NUMBERS else right, text)
    if sign == "/":
        divisor = floating(right).expression
        return Value(floating(left).expression / pl.when(divisor != 0).then(divisor), Kind.FLOAT, text)
    if Kind.FLOAT in kinds:
        return Value(_ARITHMETIC[sign](floating(left).expression, floating(right).expression), Kind.FLOAT, text)
    is_product = sign == "*"
    scale = left.scale + right.scale if is_product else max(left.scale, right.scale)
    most = left.most * right.most if is_product else left.most + right.most
    shown = replace(left, text=text), replace(right, text=text)
    parts = [exact(part, scale, most).expression for part in shown]
    return Value(_ARITHMETIC[sign](*parts), Kind.EXACT, text, most, scale, is_decimal=True)


_ARITHMETIC: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}


def _not_a_number(value: Value, text: str) -> Refusal:
    examples = "as_of_date - interval '30 days'", "as_of_date - last_order_date"
    return Refusal(
        f"{value.text} is {value.kind.en}: {text} can't be calculated. "
        f"Numbers can, and dates as in {' and '.join(examples)}; cast(... as date) makes a date of a date with a time",
        f"{value.text} 是{value.kind.zh}，无法计算 {text}。数字可以计算，日期可写成 {'、'.join(examples)}；"
        "cast(... as date) 可将日期时间转为日期",
    )


def negated(value: Value) -> Value:
    """``-value``."""
    if value.kind not in NUMBERS:
        raise _not_a_number(value, f"-{value.text}")
    literal = None if value.literal is None else -value.literal
    return replace(value, expression=-value.expression, text=f"-{value.text}", literal=literal)


def shifted(value: Value, unit: str, steps: int) -> Value:
    """A date or moment so many days, weeks, months or years later; a day that a month lacks is its last one. Raises ``Refusal``."""
    if value.kind not in DAYS:
        raise Refusal(
            f"{value.text} is {value.kind.en}, so no interval can be added to it; expected a date, such as as_of_date",
            f"{value.text} 是{value.kind.zh}，不能加减时间间隔；应为日期，例如 as_of_date",
        )
    if abs(steps) > MAX_STEPS[unit]:
        raise Refusal(
            f"the filter moves a date by {abs(steps):,} {unit}s, expected at most {MAX_STEPS[unit]:,}",
            f"筛选条件把日期移动了 {abs(steps):,} 个 {unit}，最多允许 {MAX_STEPS[unit]:,} 个",
        )
    moved = value.expression.dt.offset_by(f"{steps}{_POLARS_UNITS[unit]}")
    text = shortened(f"{value.text} {'-' if steps < 0 else '+'} interval '{abs(steps)} {unit}s'")
    return replace(value, expression=moved, text=text, literal=None)


# ── Membership and patterns ──────────────────────────────────────────────────────────────────────────────────────────


def member(value: Value, items: Sequence[Value]) -> pl.Expr:
    """Whether the value equals one of the items; unknown where it is unknown, or equals none of them and one is null."""
    known = [item for item in items if item.kind is not Kind.NULL]
    written = [item for item in known if item.literal is not None]
    found = [compared(value, "=", item) for item in known if item.literal is None]
    if written:
        found += _among(value, written)
    if len(known) < len(items):
        found.append(pl.lit(None, dtype=pl.Boolean))
    return any_of(found)


def _among(value: Value, written: Sequence[Value]) -> list[pl.Expr]:
    """The same for items that are written out: one look-up for all that have one type."""
    looked_up: dict[tuple[Kind, pl.DataType], tuple[pl.Expr, list[Any]]] = {}
    for item in written:
        compared(value, "=", item)  # refuses what can't be compared
        left, right = alike(value, item)
        dtype = pl.Decimal(WIDEST, right.scale) if right.is_decimal else _TYPES[right.kind]
        literal = int(right.literal) if dtype == pl.Int64 else right.literal
        looked_up.setdefault((right.kind, dtype), (left.expression, []))[1].append(literal)
    return [expression.is_in(pl.lit(literals, dtype=pl.List(dtype))) for (_, dtype), (expression, literals) in looked_up.items()]


_TYPES: dict[Kind, pl.DataType] = {
    Kind.BOOLEAN: pl.Boolean(),
    Kind.TEXT: pl.String(),
    Kind.EXACT: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.DATE: pl.Date(),
}


def like(value: Value, pattern: str, escape: str, ignores_case: bool) -> pl.Expr:
    """``like``: ``%`` stands for any text, ``_`` for one character. Raises ``Refusal``."""
    if value.kind is not Kind.TEXT:
        raise Refusal(f"{value.text} is {value.kind.en}; like is for texts", f"{value.text} 是{value.kind.zh}；like 只能用于文本")
    if len(pattern) > MAX_PATTERN:
        raise Refusal(
            f"a pattern of like has {len(pattern):,} characters, expected at most {MAX_PATTERN}",
            f"like 的模式有 {len(pattern):,} 个字符，最多允许 {MAX_PATTERN} 个",
        )
    text = small(value.expression) if ignores_case else value.expression
    wanted = pl.select(small(pl.lit(pattern))).item() if ignores_case else pattern
    return text.str.contains(rf"(?s)\A{_as_regex(wanted, escape)}\z")


def is_like_any(texts: Iterable[str], pattern: str, escape: str, ignores_case: bool) -> bool:
    """Whether the pattern fits one of these texts."""
    column = Value(pl.lit(pl.Series(sorted(texts), dtype=pl.String)), Kind.TEXT, "")
    return bool(pl.select(like(column, pattern, escape, ignores_case).any()).item())


def _as_regex(pattern: str, escape: str) -> str:
    parts, is_escaped = [], False
    for character in pattern:
        if escape and character == escape and not is_escaped:
            is_escaped = True
            continue
        plain = re.escape(character)
        parts.append(plain if is_escaped else {"%": ".*", "_": "."}.get(character, plain))
        is_escaped = False
    if is_escaped:
        raise Refusal(
            f"the pattern {shortened(pattern, 40)!r} ends with its escape sign", f"模式 {shortened(pattern, 40)!r} 不能以转义符结尾"
        )
    return re.sub(r"(\.\*)+", ".*", "".join(parts))


def any_of(conditions: Sequence[pl.Expr]) -> pl.Expr:
    """``or`` of all, as a tree that is no deeper than it has to be."""
    return _balanced(conditions, lambda left, right: left | right)


def all_of(conditions: Sequence[pl.Expr]) -> pl.Expr:
    """``and`` of all."""
    return _balanced(conditions, lambda left, right: left & right)


def _balanced(conditions: Sequence[pl.Expr], join: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> pl.Expr:
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    return join(_balanced(conditions[:middle], join), _balanced(conditions[middle:], join))
