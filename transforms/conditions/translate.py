"""From the syntax tree of a condition to the Polars expression that means the same, with every type checked on the way."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
from sqlglot import exp

from transforms.conditions import functions, operations
from transforms.conditions.codes import Codes
from transforms.conditions.syntax import chain, spelled
from transforms.conditions.values import Kind, Value, column, compared, day, example_of, number, text_literal
from transforms.refusals import Refusal, shortened, unknown_column

_SIGNS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "is not distinct from", exp.NullSafeNEQ: "is distinct from",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/",
}  # fmt: skip
_CONDITIONS: tuple[type[exp.Expr], ...] = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Between, exp.In, exp.Like, exp.ILike, exp.Is, exp.Escape,
)  # fmt: skip
"""What needs brackets to be a part of anything but AND, OR and NOT: without them readers and engines differ about what is meant."""


@dataclass
class Translator:
    """``columns``: those of the row with their types. ``lacks``: codes that only another preset of RFM has, found on the way."""

    columns: Mapping[str, pl.DataType]
    codes: Mapping[str, Codes]
    time_zone: str
    lacks: list[str] = field(default_factory=list)

    def condition(self, node: exp.Expr) -> pl.Expr:
        """A part that has to be true, false or unknown. Raises ``Refusal``."""
        if isinstance(node, exp.And):
            return operations.all_of([self.condition(part) for part in chain(node)])
        if isinstance(node, exp.Or):
            return operations.any_of([self.condition(part) for part in chain(node)])
        if isinstance(node, exp.Not):
            return ~self.condition(node.this)
        if isinstance(node, exp.Paren):
            return self.condition(node.this)
        found = self.value(node)
        if found.kind is not Kind.BOOLEAN:
            raise Refusal(
                f"{found.text} is {found.kind.en}, expected true or false: compare it, as in {example_of(found)}",
                f"{found.text} 是{found.kind.zh}，应为真假值：请加以比较，例如 {example_of(found)}",
            )
        return found.expression

    def value(self, node: exp.Expr) -> Value:
        """Any part. Raises ``Refusal``."""
        if isinstance(node, exp.Paren):
            inner = self.value(node.this)
            return replace(inner, text=f"({inner.text})")
        if isinstance(node, exp.And | exp.Or | exp.Not):
            return Value(self.condition(node), Kind.BOOLEAN, spelled(node))
        return _PARTS[type(node)](self, node)

    def operand(self, node: exp.Expr) -> Value:
        """A part of a comparison or calculation."""
        if isinstance(node, _CONDITIONS):
            raise Refusal(
                f"it isn't clear what belongs to what in {spelled(node.parent or node)}: put brackets around {spelled(node)}",
                f"{spelled(node.parent or node)} 的先后关系不明确：请给 {spelled(node)} 加上括号",
            )
        return self.value(node)

    # ── Each kind of part ────────────────────────────────────────────────────────────────────────────────────────────

    def _column(self, node: exp.Expr) -> Value:
        name = node.name.lower()
        if name not in self.columns:
            raise self._unknown(node)
        return column(name, self.columns[name], self.time_zone, self.codes.get(name))

    def _unknown(self, node: exp.Expr) -> Refusal:
        name = shortened(node.name)
        refusal = unknown_column(name, self.columns)
        if not node.this.args.get("quoted"):
            return refusal
        return Refusal(f"{refusal.en}. Write texts in single quotes: '{name}'", f"{refusal.zh}。文本请用单引号：'{name}'")

    def _literal(self, node: exp.Expr) -> Value:
        return text_literal(node.name) if node.is_string else number(node.name)

    def _boolean(self, node: exp.Expr) -> Value:
        return Value(pl.lit(node.args["this"], dtype=pl.Boolean), Kind.BOOLEAN, spelled(node), literal=node.args["this"])

    def _null(self, node: exp.Expr) -> Value:
        return Value(pl.lit(None), Kind.NULL, "null")

    def _comparison(self, node: exp.Expr) -> Value:
        left, right = self.operand(node.this), self.operand(node.expression)
        return Value(self._compared(left, _SIGNS[type(node)], right), Kind.BOOLEAN, spelled(node))

    def _compared(self, left: Value, sign: str, right: Value) -> pl.Expr:
        if sign in ("=", "<>") or "distinct" in sign:
            self._check_codes(left, [right])
            self._check_codes(right, [left])
        return compared(left, sign, right)

    def _check_codes(self, value: Value, others: Sequence[Value]) -> None:
        """Refuses a written text that the value never is. Where it is only under another preset, and so are all the others, notes them."""
        if value.codes is None:
            return
        written = [other.literal for other in others if isinstance(other.literal, str)]
        for text in written:
            if text not in value.codes.known | value.codes.elsewhere:
                raise value.codes.refused(text, value.text)
        if len(written) == len(others) and value.codes.elsewhere.issuperset(written):
            self.lacks += [f"{value.text} {text!r}" for text in written]

    def _between(self, node: exp.Expr) -> Value:
        value, low, high = (self.operand(node.args[part]) for part in ("this", "low", "high"))
        if type(low.literal) is type(high.literal) is not type(None) and low.literal > high.literal:
            raise Refusal(
                f"between {low.text} and {high.text} can be true for no customer: the smaller value comes first",
                f"between {low.text} and {high.text} 对任何人都不成立：较小的值应在前",
            )
        found = compared(value, ">=", low) & compared(value, "<=", high)
        return Value(found, Kind.BOOLEAN, spelled(node))

    def _in(self, node: exp.Expr) -> Value:
        value, items = self.operand(node.this), [self.operand(item) for item in node.expressions]
        if not items:
            raise Refusal(f"{value.text} in () has no values to choose from", f"{value.text} in () 中没有任何值")
        self._check_codes(value, items)
        if isinstance(node.parent, exp.Not) and any(item.kind is Kind.NULL for item in items):
            raise Refusal(
                f"{value.text} not in (..., null) can be true for no customer. Leave null out, and add {value.text} is not null",
                f"{value.text} not in (..., null) 对任何人都不成立。请去掉 null，另写 {value.text} is not null",
            )
        return Value(operations.member(value, items), Kind.BOOLEAN, spelled(node))

    def _like(self, node: exp.Expr) -> Value:
        escape = ""
        if isinstance(node, exp.Escape):
            escape, node = self._written(node.expression, "escape"), node.this
            if not isinstance(node, exp.Like | exp.ILike) or len(escape) != 1:
                raise Refusal("escape takes one character", "escape 后应为一个字符")
        value, pattern = self.operand(node.this), self._written(node.expression, "like")
        ignores_case = isinstance(node, exp.ILike)
        found = operations.like(value, pattern, escape, ignores_case)
        if value.codes and not operations.is_like_any(value.codes.known, pattern, escape, ignores_case):
            if not operations.is_like_any(value.codes.elsewhere, pattern, escape, ignores_case):
                raise value.codes.refused(pattern, value.text)
            self.lacks.append(f"{value.text} like {pattern!r}")
        return Value(~found if node.args.get("negate") else found, Kind.BOOLEAN, spelled(node))

    def _is(self, node: exp.Expr) -> Value:
        value, wanted = self.operand(node.this), node.expression
        if isinstance(wanted, exp.Null):
            return Value(value.expression.is_null(), Kind.BOOLEAN, spelled(node))
        if isinstance(wanted, exp.Boolean) and value.kind is Kind.BOOLEAN:
            return Value(value.expression.eq_missing(pl.lit(wanted.args["this"])), Kind.BOOLEAN, spelled(node))
        raise Refusal(
            f"{spelled(node)} can't be read, expected is null, is not null, or is true or is false of something that is either",
            f"无法理解 {spelled(node)}，应为 is null、is not null，或对真假值使用 is true、is false",
        )

    def _calculation(self, node: exp.Expr) -> Value:
        left, right, sign = node.this, node.expression, _SIGNS[type(node)]
        if isinstance(left, exp.Interval) and sign == "+":
            left, right = right, left
        if isinstance(right, exp.Interval) and sign in ("+", "-"):
            unit, steps = self._steps(right)
            return operations.shifted(self.operand(left), unit, -steps if sign == "-" else steps)
        return operations.arithmetic(self.operand(left), sign, self.operand(right))

    def _steps(self, node: exp.Expr) -> tuple[str, int]:
        """Unit and number of an interval."""
        amount, unit = node.this, node.args.get("unit")
        name = unit.name.lower().removesuffix("s") if unit else ""
        if isinstance(amount, exp.Literal) and name in operations.MAX_STEPS and _WHOLE.fullmatch(amount.name):
            return name, int(amount.name)
        raise Refusal(
            f"{spelled(node)} can't be read, expected such as interval '30 days': a whole number of days, weeks, months or years",
            f"无法理解 {spelled(node)}，应类似 interval '30 days'：整数的 days、weeks、months 或 years",
        )

    def _interval(self, node: exp.Expr) -> Value:
        raise Refusal(
            f"{spelled(node)} stands alone; it can be added to a date or taken from one, as in as_of_date - interval '30 days'",
            f"{spelled(node)} 不能单独使用；只能与日期相加减，例如 as_of_date - interval '30 days'",
        )

    def _negative(self, node: exp.Expr) -> Value:
        return operations.negated(self.operand(node.this))

    def _case(self, node: exp.Expr) -> Value:
        asked = self.value(node.this) if node.this else None
        conditions = [
            self.condition(branch.this) if asked is None else self._compared(asked, "=", self.value(branch.this))
            for branch in node.args["ifs"]
        ]
        default = node.args.get("default")
        results = [self.value(branch.args["true"]) for branch in node.args["ifs"]]
        form, expressions = functions.one_form([*results, self._null(node) if default is None else self.value(default)], "case")
        found = expressions[-1]
        for condition, result in reversed(list(zip(conditions, expressions, strict=False))):
            found = pl.when(condition).then(result).otherwise(found)
        return replace(form, expression=found, text="case ... end")

    def _cast(self, node: exp.Expr) -> Value:
        to = node.args["to"].this
        if to not in _CASTS:
            raise Refusal(
                f"{spelled(node)} is not allowed, expected a cast to double or date", f"不允许 {spelled(node)}，只能转换为 double 或 date"
            )
        if _CASTS[to] == "date" and isinstance(node.this, exp.Literal) and node.this.is_string:
            return day(node.this.name)
        return functions.cast(self.value(node.this), _CASTS[to])

    def _extract(self, node: exp.Expr) -> Value:
        part = node.this.name.lower()
        if part not in ("year", "month", "day"):
            raise Refusal(
                f"extract({part} ...) is not allowed, expected year, month or day", f"不允许 extract({part} ...)，应为 year、month 或 day"
            )
        return functions.part_of_date(part, self.value(node.expression))

    def _of_text(self, node: exp.Expr) -> Value:
        return functions.of_text(node.key, self.value(node.this))

    def _of_number(self, node: exp.Expr) -> Value:
        places = node.args.get("decimals")
        if places is not None and not (isinstance(places, exp.Literal) and _WHOLE.fullmatch(places.name)):
            raise Refusal(f"{spelled(node)}: expected a whole number of places", f"{spelled(node)}：小数位数应为整数")
        return functions.of_number(node.key, self.value(node.this), int(places.name) if places else 0)

    def _part_of_date(self, node: exp.Expr) -> Value:
        return functions.part_of_date(node.key, self.value(node.this))

    def _nullif(self, node: exp.Expr) -> Value:
        return functions.nullif(self.value(node.this), self.value(node.expression))

    def _coalesce(self, node: exp.Expr) -> Value:
        return functions.coalesce([self.value(part) for part in (node.this, *node.expressions)])

    def _extreme(self, node: exp.Expr) -> Value:
        return functions.extreme(node.key, [self.value(part) for part in (node.this, *node.expressions)])

    def _written(self, node: exp.Expr, name: str) -> str:
        if isinstance(node, exp.Literal) and node.is_string:
            return node.name
        raise Refusal(f"{name} {spelled(node)}: expected a text in single quotes", f"{name} {spelled(node)}：应为单引号中的文本")


_WHOLE = re.compile(r"[+-]?\d{1,9}")
_CASTS = {exp.DType.DOUBLE: "double", exp.DType.DATE: "date"}
_PARTS: dict[type[exp.Expr], Callable[[Translator, exp.Expr], Value]] = {
    exp.Column: Translator._column,
    exp.Literal: Translator._literal,
    exp.Boolean: Translator._boolean,
    exp.Null: Translator._null,
    **dict.fromkeys((kind for kind, sign in _SIGNS.items() if sign not in "+-*/"), Translator._comparison),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div), Translator._calculation),
    exp.Between: Translator._between,
    exp.In: Translator._in,
    **dict.fromkeys((exp.Like, exp.ILike, exp.Escape), Translator._like),
    exp.Is: Translator._is,
    exp.Neg: Translator._negative,
    exp.Interval: Translator._interval,
    exp.Case: Translator._case,
    **dict.fromkeys((exp.Cast, exp.TryCast), Translator._cast),
    exp.Extract: Translator._extract,
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim, exp.Length), Translator._of_text),
    **dict.fromkeys((exp.Abs, exp.Floor, exp.Ceil, exp.Round), Translator._of_number),
    **dict.fromkeys((exp.Year, exp.Month, exp.Day), Translator._part_of_date),
    exp.Nullif: Translator._nullif,
    exp.Coalesce: Translator._coalesce,
    **dict.fromkeys((exp.Least, exp.Greatest), Translator._extreme),
}
"""What a part is → how it is read. What may be there at all says ``syntax``."""
