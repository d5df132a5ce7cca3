"""A run as of a day that is past: what it would have published then stands apart, and everybody else is as if it had never been."""

import csv
import hashlib
import re
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.sample import write_sample
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

LAST_DAY = date(2026, 10, 31)
STAYS = (
    "published",
    "exports",
    "publications",
    "warehouse.duckdb",
    "working.duckdb",
    "state/built.json",
    "lake/identity",
    "lake/history",
    "lake/lists/history",
)


def copy_of(home: Home, folder: Path) -> Home:
    return Home(Path(shutil.copytree(home.folder, folder, symlinks=True)))


def contents(home: Home) -> dict[str, str]:
    """Path → hash of each file that a reader or the next run looks at, and where each link points."""
    paths = sorted(path for name in STAYS for path in (home.folder / name, *(home.folder / name).rglob("*")))
    links = {str(path): str(path.readlink()) for path in paths if path.is_symlink()}
    return links | {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()}


def deliver_later(home: Home, day: date) -> None:
    """Files of a month after the day, with undated news of before it: orders cancelled, reviews changed, and a late order."""
    inbox = home.folder / "inbox" / "online"
    for kind, spoil in (("orders", cancelled), ("reviews", worst)):
        before = [path for path in sorted(inbox.glob(f"{kind}_????-??-??.csv")) if path.name < f"{kind}_{day}"][-5:]
        told = [spoil(row) for path in before for row in csv.DictReader(path.read_text("utf-8").splitlines())]
        assert told
        with (inbox / f"{kind}_{day + timedelta(days=30)}_again.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(told[0]))
            writer.writeheader()
            writer.writerows([*told, {**told[0], f"{kind[:-1]}_id": "late"}])


def cancelled(order: dict[str, str]) -> dict[str, str]:
    return {**order, "status": "cancelled"}


def worst(review: dict[str, str]) -> dict[str, str]:
    return {**review, "rating": "1"}


def remove_files_after(home: Home, day: date) -> None:
    for path in (home.folder / "inbox").rglob("*_????-??-??*"):
        if (dated := re.search(r"\d{4}-\d\d-\d\d", path.name)) and date.fromisoformat(dated[0]) > day:
            path.unlink()


def next_day(home: Home) -> list[tuple[Any, ...]]:
    """The next day's files delivered and run; which orders were built for them."""
    shutil.copytree(home.folder / "truth" / "later", home.folder / "inbox", dirs_exist_ok=True)
    assert home.run()["published"]
    return home.working("select order_key from intermediate.int_touched_orders order by 1")


def test_a_past_day_stands_apart_and_neither_readers_nor_the_next_day_notice(make_home: Callable[[str], Home], tmp_path: Path) -> None:
    looker = make_home("currency: CNY\ntime_zone: Asia/Shanghai\nsources: {online: {profile: canonical}, shops: {profile: canonical}}\n")
    write_sample(looker.folder, customers=120, seed=5)
    newcomer = copy_of(looker, tmp_path / "newcomer")
    day = (LAST_DAY - timedelta(days=100)).isoformat()
    deliver_later(looker, LAST_DAY - timedelta(days=100))
    assert looker.run()["as_of"] == LAST_DAY.isoformat()
    undisturbed = copy_of(looker, tmp_path / "undisturbed")
    killed = looker.folder / "as_of" / "2020-01-01"
    killed.mkdir(parents=True)
    (killed / "working.duckdb").touch()
    before = contents(looker)

    looked_back = looker.run(as_of=day)

    apart = Home(looker.folder / "as_of" / day)
    assert (looked_back["published"], looked_back["as_of"], looked_back["results"]) == (True, day, str(apart.folder))
    assert contents(looker) == before
    assert {path.name for path in apart.folder.iterdir()} == {"exports", "published", "publications"}, "no clear-text details stay behind"
    assert not killed.exists(), "nor those of a run that was killed while it looked back"
    assert (apart.folder / "exports" / "latest" / "manifest.json").exists()
    again = looker.run(as_of=day)
    assert (again["published"], again["is_current"]) == (False, True), "over the same lake the same day is there already"

    remove_files_after(newcomer, LAST_DAY - timedelta(days=99))  # a night's export may carry the day after
    assert newcomer.run(as_of=day)["results"] == str(newcomer.folder), "the first day of a home is no past one"
    assert apart.fingerprints() == newcomer.fingerprints(), "it is what would have been published on that day"

    touched, tables = next_day(looker), looker.fingerprints()
    shutil.rmtree(looker.folder)
    undisturbed.folder.rename(looker.folder)
    assert next_day(looker) == touched, "the next day builds what it would have built"
    assert 0 < len(touched) < 100, "which is what its files can reach"
    assert looker.fingerprints() == tables
