"""What counts follows from what was delivered, not from the order in which it was read; and the ledger says how it came about."""

import io
import os
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.dumps.ledger import Ledger
from orchestration.dumps.ledger_schema import _TABLES
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

HOUR = 3_600


def orders(*rows: str) -> bytes:
    return ("\n".join([ORDERS_HEADER, *rows]) + "\n").encode()


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return content.getvalue()


LATER = orders(order(7, ordered_at="2026-03-04 10:00:00"))
"""Under the name of March 1 its date is out of range, under that of March 2 it is not."""

DELIVERIES: list[tuple[str, bytes, int]] = [
    ("orders_2026-02-01.csv", orders(order(1, ordered_at="2026-02-01"), order(2, ordered_at="2026-02-01", unit_price="?")), 1),
    ("orders_2026-02-01.csv", orders(order(1, ordered_at="2026-02-01", quantity="5")), 5),
    ("orders_2026-02-01.csv", orders(order(1, ordered_at="2026-02-01", quantity="6")), 9),
    ("orders_2026-02-02.csv", orders(order(3, ordered_at="2026-02-02"), order(3, ordered_at="2026-02-01")), 2),
    ("orders_2026-02-03.csv", orders(), 3),
    ("orders_2026-02-04.csv", b"order_id\nO1\n", 3),
    ("orders_2026-03-01.csv", LATER, 4),
    ("orders_2026-03-02.csv", LATER, 5),
    ("january.zip", zipped({"orders_1.csv": orders(order(11)), "orders_2.csv": orders(order(12))}), 6),
    ("january.zip", zipped({"orders_1.csv": orders(order(11)), "orders_3.csv": orders(order(13, quantity="x"))}), 8),
    ("orders_2.csv", orders(order(12)), 7),
]
"""Name, content, and the hour at which it was last modified."""


def state(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """What counts: which contents under which names, their clean rows, and what they have in quarantine."""
    ledger = home.ledger()
    live = ledger.files("live")
    ledger.close()
    names = {file.file_id: file.delivery_key for file in live}
    clean = home.clean("file_id, line, order_id, ordered_at, quantity, unit_price")
    refused = [row for row in home.quarantine("file_id, line, reason, original") if row[0] in names]
    return {
        "live": sorted((file.delivery_key, file.rows_delivered, file.rows_clean, file.rows_quarantined) for file in live),
        "clean": sorted((names[row[0]], *row[1:]) for row in clean),
        "quarantine": sorted((names[row[0]], *row[1:]) for row in refused),
    }


def deliver_all(home: Home, sequence: list[int], ends: set[int]) -> None:
    """Deliver in that order, and land behind some of the deliveries; a name is never delivered twice between two landings."""
    waiting: set[str] = set()
    for place, index in enumerate(sequence):
        name, content, hour = DELIVERIES[index]
        if name in waiting:
            home.land()
            waiting.clear()
        path = home.deliver(name, content)
        os.utime(path, (hour * 2 * HOUR, hour * 2 * HOUR))
        waiting.add(name)
        if place in ends:
            home.land()
            waiting.clear()
    home.land()


def new_home(folder: str) -> Home:
    (Path(folder) / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {empty_files: expected}}\n")
    return Home(Path(folder))


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    home = new_home(str(tmp_path_factory.mktemp("home")))
    deliver_all(home, list(range(len(DELIVERIES))), set(range(len(DELIVERIES))))
    return state(home)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequence=st.permutations(range(len(DELIVERIES))), ends=st.sets(st.integers(0, len(DELIVERIES)), max_size=4))
def test_any_order_and_any_split_into_runs_leaves_the_same_rows(
    in_order: dict[str, list[tuple[Any, ...]]], sequence: list[int], ends: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = new_home(folder)
        deliver_all(home, sequence, ends)
        assert state(home) == in_order


def test_what_counts_in_the_end_is_what_a_person_would_say(in_order: dict[str, list[tuple[Any, ...]]]) -> None:
    assert [(row[0].split()[1], row[2], int(row[4])) for row in in_order["clean"]] == [
        ("january.zip/orders_1.csv", "O11", 2),
        ("orders_2.csv", "O12", 2),
        ("orders_2026-02-01.csv", "O1", 6),
        ("orders_2026-02-02.csv", "O3", 2),
        ("orders_2026-02-02.csv", "O3", 2),
        ("orders_2026-03-02.csv", "O7", 2),  # under its other name it has no row that can be read
    ]
    assert in_order["quarantine"] == []  # of january.zip/orders_3.csv no row can be read: it is held


def test_a_redelivery_is_recorded_with_old_and_new_counts(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1), order(2), order(3, unit_price="?")))
    home.land()
    home.deliver("orders_1.csv", orders(order(1)))
    home.land()
    ledger = home.ledger()
    (change,) = ledger.changes()
    assert (change.action, change.rows_before, change.clean_before, change.rows_after, change.clean_after) == ("replaced", 3, 2, 1, 1)
    (live,) = ledger.files("live")
    (former,) = ledger.files("superseded")
    assert (live.replaces, change.former_file_id) == (former.file_id, former.file_id)


