"""How an expectation, a suite of them and what was found of one are written down. No Dagster, no Great Expectations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl

EXAMPLES = 5
"""Rows that a failing expectation names."""


@dataclass(frozen=True)
class Expectation:
    """``kind``: the name of a Great Expectations class, ``terms`` its arguments. A ``warning`` is told and doesn't stop a run."""

    kind: str
    terms: dict[str, Any]
    because: str
    severity: Literal["critical", "warning"] = "critical"

    @property
    def columns(self) -> tuple[str, ...]:
        """What it looks at."""
        terms = self.terms
        return tuple(filter(None, (terms.get("column"), terms.get("column_A"), terms.get("column_B"), *terms.get("column_list", ()))))


@dataclass(frozen=True)
class Finding:
    """What became of one expectation. ``broken_by``: keys of rows that broke it, never their values."""

    expectation: Expectation
    is_met: bool
    rows: int
    broken_by: list[dict[str, Any]]

    @property
    def sentence(self) -> str:
        term = self.expectation.terms
        about = term.get("column") or " and ".join(term.get("column_list", [])) or f"{term.get('column_A')} and {term.get('column_B')}"
        examples = ", ".join("/".join(str(value) for value in row.values()) for row in self.broken_by[:EXAMPLES])
        named = f"; e.g. {examples}" if examples else ""
        return f"{about}: expected that {self.expectation.because}, {self.rows} row(s) break it{named}"


@dataclass(frozen=True)
class Suite:
    """``frame``: what is judged. ``asset``: the asset it speaks for, which nothing goes past while it fails.

    ``settle``: where each row stands for something that can wait by itself, a list say, this is told what was found of each, says in
    sentences which of them wait, and the rest goes on.
    """

    name: str
    asset: tuple[str, str]
    frame: "Callable[[Settings], pl.DataFrame]"
    keys: tuple[str, ...]
    expectations: tuple[Expectation, ...] = field(default=())
    settle: "Callable[[Settings, pl.DataFrame, Sequence[Finding]], list[str]] | None" = None

    @property
    def columns(self) -> list[str]:
        """What is looked at of the frame."""
        return sorted({*self.keys, *(column for wanted in self.expectations for column in wanted.columns)})

    @property
    def paired(self) -> set[str]:
        """What is held against another column."""
        return {column for wanted in self.expectations if len(wanted.columns) > 1 for column in wanted.columns}


def between(
    column: str, low: float | None, high: float | None, because: str, severity: Literal["critical", "warning"] = "critical"
) -> Expectation:
    return Expectation("ExpectColumnValuesToBeBetween", {"column": column, "min_value": low, "max_value": high}, because, severity)


def among(column: str, values: tuple[str, ...], because: str) -> Expectation:
    return Expectation("ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)}, because)


def unique(columns: tuple[str, ...], because: str) -> Expectation:
    if len(columns) == 1:
        return Expectation("ExpectColumnValuesToBeUnique", {"column": columns[0]}, because)
    return Expectation("ExpectCompoundColumnsToBeUnique", {"column_list": list(columns)}, because)


def filled(column: str, because: str) -> Expectation:
    return Expectation("ExpectColumnValuesToNotBeNull", {"column": column}, because)


def equal(left: str, right: str, because: str) -> Expectation:
    return Expectation("ExpectColumnPairValuesToBeEqual", {"column_A": left, "column_B": right}, because)
