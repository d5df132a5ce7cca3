"""Who was on which list on which day: ``lake/lists/history/<as-of day>.parquet``, which nothing can make anew.

A day comes from what readers see, not from what a run is about to publish: the run after a publication puts that day on record before it
builds lists of its own. So a run that fails or is killed leaves no campaign behind, and a day that was published again counts as it was
published last. A run that looks back has a folder of its own with the days before its day.
"""

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.io import link_or_copy, write_parquet
from orchestration.lists.verdicts import WITHHELD
from orchestration.publication import current
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl


def keep_published(settings: Settings, as_of: date) -> None:
    """Put what is published on record; for a run that looks back to ``as_of``, take over what was on record before that day."""
    own = folder(settings)
    if settings.looks_back:
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        for path in _days(settings.lake / "lists" / "history", as_of):
            link_or_copy(str(path), str(own / path.name))
    elif published := current(settings.home):
        members = settings.home / "published" / "parquet" / "list_members" / "list_members.parquet"
        if members.exists():
            write_parquet(_on_record(members), own / f"{published['as_of']}.parquet")


def days_before(settings: Settings, as_of: date) -> list[Path]:
    """The files of the days before ``as_of``, the earliest first: ``LIST_HISTORY`` each."""
    return _days(folder(settings), as_of)


def folder(settings: Settings) -> Path:
    """Where the days stand, a file each."""
    return settings.derived / "lists" / "history"


def _days(place: Path, before: date) -> list[Path]:
    return sorted(path for path in place.glob("????-??-??.parquet") if path.stem < before.isoformat())


def _on_record(members: Path) -> "pl.LazyFrame":
    import polars as pl

    from transforms.contact import INTERNAL
    from transforms.schemas import LIST_HISTORY

    found = pl.scan_parquet(members, glob=False)
    if "holdout" not in found.collect_schema():  # published by a version that knew no other holdout than a list's own
        found = found.with_columns(holdout=pl.when(status="holdout").then(pl.lit("list")))
    # A list that waited, or by which nobody is contacted, was no campaign; neither was anybody held out of one.
    waited = found.filter(status=WITHHELD).select("list_name").unique()
    campaigns = found.join(waited, on="list_name", how="anti").filter(pl.col("channel") != INTERNAL)
    on_them = campaigns.filter(pl.col("status").is_in(["send", "holdout"]))
    return on_them.select(LIST_HISTORY.names()).match_to_schema(LIST_HISTORY)
