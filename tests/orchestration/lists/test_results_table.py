"""``regulars results``: what a person reads, in both languages, at each stage of a home's life."""

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from orchestration.errors import RegularsError
from orchestration.io import write_parquet
from orchestration.lists import results_table
from orchestration.settings import Settings
from transforms.results import RESULT_COUNTS, results

DAY = date(2026, 3, 1)


def publish(home: Path, as_of: date, *days: tuple[str, int, tuple[int, int], tuple[int, int]]) -> None:
    """As a run would have: results of lists (name, days after the first, buyers and customers sent, the same held out)."""
    rows = [
        {"list_name": name, "as_of_date": DAY + timedelta(days=after), "channel": "email", "sent_bought_count": sent[0],
         "sent_count": sent[1], "held_out_bought_count": held_out[0], "held_out_count": held_out[1]}
        for name, after, sent, held_out in days
    ]  # fmt: skip
    counts = pl.DataFrame(rows, schema=RESULT_COUNTS).with_columns(pl.col(pl.Int64, pl.Float64, pl.Decimal).fill_null(0))
    folder = home / "published"
    write_parquet(results(counts.lazy(), 30, as_of), folder / "parquet" / "list_results" / "list_results.parquet")
    (folder / "publication.json").write_text(json.dumps({"as_of": as_of.isoformat()}), encoding="utf-8")


def shown(home: Path, list_name: str | None = None, language: str = "en") -> str:
    with Console(width=200, record=True, file=StringIO()) as console:
        results_table.show(console, Settings(home=home, language=language), list_name)  # type: ignore[arg-type]
    return console.export_text()


CAMPAIGNS = (
    ("champions", 0, (300, 1000), (10, 100)),
    ("champions", 3, (5, 50), (0, 2)),
    ("champions", 20, (1, 9), (0, 1)),
    ("*", 0, (400, 2000), (20, 100)),
    ("newcomers", 20, (3, 30), (1, 3)),
)


def test_each_list_has_its_figures_over_all_days_or_says_when_the_first_come(tmp_path: Path) -> None:
    publish(tmp_path, DAY + timedelta(days=40), *CAMPAIGNS)
    text = shown(tmp_path)
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert " ".join(lines["Champions"].split()) == "Champions finished days: 2 1,050 102 29.0% 9.8% +19.2 (+11.5 … +24.5) better"
    assert lines["all lists together"].strip().endswith("no difference shown")
    assert "first results on 2026-04-20" in lines["newcomers"]
    assert "for 30 days" in text
    assert "As of 2026-04-10" in text


def test_of_one_list_the_days_are_shown_the_latest_first(tmp_path: Path) -> None:
    publish(tmp_path, DAY + timedelta(days=40), *CAMPAIGNS)
    lines = [line for line in shown(tmp_path, "champions").splitlines() if line.startswith("Champions")]
    assert [line.removeprefix("Champions").strip().split("  ")[0] for line in lines] == [
        "finished days: 2",
        "2026-03-21",
        "2026-03-04",
        "2026-03-01",
    ]
    assert [line.strip().split("  ")[-1].strip() for line in lines] == ["better", "still running", "too small to say", "better"]


def test_it_speaks_chinese(tmp_path: Path) -> None:
    publish(tmp_path, DAY + timedelta(days=40), *CAMPAIGNS)
    text = shown(tmp_path, language="zh")
    assert "核心客户" in text
    assert "更好" in text
    assert "全部名单合计" in text
    assert "首次结果：2026-04-20" in text


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param((), "Nothing yet: first results on 2026-05-10, 30 days after the first list.", id="lists published today"),
        pytest.param((("champions", 20, (1, 9), (0, 1)),), "Nothing yet: first results on 2026-04-20", id="lists still running"),
    ],
)
def test_nothing_yet_says_when(tmp_path: Path, days: tuple, expected: str) -> None:
    publish(tmp_path, DAY + timedelta(days=40), *days)
    assert expected in shown(tmp_path)


def test_a_list_that_nobody_knows_is_refused_with_the_nearest(tmp_path: Path) -> None:
    publish(tmp_path, DAY + timedelta(days=40), *CAMPAIGNS)
    with pytest.raises(RegularsError, match=r"There is no list 'champion'. Did you mean 'champions'\? Known: "):
        shown(tmp_path, "champion")
    with pytest.raises(RegularsError, match="Nothing is published yet"):
        shown(tmp_path / "elsewhere")
