"""The text of a filter as a syntax tree that holds nothing but a condition on one row.

Nothing is evaluated here, no file is opened and nothing is called: sqlglot parses text and does nothing else. Whatever is not on the lists
below is refused, whether it would be harmless or not.
"""

import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ErrorLevel, SqlglotError

from transforms.refusals import Refusal, shortened

DIALECT = "duckdb"
MAX_CHARACTERS = 10_000
MAX_DEPTH = 30
"""Brackets, CASE and operators within one another. A chain of AND, or one of OR, counts once, however long it is."""
MAX_PARTS = 50
"""Branches of a CASE, arguments of a function."""
MAX_WORK = 20_000
"""Steps that the evaluation of one row takes."""

ALLOWED_EN = (
    "columns, numbers, 'texts', true, false, null, date '2026-01-31', + - * /, = <> < <= > >=, between, in, like, ilike, is null, "
    "is distinct from, and, or, not, case, interval '30 days', cast to double or date, and the functions abs, ceil, coalesce, day, floor, "
    "greatest, least, length, lower, month, nullif, round, trim, upper, year"
)
ALLOWED_ZH = (
    "列、数字、'文本'、true、false、null、date '2026-01-31'、+ - * /、= <> < <= > >=、between、in、like、ilike、is null、"
    "is distinct from、and、or、not、case、interval '30 days'、转换为 double 或 date，以及函数 abs、ceil、coalesce、day、floor、"
    "greatest、least、length、lower、month、nullif、round、trim、upper、year"
)

_SYMBOLS = frozenset(("(", ")", ",", "=", "==", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "::"))
_LOOKALIKES = re.compile("[‘’“”＇＂（），；＝＜＞！＋－]")
_WORD = re.compile(r"\w+")
_CLOCK = re.compile(
    r"now|today|(current|local)_?(date|time|timestamp)|getdate|sysdate|get_current_(time|timestamp)|(transaction|statement|clock)_timestamp"
)

