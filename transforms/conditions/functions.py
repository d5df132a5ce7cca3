"""The functions that a condition may call, each as SQL defines it. None of them makes a text longer than it was."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

import polars as pl

from transforms.conditions.codes import Codes
from transforms.conditions.values import DAYS, NUMBERS, Kind, Value, alike, compared, exact, floating
from transforms.refusals import Refusal

MAX_DECIMALS = 10
"""Places that ``round`` may be asked for."""
_SPACES = "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What SQL's ``trim`` takes off: space separators, and neither tabs nor line ends."""


def small(text: pl.Expr) -> pl.Expr:
    """A text in small letters, one for each letter. İ and Σ are special: their small form has two characters or two shapes."""
    return text.str.replace_all("İ", "i", literal=True).str.replace_all("Σ", "σ", literal=True).str.to_lowercase()


def _large(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("ß", "ẞ", literal=True).str.to_uppercase()


def of_text(name: str, value: Value) -> Value:
    """``lower``, ``upper``, ``trim`` and ``length`` of a text."""
    _expect(name, value, (Kind.TEXT,))
    text = f"{name}({value.text})"
    if name == "length":
        return Value(value.expression.str.len_chars().cast(pl.Int64), Kind.EXACT, text, most=2**32)
    change, change_code = _OF_TEXT[name]
    codes = value.codes.mapped(change_code) if value.codes else None
    return Value(change(value.expression), Kind.TEXT, text, codes=codes)


_OF_TEXT: dict[str, tuple[Callable[[pl.Expr], pl.Expr], Callable[[str], str]]] = {
    "lower": (small, str.lower),
    "upper": (_large, str.upper),
    "trim": (lambda text: text.str.strip_chars(_SPACES), str.strip),
}


def of_number(name: str, value: Value, places: int = 0) -> Value:
    """``abs``, ``floor``, ``ceil`` and ``round`` (half away from zero) of a number."""
    _expect(name, value, NUMBERS)
    if not 0 <= places <= MAX_DECIMALS:
        raise Refusal(f"round to {places} places, expected 0 to {MAX_DECIMALS}", f"round 的小数位数为 {places}，应为 0 到 {MAX_DECIMALS}")
    text = f"{name}({value.text})"
    if name == "abs":
        return replace(value, expression=value.expression.abs(), text=text, literal=None)
    if value.kind is Kind.EXACT and value.scale <= places:
        return replace(value, text=text)
    changed = {
        "floor": value.expression.floor(),
        "ceil": value.expression.ceil(),
        "round": value.expression.round(places, mode="half_away_from_zero"),
    }[name]
    return replace(value, expression=changed, text=text, most=value.most + 1, literal=None)


def part_of_date(name: str, value: Value) -> Value:
    """``year``, ``month`` and ``day`` of a date, as numbers."""
    _expect(name, value, DAYS)
    return Value(getattr(value.expression.dt, name)().cast(pl.Int64), Kind.EXACT, f"{name}({value.text})", most=10**6)


def cast(value: Value, to: str) -> Value:
    """A number as ``double``, or a date with a time, or a written date, as ``date``."""
    if to == "double":
        _expect("cast(... as double)", value, NUMBERS)
        return floating(value)
    date = Value(pl.lit(None, dtype=pl.Date), Kind.DATE, "")
    found, _ = alike(value, date)
    _expect("cast(... as date)", found, (Kind.DATE,))
    return replace(found, text=f"cast({value.text} as date)")


def nullif(value: Value, other: Value) -> Value:
    """The value, or null where it equals the other."""
    is_equal = compared(value, "=", other)
    return replace(
        value, expression=pl.when(is_equal).then(None).otherwise(value.expression), text=f"nullif({value.text}, ...)", literal=None
    )


def coalesce(values: Sequence[Value]) -> Value:
    """The first that is not null."""
    form, expressions = one_form(values, "coalesce")
    found = expressions[-1]
    for expression in reversed(expressions[:-1]):  # Polars' own takes the length of the first, which may be that of a constant
        found = pl.when(expression.is_not_null()).then(expression).otherwise(found)
    return replace(form, expression=found)


def extreme(name: str, values: Sequence[Value]) -> Value:
    """``least`` or ``greatest`` of those that are not null."""
    form, expressions = one_form(values, name)
    _expect(name, form, (*NUMBERS, *DAYS))
    return replace(form, expression=pl.min_horizontal(expressions) if name == "least" else pl.max_horizontal(expressions))


def one_form(values: Sequence[Value], name: str) -> tuple[Value, list[pl.Expr]]:
    """What several parts have in common, and their expressions in that form, nulls among them. Raises ``Refusal`` for two kinds."""
    known = [value for value in values if value.kind is not Kind.NULL]
    if not known:
        raise Refusal(f"{name} has nothing but null", f"{name} 中只有 null")
    form = known[0]
    for value in known[1:]:
        left, right = alike(form, value)
        is_by_day = Kind.MOMENT in (form.kind, value.kind) and form.kind is not value.kind
        if left.kind is not right.kind or is_by_day:
            raise Refusal(
                f"{name} mixes {form.text}, which is {form.kind.en}, with {value.text}, which is {value.kind.en}",
                f"{name} 混用了 {form.text}（{form.kind.zh}）与 {value.text}（{value.kind.zh}）",
            )
        form = replace(left, most=max(left.most, right.most))
    form = replace(form, text=f"{name}({form.text}, ...)" if len(known) > 1 else form.text, literal=None, codes=_codes_of_any(known))
    return form, [_in_form(value, form) for value in values]


def _codes_of_any(values: Sequence[Value]) -> Codes | None:
    """The texts that one of several parts can be; None where that is open, or where no column is among them."""
    found = [value.codes or (Codes(frozenset([value.literal])) if isinstance(value.literal, str) else None) for value in values]
    if None in found or not any(value.codes for value in values):
        return None
    return reduce(Codes.joined, filter(None, found))


def _in_form(value: Value, form: Value) -> pl.Expr:
    if value.kind is Kind.NULL:
        return pl.lit(None)
    if form.kind is Kind.EXACT:
        return exact(value, form.scale, form.most).expression if form.is_decimal else value.expression
    return floating(value).expression if form.kind is Kind.FLOAT else alike(value, form)[0].expression


def _expect(name: str, value: Value, kinds: Sequence[Kind]) -> None:
    if value.kind not in kinds:
        raise Refusal(
            f"{name} of {value.text}: it is {value.kind.en}, expected {kinds[0].en}",
            f"{name}：{value.text} 是{value.kind.zh}，应为{kinds[0].zh}",
        )
