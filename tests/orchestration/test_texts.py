"""Reviews are read once: what was read stays read until the lists change or its batch goes."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration import built, texts
from orchestration.errors import RegularsError
from orchestration.settings import Settings

BODIES = {"a": ["质量很好", "物流太慢", None], "b": ["Broken box"]}


def home(folder: Path, **sections: Any) -> Settings:
    return Settings(home=folder, **sections)


def land(folder: Path, batch: str) -> Path:
    bodies = BODIES[batch]
    rows = {"file_id": [batch] * len(bodies), "line": list(range(2, 2 + len(bodies))), "title": [None] * len(bodies), "body": bodies}
    schema = {"file_id": pl.String, "line": pl.Int64, "title": pl.String, "body": pl.String}
    path = folder / "lake" / "clean" / "reviews" / f"{batch}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=schema).with_columns(rating=pl.lit(None, pl.Int32)).write_parquet(path)
    return path


def topics(folder: Path) -> list[tuple[Any, ...]]:
    found = pl.read_parquet(folder / "lake" / "texts" / "review_topics" / "*.parquet")
    return sorted(found.select("file_id", "line", "topic", "tone").iter_rows())


def test_a_second_day_reads_only_the_batches_that_came_since(tmp_path: Path) -> None:
    land(tmp_path, "a")
    assert texts.read(home(tmp_path)) == texts.TextsRead(batches=1, rows=3)
    land(tmp_path, "b")
    assert texts.read(home(tmp_path)) == texts.TextsRead(batches=1, rows=1, batches_read_before=1)
    assert texts.read(home(tmp_path)) == texts.TextsRead(batches_read_before=2)
    assert topics(tmp_path) == [
        ("a", 2, "quality", "positive"),
        ("a", 3, "logistics", "negative"),
        ("b", 2, "packaging", "negative"),
        ("b", 2, "quality", "negative"),
    ]


def test_day_by_day_leaves_the_same_files_as_at_once(tmp_path: Path) -> None:
    for name in ("daily", "at_once"):
        for batch in BODIES:
            land(tmp_path / name, batch)
            if name == "daily":
                texts.read(home(tmp_path / name))
        texts.read(home(tmp_path / name))
    files = [
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name / "lake" / "texts").rglob("*.parquet")}
        for name in ("daily", "at_once")
    ]
    assert files[0] == files[1]
    assert len(files[0]) == 4


def test_a_batch_that_goes_takes_what_was_read_of_it_along(tmp_path: Path) -> None:
    batch = land(tmp_path, "a")
    land(tmp_path, "b")
    texts.read(home(tmp_path))
    batch.unlink()
    texts.read(home(tmp_path))
    assert {file_id for file_id, *_ in topics(tmp_path)} == {"b"}


def test_an_edit_of_the_lists_reads_everything_anew_and_has_the_facts_built_anew(tmp_path: Path) -> None:
    land(tmp_path, "a")
    before, after = home(tmp_path), home(tmp_path, texts={"topics": {"speed": {"zh": "速度", "words": ["太慢", "慢"]}}})
    texts.read(before)
    assert texts.read(after) == texts.TextsRead(batches=1, rows=3)
    assert ("a", 3, "speed", "negative") in topics(tmp_path)
    for settings in (before, after):
        settings.warehouse.touch()
        settings.working.touch()
    record = built.read(before, {"texts": texts.fingerprint(before)}).after("2026-03-01", [])
    built.write(before, record)
    assert built.read(before, {"texts": texts.fingerprint(before)}).as_of == "2026-03-01"
    assert built.read(after, {"texts": texts.fingerprint(after)}).as_of == ""
    assert before.fingerprint != after.fingerprint, "what is published under the former lists is not up to date"


def test_what_was_half_written_is_read_again(tmp_path: Path) -> None:
    land(tmp_path, "a")
    texts.read(home(tmp_path))
    next((tmp_path / "lake" / "texts" / "review_topics").glob("*.parquet")).unlink()
    assert texts.read(home(tmp_path)).batches == 1


def test_a_wrong_entry_is_told_in_a_sentence_before_a_run_begins(tmp_path: Path) -> None:
    with pytest.raises(
        RegularsError, match=r"regulars.yaml: section 'texts' is not valid: sentiment.贵 is 9; expected a number from -3 to 3"
    ):
        texts.words_of(home(tmp_path, texts={"sentiment": {"贵": 9}}))


def test_what_was_read_holds_no_words_of_the_reviews(tmp_path: Path) -> None:
    land(tmp_path, "a")
    texts.read(home(tmp_path))
    for table in texts.TABLES:
        found = pl.read_parquet(tmp_path / "lake" / "texts" / table / "*.parquet")
        assert not {"title", "body", "entry"} & set(found.columns)