def test_the_ledger_says_how_a_file_was_read(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", orders(order(1), order(2, ordered_at="2026-03-01 12:00:00")))
    (file,) = home.land().live
    assert (file.profile_name, file.profile_version, file.run_id) == ("canonical", 2, "test-run")
    assert (file.first_event_at, file.last_event_at) == ("2026-03-01 10:00:00", "2026-03-01 12:00:00")
    assert (file.rows_delivered, file.rows_clean, file.rows_quarantined) == (2, 2, 0)


def test_an_older_version_that_comes_late_is_kept_and_told_and_does_not_count(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1)))
    home.land()
    path = home.deliver("orders_1.csv", orders(order(1, quantity="9")))
    os.utime(path, (path.stat().st_mtime - 2 * HOUR,) * 2)
    landing = home.land()
    assert home.clean("quantity::integer") == [(2,)]
    (late,) = landing.late
    assert landing.warnings() == [
        f"shop/orders_1.csv is older than what counts under its name: kept, not counted. If it is right: regulars release {late.file_id}"
    ]
    assert home.land().files == 0


def test_a_content_held_for_its_name_is_read_under_a_better_one(home: Home) -> None:
    home.deliver("notes.txt", orders(order(1)))
    assert len(home.land().held) == 1
    home.deliver("orders_1.csv", orders(order(1)))
    assert home.land().rows_clean == 1
    assert home.clean("order_id") == [("O1",)]


def test_a_ledger_of_the_first_version_is_brought_up_to_date_with_all_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(_TABLES)
        columns = "file_id, source, file_name, sha256, size_bytes, delivered_at, profile, feed, delivery_key, state, run_id"
        for number, kept in enumerate(("superseded", "live")):
            values = (f"id{number}", "shop", "orders_1.csv", f"sha{number}", 9, "2026-03-01T00:00:00+00:00", "p", "orders", "k", kept, "r")
            connection.execute(f"insert into files ({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.close()
    for _ in range(2):
        ledger = Ledger(path)
        assert [(file.file_id, file.state, file.kind) for file in ledger.files()] == [
            ("id0", "superseded", "file"),
            ("id1", "live", "file"),
        ]
        live = ledger.live_version("shop", "orders_1.csv")
        assert live is not None
        assert live.file_id == "id1"
        with ledger.transaction():
            assert ledger.settle("shop", ["orders_1.csv"], "r") == []
        ledger.close()


def test_a_ledger_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(RegularsError, match="written by a later version of Regulars"):
        Ledger(path)


def test_every_live_row_stands_in_exactly_one_batch(home: Home) -> None:
    """Reading a file anew must not leave its rows in the batch where they stood before and in the new one."""
    partly_later = orders(order(6, ordered_at="2026-03-01 10:00:00"), order(7, ordered_at="2026-03-04 10:00:00"))
    home.deliver("orders_2026-03-02.csv", partly_later)
    home.land()
    home.deliver("orders_2026-03-01.csv", partly_later)
    home.land()
    assert home.clean("order_id") == [("O6",)]
    assert [row[1] for row in home.quarantine("file_id, reason")] == ["date_out_of_range"]
    rows = duckdb.sql(f"select count(*) from read_parquet('{home.folder}/lake/clean/orders/*.parquet')").fetchall()
    assert rows == [(3,)], "the earlier reading stays in its batch and no longer counts"


@pytest.mark.parametrize("names", [("orders_2026-03-01.csv", "orders_2026-03-02.csv"), ("orders_2026-03-02.csv", "orders_2026-03-01.csv")])
def test_a_content_of_which_no_row_can_be_read_under_one_of_its_names_counts_under_the_other(home: Home, names: tuple[str, str]) -> None:
    for name in names:
        home.deliver(name, LATER)
        home.land()
    assert home.clean("order_id") == [("O7",)]
    assert home.land().files == 0, "the name that does not fit is not tried again"


def test_a_file_of_which_no_row_can_be_read_is_held_and_says_which_name_bounds_its_dates(home: Home) -> None:
    home.deliver("orders_2026-03-01.csv", LATER)
    (held,) = home.land().held
    assert held.reason == (
        "too_many_refused: 1 of 1 rows can't be read, and no other can: 1 date_out_of_range; the date is before 1990, or later than "
        "2026-03-03: 2 days after 2026-03-01, the date in the name 'orders_2026-03-01.csv'; if that is no date of the rows, set "
        "`delivery_date` in the profile"
    )
