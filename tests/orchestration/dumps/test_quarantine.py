"""What was refused can be worked on: every row in Parquet and in a spreadsheet's CSV, with its place, its reason and its text."""

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from orchestration import report, settings
from orchestration.dumps import quarantine
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.quarantine import EXPLANATIONS, UNKNOWN_WORD
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "＝1", "'=1", "\tx")


def opened(home: Home) -> list[dict[str, str]]:
    (path,) = (home.folder / "quarantine" / "orders").glob("*.csv")
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines(keepends=True)))


def test_a_refused_row_can_be_opened_in_a_spreadsheet(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", "\n".join([ORDERS_HEADER, order(1), order(2, unit_price="约10元", customer_id="红茶")]) + "\n")
    home.land()
    (row,) = opened(home)
    original = json.loads(row.pop("original"))
    assert row == {
        "source": "shop",
        "file_name": "orders_2026-03-01.csv",
        "line": "3",
        "order_id": "O2",
        "column_name": "unit_price",
        "reason": "not_a_number",
        "explanation": "expected a number, written as the profile says",
        "value": "约10元",
    }
    assert (original["customer_id"], original["unit_price"]) == ("红茶", "约10元")
    assert [explanation for (explanation,) in home.quarantine("explanation")] == [row["explanation"]]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_refused_text_is_run_by_a_spreadsheet_and_none_is_lost(home: Home, text: str) -> None:
    home.deliver("orders_2026-03-01.csv", "\n".join([ORDERS_HEADER, order(1), order(2, status=f'"{text}"')]) + "\n")
    home.land()
    (row,) = opened(home)
    assert row["value"] == "'" + text
    assert home.quarantine("value") == [(text,)]


def test_a_row_that_cannot_be_split_is_kept_as_it_was_delivered(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", "\n".join([ORDERS_HEADER, order(1), "=cmd,\0,x", order(3)]) + "\n")
    home.land()
    (row,) = opened(home)
    assert (row["line"], row["reason"], row["original"]) == ("3", "nul_byte", "'=cmd,␀,x\n")
    assert home.quarantine("original") == [("=cmd,\0,x\n",)]


def test_the_status_says_what_each_reason_means_and_counts_files_that_count_alone(lenient_home: Home) -> None:
    console = Console(file=io.StringIO(), width=200)
    for rows in ([order(1), order(2, unit_price="x"), order(3, quantity="y")], [order(1), order(2, unit_price="x")]):
        lenient_home.deliver("orders_2026-03-01.csv", "\n".join([ORDERS_HEADER, *rows]) + "\n")
        lenient_home.deliver("orders_2026-03-02.csv", "\n".join([ORDERS_HEADER, order(4, status="sold")]) + "\n")
        lenient_home.land()
    report.status(console, settings.load(lenient_home.folder, {}))
    told = re.findall("In quarantine as .*", console.file.getvalue())
    assert told == [
        "In quarantine as not_a_number, 1 row(s): expected a number, written as the profile says.",
        "In quarantine as unknown_status, 1 row(s): no known value of this column; map the word to one with `map` in the profile.",
    ]


FOLDER = Path(quarantine.__file__).parent
GIVEN_AS = {"Problem": 1, "Refusal": 1, "refuse": 1, "_word": 3}
"""Function → which of its arguments is a reason why a row is refused."""
RETURNED_BY = {"refused", "record", "_texts", "_records"}
"""Functions whose answer may be such a reason."""


def reasons_in(code: ast.Module, constants: dict[str, str]) -> Iterator[str]:
    """Every reason that the code gives, as it is written or under a constant's name."""

    def texts(part: ast.AST) -> Iterator[str]:
        for node in ast.walk(part):
            found = node.value if isinstance(node, ast.Constant) else constants.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(found, str) and re.fullmatch("[a-z]+(_[a-z0-9]+)*", found):
                yield found

    def of_conditional(part: ast.AST) -> Iterator[str]:
        yield from texts(part.body) if isinstance(part, ast.IfExp) else texts(part)
        yield from texts(part.orelse) if isinstance(part, ast.IfExp) else ()

    for node in ast.walk(code):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = GIVEN_AS.get(name)
            if place is not None and len(node.args) > place and not isinstance(node.args[place], ast.Attribute | ast.JoinedStr):
                yield from of_conditional(node.args[place])
        if isinstance(node, ast.FunctionDef) and node.name in RETURNED_BY:
            for answer in (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return | ast.Yield) and inner.value):
                parts = answer.elts if isinstance(answer, ast.Tuple) else [answer]
                for part in (part for part in parts if isinstance(part, ast.Constant | ast.Name | ast.IfExp)):
                    yield from of_conditional(part)
        if isinstance(node, ast.BoolOp | ast.IfExp) and "error_value" in (found := set(texts(node))):
            yield from found
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:  # what a layout can't make sense of: condition, reason and column
            condition, reason, column = node.elts
            if isinstance(column, ast.Constant) and re.search(r" (is null|<|=|>|and) ?", ast.unparse(condition)):
                yield from texts(reason)


def test_every_reason_is_explained_in_words_of_its_own() -> None:
    files = [ast.parse(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.py")]
    constants: dict[str, str] = {}
    for code in files:
        for node in code.body:
            if isinstance(node, ast.Assign):
                names, values = ([part] if not isinstance(part, ast.Tuple) else part.elts for part in (node.targets[0], node.value))
                for name, value in zip(names, values, strict=False):
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                        constants[name.id] = value.value
    reasons = {reason for code in files for reason in reasons_in(code, constants)}
    known = {"footer", "after_end", "no_first_row", "no_price_per_piece", "unreadable_item", "order_rows_disagree", "order_incomplete"}
    known |= {"digits_lost", "error_value", "not_json", "not_an_object", "repeated_key", "not_utf8", "missing_value", "not_a_boolean"}
    assert known <= reasons, "the test looks for reasons where they are"
    assert reasons == EXPLANATIONS.keys()
    sentences = [*EXPLANATIONS.values(), UNKNOWN_WORD]
    assert len(set(sentences)) == len(sentences)
    choices = {column.name for columns in FEEDS.values() for column in columns if column.kind == "choice"}
    assert choices == {"status", "line_kind", "channel", "state"}, "what their reasons mean is said by one sentence"
