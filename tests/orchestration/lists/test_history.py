"""The record of who was on which list: made of what was published, day by day, and of nothing else."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from orchestration.io import write_parquet
from orchestration.lists import history
from orchestration.settings import Settings
from transforms.schemas import LIST_HISTORY, LIST_MEMBERS

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def publish(settings: Settings, day: date, *members: tuple[str, str, str | None], schema: pl.Schema = LIST_MEMBERS) -> None:
    """As a run would have: customer, status and holdout of the members of one list."""
    rows = [("fans", customer, day, status, "email", "why", "因为", which) for customer, status, which in members]
    folder = settings.home / "published"
    write_parquet(
        pl.DataFrame(rows, schema=LIST_MEMBERS, orient="row").select(schema.names()),
        folder / "parquet" / "list_members" / "list_members.parquet",
    )
    (folder / "publication.json").write_text(json.dumps({"as_of": day.isoformat()}), encoding="utf-8")


def on_record(settings: Settings, before: date = date(2027, 1, 1)) -> list[tuple[str, str, str, str | None]]:
    days = [pl.read_parquet(path) for path in history.days_before(settings, before)]
    assert all(day.schema == LIST_HISTORY for day in days)
    return [
        (str(row["as_of_date"]), row["customer_id"], row["status"], row["holdout"]) for day in days for row in day.iter_rows(named=True)
    ]


def test_a_day_is_on_record_once_it_is_published_and_the_next_run_begins(settings: Settings) -> None:
    history.keep_published(settings, FIRST)
    assert on_record(settings) == []
    publish(settings, FIRST, ("c1", "send", None), ("c2", "holdout", "list"), ("c3", "holdout", "global"), ("c4", "no_consent", None))
    assert on_record(settings) == []
    history.keep_published(settings, SECOND)
    first = [("2026-03-01", "c1", "send", None), ("2026-03-01", "c2", "holdout", "list"), ("2026-03-01", "c3", "holdout", "global")]
    assert on_record(settings) == first
    history.keep_published(settings, SECOND)
    assert on_record(settings) == first, "a run that was killed and begins again finds the same"
    publish(settings, SECOND, ("c1", "send", None))
    history.keep_published(settings, SECOND)
    assert on_record(settings) == [*first, ("2026-03-02", "c1", "send", None)]
    assert on_record(settings, SECOND) == first, "a day is not in its own past"


def test_a_day_that_is_published_again_counts_as_it_was_published_last(settings: Settings) -> None:
    for customer in ("c1", "c2"):
        publish(settings, FIRST, (customer, "send", None))
        history.keep_published(settings, SECOND)
    assert on_record(settings) == [("2026-03-01", "c2", "send", None)]
    publish(settings, FIRST)
    history.keep_published(settings, SECOND)
    assert on_record(settings) == []


def test_a_look_back_knows_the_days_before_its_own_and_leaves_the_record_alone(settings: Settings) -> None:
    for day in (FIRST, SECOND, date(2026, 3, 3)):
        publish(settings, day, ("c1", "send", None))
        history.keep_published(settings, day)
    before = on_record(settings)
    apart = settings.looking_back_to("2026-03-02")
    for _ in range(2):
        history.keep_published(apart, SECOND)
        assert on_record(apart) == [("2026-03-01", "c1", "send", None)]
    assert history.folder(apart) != history.folder(settings)
    write_parquet(LIST_HISTORY.to_frame(), history.folder(apart) / "2026-03-01.parquet")
    assert on_record(settings) == before, "a file of the look back is never written through to the record"


def test_lists_published_before_there_was_a_global_holdout_are_read_too(settings: Settings) -> None:
    former = pl.Schema({name: kind for name, kind in LIST_MEMBERS.items() if name != "holdout"})
    publish(settings, FIRST, ("c1", "send", None), ("c2", "holdout", "list"), schema=former)
    history.keep_published(settings, SECOND)
    assert on_record(settings) == [("2026-03-01", "c1", "send", None), ("2026-03-01", "c2", "holdout", "list")]


def test_a_list_that_waited_and_one_by_which_nobody_is_contacted_are_no_campaigns(settings: Settings) -> None:
    rows = [
        ("fans", "c1", FIRST, "send", "email", "why", "因为", None),
        ("waits", "c1", FIRST, "withheld", "email", "why", "因为", None),
        ("waits", "c2", FIRST, "holdout", "email", "why", "因为", "list"),
        ("watch", "c3", FIRST, "send", "none", "why", "因为", None),
    ]
    publish(settings, FIRST)
    write_parquet(
        pl.DataFrame(rows, schema=LIST_MEMBERS, orient="row"),
        settings.home / "published" / "parquet" / "list_members" / "list_members.parquet",
    )
    history.keep_published(settings, SECOND)
    assert on_record(settings) == [("2026-03-01", "c1", "send", None)]
