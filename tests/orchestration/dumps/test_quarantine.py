"""What was refused can be worked on: every row in Parquet and in a spreadsheet's CSV, with its place, its reason and its text."""

import csv
import json
import re
from pathlib import Path

import pytest

from orchestration.dumps import values
from orchestration.dumps.order_rows import DISAGREE, INCOMPLETE
from orchestration.dumps.quarantine import EXPLANATIONS
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


def test_every_reason_is_explained() -> None:
    code = "".join((Path(values.__file__).with_name(f"{name}.py")).read_text() for name in ("values", "casts", "careful"))
    reasons = set(re.findall(r'(?:Problem|Refusal)\([^\n]*?, "([a-z_]+)"', code)) | set(re.findall(r'words, "([a-z_]+)"', code))
    assert len(reasons) > 10
    assert reasons | {DISAGREE, INCOMPLETE} <= EXPLANATIONS.keys()
