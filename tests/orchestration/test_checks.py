"""Great Expectations as the judge of a frame: what breaks an expectation is counted and named, and what keeps it is not."""

import weakref
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from orchestration.checks import gx
from orchestration.checks.expectations import EXAMPLES, Expectation, Finding, Suite, among, between, equal, filled, unique
from orchestration.checks.gx import validate

ROWS = 8
SOUND = pl.DataFrame(
    {
        "name": [f"C{number}" for number in range(ROWS)],
        "part": [number // 2 for number in range(ROWS)],
        "half": [number % 2 for number in range(ROWS)],
        "score": pl.Series([1, 2, 3, 4, 5, None, 3, 3], dtype=pl.Int8),
        "money": pl.Series([Decimal("0.0000"), Decimal("12345678901234.5678"), *[None] * 6], dtype=pl.Decimal(18, 4)),
        "share": [0.0, 0.5, 1.0, None, 0.25, 0.25, 0.25, 0.25],
        "grade": ["A", "B", "A", None, "A", "A", "A", "A"],
        "reason": ["late"] * ROWS,
        "delivered": [7] * ROWS,
        "found": [7] * ROWS,
    }
)
EXPECTATIONS = (
    unique(("name",), "a name stands once"),
    unique(("part", "half"), "a half stands once"),
    between("score", 1, 5, "from 1 to 5"),
    between("money", 0, None, "not below nothing"),
    between("share", 0, 1, "a share", "warning"),
    among("grade", ("A", "B"), "two grades"),
    filled("reason", "every row says why"),
    equal("delivered", "found", "all is found"),
)
SUITE = Suite("rows", ("marts", "rows"), lambda _: SOUND, ("name",), EXPECTATIONS)


def broken(expectation: Expectation, column: str, values: list[Any], suite: Suite = SUITE) -> Finding:
    """What is found of the expectation, the only one that is not met, once these values begin the column."""
    damaged = SOUND.with_columns(pl.Series(column, [*values, *SOUND[column][len(values) :]], SOUND.schema[column]))
    findings = validate(suite, damaged)
    assert [finding.expectation for finding in findings] == list(EXPECTATIONS)
    assert [finding.expectation for finding in findings if not finding.is_met] == [expectation]
    assert all(finding.rows == 0 and not finding.broken_by for finding in findings if finding.is_met)
    return findings[EXPECTATIONS.index(expectation)]


def test_a_frame_that_keeps_every_expectation_meets_them_all() -> None:
    assert [(finding.is_met, finding.rows, finding.broken_by) for finding in validate(SUITE, SOUND)] == [(True, 0, [])] * len(EXPECTATIONS)


@pytest.mark.parametrize(
    ("number", "column", "values", "named"),
    [
        pytest.param(0, "name", ["C1"], ["C1", "C1"], id="a key that stands twice names both rows"),
        pytest.param(1, "half", [1], ["C0", "C1"], id="two columns that are a key together"),
        pytest.param(2, "score", [0, 5, 6], ["C0", "C2"], id="below and above, the ends are in"),
        pytest.param(3, "money", [Decimal("-0.0001")], ["C0"], id="money below nothing by its last digit"),
        pytest.param(4, "share", [1.0000001], ["C0"], id="a share beyond one"),
        pytest.param(5, "grade", ["A", "C", "a"], ["C1", "C2"], id="not among the values"),
        pytest.param(6, "reason", [None], ["C0"], id="a value that is not there"),
        pytest.param(7, "found", [7, 8], ["C1"], id="two columns that differ"),
    ],
)
def test_rows_that_break_an_expectation_are_counted_and_named(number: int, column: str, values: list[Any], named: list[str]) -> None:
    found = broken(EXPECTATIONS[number], column, values)
    assert (found.rows, found.broken_by) == (len(named), [{"name": name} for name in named])
    assert f"{len(named)} row(s) break it; e.g. {', '.join(named)}" in found.sentence


def test_a_finding_names_a_few_rows_and_where_each_row_is_settled_all_of_them() -> None:
    expectation = EXPECTATIONS[2]
    few = broken(expectation, "score", [9] * ROWS)
    settled = Suite(SUITE.name, SUITE.asset, SUITE.frame, SUITE.keys, EXPECTATIONS, lambda *_: [])
    every = broken(expectation, "score", [9] * ROWS, settled)
    assert (few.rows, len(few.broken_by)) == (ROWS, EXAMPLES)
    assert (every.rows, [row["name"] for row in every.broken_by]) == (ROWS, SOUND["name"].to_list())


def test_nothing_of_a_large_frame_is_held_once_it_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    handed_over: list[weakref.ref[Any]] = []
    to_pandas = pl.DataFrame.to_pandas

    def watched(frame: pl.DataFrame) -> Any:
        made = to_pandas(frame)
        handed_over.append(weakref.ref(made))
        return made

    monkeypatch.setattr(gx, "LARGE_BYTES", 0)
    monkeypatch.setattr(pl.DataFrame, "to_pandas", watched)
    validate(SUITE, SOUND.with_columns(grade=pl.lit("C")))
    assert [frame() for frame in handed_over] == [None], "a frame per suite, twice in memory, would be a run's highest point"