_ONE, _TWO, _SEVERAL = frozenset({"this"}), frozenset({"this", "expression"}), frozenset({"this", "expressions"})
_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    **dict.fromkeys((exp.And, exp.Or, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), _TWO),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.Add, exp.Sub, exp.Mul, exp.Nullif, exp.Escape, exp.Extract), _TWO),
    **dict.fromkeys((exp.Not, exp.Neg, exp.Paren, exp.Abs, exp.Lower, exp.Upper, exp.Trim, exp.Length), _ONE),
    **dict.fromkeys((exp.Year, exp.Month, exp.Day, exp.Floor, exp.Ceil, exp.Boolean, exp.Var, exp.Column), _ONE),
    **dict.fromkeys((exp.Like, exp.ILike), _TWO | {"negate"}),
    **dict.fromkeys((exp.In, exp.Coalesce), _SEVERAL),
    **dict.fromkeys((exp.Least, exp.Greatest), _SEVERAL | {"ignore_nulls"}),
    exp.Div: _TWO | {"typed", "safe"},
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Round: frozenset({"this", "decimals"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.TryCast: frozenset({"this", "to", "safe"}),
    exp.DataType: frozenset({"this", "nested"}),
    exp.Interval: frozenset({"this", "unit"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Null: frozenset(),
}
"""The nodes that a condition may have, and the parts that each may have. The parser knows hundreds of other things."""

_OTHER_ROWS = (
    exp.AggFunc, exp.Window, exp.Query, exp.Subquery, exp.Exists, exp.Any, exp.All, exp.Star, exp.Columns, exp.Explode, exp.Unnest,
)  # fmt: skip
"""What would look at other rows or tables."""


def tree_of(sql: str) -> exp.Expr:
    """The condition as a tree of allowed nodes. Raises ``Refusal``."""
    if len(sql) > MAX_CHARACTERS:
        raise Refusal(
            f"the filter has {len(sql):,} characters, expected at most {MAX_CHARACTERS:,}",
            f"筛选条件有 {len(sql):,} 个字符，最多允许 {MAX_CHARACTERS:,} 个",
        )
    tokens = _tokens(sql)
    _check_tokens(tokens)
    _check_brackets(tokens)
    try:
        tree = sqlglot.parse_one(sql, dialect=DIALECT, into=exp.Condition)
    except SqlglotError as error:
        raise _unreadable(_place(error)) from None
    except RecursionError:
        raise _too_deep() from None
    _check_depth(tree)
    nodes = list(tree.walk())
    for node in nodes:
        _check_node(node)
    _check_work(nodes)
    return tree


def columns_in(tree: exp.Expr) -> tuple[str, ...]:
    """Names of the columns in a tree, each once, in the order of the text; small letters, as names have no case in SQL."""
    return tuple(dict.fromkeys(column.name.lower() for column in tree.find_all(exp.Column, bfs=False)))


def spelled(node: exp.Expr) -> str:
    """A node as SQL, for a message; cut where it is long."""
    try:
        text = node.sql(dialect=DIALECT, unsupported_level=ErrorLevel.IGNORE)
    except (SqlglotError, ValueError, RecursionError):  # the parser reads more than can be written again
        text = node.key
    return shortened(text)


def _tokens(sql: str) -> list[Token]:
    try:
        tokens = sqlglot.tokenize(sql, read=DIALECT)
    except SqlglotError:
        raise _unreadable("a quote or a comment is not closed") from None
    if not tokens:
        raise _unreadable("it is empty")
    return tokens


def _check_tokens(tokens: list[Token]) -> None:
    """Before anything is parsed: no comment, no sign that can't be part of a condition, no clock."""
    for token in tokens:
        if token.comments:
            raise Refusal(
                "the filter holds a comment, which may hide a part of the condition; leave it out",
                "筛选条件中含有注释，注释可能隐去条件的一部分；请删除注释",
            )
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER):
            continue
        if _CLOCK.fullmatch(token.text.lower()):
            raise Refusal(
                f"the filter reads the clock ({token.text}); use as_of_date, the day the run is for",
                f"筛选条件读取了系统时间（{token.text}）；请使用 as_of_date，即本次运行的日期",
            )
        if token.text not in _SYMBOLS and not (_WORD.fullmatch(token.text) and token.token_type in _WORDS):
            raise _strange(token.text)


_STRINGS = {kind for kind in TokenType if kind.name.endswith("STRING")}
_WORDS = set(TokenType) - _STRINGS - {TokenType.PARAMETER, TokenType.PLACEHOLDER}


def _strange(text: str) -> Refusal:
    sign = next((character for character in text if not _WORD.fullmatch(character)), "")
    shown = repr(shortened(text, 20)) + ("" if sign.isprintable() else f" (U+{ord(sign):04X})")
    is_lookalike = bool(_LOOKALIKES.search(text))
    return Refusal(
        f"the filter holds {shown}, which can't be part of it."
        + (" Quotes, brackets, commas and signs are those of plain text: ' ( ) , = < >." if is_lookalike else f" Allowed: {ALLOWED_EN}"),
        f"筛选条件中不能有 {shown}。" + ("引号、括号、逗号等须用半角符号：' ( ) , = < >。" if is_lookalike else f"可用：{ALLOWED_ZH}"),
    )


def _check_brackets(tokens: list[Token]) -> None:
    """The parser calls itself for each bracket and each CASE."""
    depth = 0
    for token in tokens:
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > MAX_DEPTH:
            raise _too_deep()


_OPENING, _CLOSING = {TokenType.L_PAREN, TokenType.CASE}, {TokenType.R_PAREN, TokenType.END}


def _check_depth(tree: exp.Expr) -> None:
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH * 2:  # a bracket is a node of its own
            raise _too_deep()
        is_chain = isinstance(node, exp.And | exp.Or)
        waiting += [(child, depth + (not (is_chain and type(child) is type(node)))) for child in node.iter_expressions()]


def chain(node: exp.Expr) -> Iterator[exp.Expr]:
    """The members of a chain of AND, or of OR, from left to right."""
    kind, waiting = type(node), [node]
    while waiting:
        last = waiting.pop()
        if type(last) is kind:
            waiting += [last.args["expression"], last.args["this"]]
        else:
            yield last


def _check_node(node: exp.Expr) -> None:
    parts = _PARTS.get(type(node))
    if parts is None:
        raise _not_allowed(node)
    if more := [name for name, value in node.args.items() if name not in parts and value not in (None, False, [])]:
        if isinstance(node, exp.Column) or more[0] in ("query", "unnest", "field"):
            raise _beyond_the_row(node)
        raise _not_allowed(node)


def _check_work(nodes: list[exp.Expr]) -> None:
    """Refuses what would take too much work: some parts are asked for several times, and what is within them each time again."""
    work: dict[int, int] = {}
    for node in reversed(nodes):  # its parts come after a node
        items = node.args.get("ifs") or node.args.get("expressions") or ()
        if len(items) > MAX_PARTS and not isinstance(node, exp.In):
            raise Refusal(
                f"{node.key} has {len(items):,} parts, expected at most {MAX_PARTS}",
                f"{node.key} 有 {len(items):,} 个部分，最多 {MAX_PARTS} 个",
            )
        parts = {id(part): work.pop(id(part)) for part in node.iter_expressions()}
        again = sum(parts.values()) if isinstance(node, _ASKED_TWICE) else 0
        if isinstance(node, exp.Case | exp.In) and node.this:
            different = sum(not isinstance(item, exp.Literal) for item in items) + min(len(items), _MOST_SCALES)
            again += different * parts[id(node.this)]
        work[id(node)] = 1 + sum(parts.values()) + again
        if work[id(node)] > MAX_WORK:
            raise Refusal("the filter takes too much work for each row; make it shorter", "筛选条件对每一行的计算量过大；请简化")


_ASKED_TWICE = (exp.Div, exp.Nullif, exp.Between, exp.Coalesce)
_MOST_SCALES = 16
"""Written numbers of one ``in`` are looked up together if they have as many places; they have at most so many."""


def _not_allowed(node: exp.Expr) -> Refusal:
    if isinstance(node, _OTHER_ROWS):
        return _beyond_the_row(node)
    name = f"the function {node.name}" if isinstance(node, exp.Anonymous) else spelled(node)
    name_zh = f"函数 {node.name}" if isinstance(node, exp.Anonymous) else spelled(node)
    return Refusal(
        f"the filter holds {name}, which is not allowed. Allowed: {ALLOWED_EN}", f"筛选条件中不能有 {name_zh}。可用：{ALLOWED_ZH}"
    )


def _beyond_the_row(node: exp.Expr) -> Refusal:
    return Refusal(
        f"the filter looks beyond one row of customer_360: {spelled(node)}. It may use the columns of that row and nothing else",
        f"筛选条件超出了 customer_360 的单行：{spelled(node)}。只能使用该行的列",
    )


def _too_deep() -> Refusal:
    return Refusal(
        f"the filter is nested too deeply, expected at most {MAX_DEPTH} brackets, CASEs or operators within one another",
        f"筛选条件嵌套过深，括号、CASE 和运算符最多嵌套 {MAX_DEPTH} 层",
    )


def _unreadable(why: str) -> Refusal:
    return Refusal(
        f"the filter is not a SQL condition: {why}. Expected a condition such as orders_count >= 3 and lifecycle_stage <> 'decline'",
        f"筛选条件不是有效的 SQL 条件：{why}。应类似 orders_count >= 3 and lifecycle_stage <> 'decline'",
    )


def _place(error: SqlglotError) -> str:
    """Where the parser stopped, in plain text."""
    found: dict[str, Any] = next(iter(getattr(error, "errors", None) or []), {})
    near = shortened(str(found.get("highlight") or ""), 40)
    what = str(found.get("description") or "it can't be read").rstrip(".")
    return f"{what} near {near!r}" if near else what
