"""Whole files: what looks wrong is held with a reason and an advice, the others go on, and nothing that counted is taken away by it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestration import settings as home_settings
from orchestration.dumps import receive as received
from orchestration.dumps.completeness import waiting
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order


def orders(*rows: str, header: str = ORDERS_HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def day(number: int, rows: int) -> tuple[str, str]:
    date = f"2026-03-{number:02d}"
    return f"orders_{date}.csv", orders(*(order(number * 10_000 + row, ordered_at=date) for row in range(rows)))


def reasons(home: Home) -> list[str]:
    return [(file.reason or "").split(":")[0] for file in home.land().held]


@pytest.mark.parametrize(("rows", "expected"), [(20_000, ["unusual_volume"]), (10, ["unusual_volume"]), (9_000, []), (200, [])])
def test_a_volume_far_from_what_its_source_usually_delivers_is_held(
    configured: Callable[[str], Home], rows: int, expected: list[str]
) -> None:
    home = configured("time_zone: UTC\nsources: {shop: {volume_from_files: 3}}\n")
    for number in (1, 2, 3):
        home.deliver(*day(number, 1_200))
    assert reasons(home) == [], "on a fresh inbox nothing is usual yet"
    home.deliver(*day(4, rows))
    assert reasons(home) == expected


def test_a_file_without_rows_is_held_unless_such_days_are_expected_and_never_takes_rows_away(configured: Callable[[str], Home]) -> None:
    home = configured("time_zone: UTC\n")
    home.deliver("orders_1.csv", orders())
    assert reasons(home) == ["no_rows"]
    home = configured("time_zone: UTC\nsources: {shop: {empty_files: expected}}\n")
    home.deliver("orders_2.csv", orders(order(1)))
    home.land()
    home.deliver("orders_2.csv", orders())
    landing = home.land()
    assert [(file.file_name, file.rows_delivered) for file in landing.late] == [("orders_2.csv", 0)]
    assert "has no rows, and what came before has" in landing.warnings()[0]
    assert home.clean("order_id") == [("O1",)]


def test_a_renamed_column_is_told_with_the_name_it_may_have_now(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1), header=ORDERS_HEADER.replace("order_id", "order_no", 1)))
    (held,) = home.land().held
    assert held.reason is not None
    assert held.reason.startswith("missing_column: feed 'orders' needs order_id (looked for 'order_id')")
    assert "Column 'order_no' is new and 'order_id' is missing: renamed? Add it to `source:` of order_id" in held.reason


def test_a_missing_column_that_no_other_may_be_is_told_with_the_way_out(home: Home) -> None:
    header, row = "order_id,customer_id,quantity,unit_price", "O1,C1,1,2.50"
    home.deliver("orders_1.csv", f"{header}\n{row}\n")
    (held,) = home.land().held
    assert held.reason is not None
    assert held.reason.endswith(
        "Have it delivered with that column, or say in a profile which one it is: regulars inspect FILE --write-profile NAME"
    )


def test_a_column_that_always_came_and_counts_does_not_vanish_without_a_word(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1)))
    home.land()
    home.deliver("orders_2.csv", orders(order(2), header=ORDERS_HEADER.replace("status", "order_status")))
    (held,) = home.land().held
    assert held.reason is not None
    assert held.reason.startswith("column_gone: every file of feed 'orders' so far had the column 'status'")
    assert "Column 'order_status' is new and 'status' is missing: renamed?" in held.reason


def test_a_new_column_is_kept_in_raw_recorded_and_told_once(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1)))
    assert home.land().warnings() == []
    for number in (2, 3):
        home.deliver(f"orders_{number}.csv", orders(order(number) + ",gold", header=ORDERS_HEADER + ",loyalty_card"))
    landing = home.land()
    assert [file.new_columns for file in landing.live] == ["loyalty_card", "loyalty_card"]
    assert landing.warnings() == [
        "New column 'loyalty_card' in shop/orders_2.csv and 1 more: kept in raw, not read. "
        "To read it, map it in the profile's feed 'orders'."
    ]
    home.deliver("orders_4.csv", orders(order(4) + ",gold", header=ORDERS_HEADER + ",loyalty_card"))
    assert home.land().warnings() == []


def test_a_total_at_the_end_is_never_an_order(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1), order(2), ",,,,,4,19.80", "Total,,,,,4,19.80"))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (4, 2, 2)
    assert home.quarantine("line, reason, column_name") == [(4, "missing_value", "order_id"), (5, "missing_value", "ordered_at")]


def test_a_file_that_grows_while_it_is_copied_is_left_for_the_next_look(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home.deliver("orders_1.csv", orders(*map(order, range(3))))
    copy = received._kept

    def copied_while_another_writes(*arguments: Any) -> Iterator[bytes]:
        yield from copy(*arguments)
        with path.open("a") as writer:
            writer.write("O9,1,")

    with monkeypatch.context() as patched:
        patched.setattr(received, "_kept", copied_while_another_writes)
        landing = home.land()
    assert (landing.files, landing.unfinished) == (0, ["shop/orders_1.csv changed while it was read"])
    assert not list((home.folder / "lake" / "raw" / "shop").iterdir())
    path.write_text(orders(*map(order, range(5))))
    assert home.land().rows_clean == 5


MARKED = {
    "a marker with the whole name": "orders_1.csv.done",
    "a marker with the stem": "orders_1.done",
    "a marker of the folder": "_SUCCESS",
}


@pytest.mark.parametrize("marker", MARKED.values(), ids=MARKED)
def test_a_file_that_needs_a_marker_waits_for_it(configured: Callable[[str], Home], marker: str) -> None:
    home = configured("time_zone: UTC\nsources: {shop: {complete_when: done_file}}\n")
    home.deliver("orders_1.csv", orders(order(1)))
    landing = home.land()
    assert (landing.files, landing.unfinished) == (0, ["shop/orders_1.csv: no orders_1.csv.done beside it yet"])
    home.deliver(marker, "")
    landing = home.land()
    assert (landing.rows_clean, landing.held, landing.unfinished) == (1, [], [])


def _manifest(content: bytes, **changes: object) -> dict[str, object]:
    true = {"bytes": len(content), "rows": 2, "sha256": hashlib.sha256(content).hexdigest()}
    return {"name": "orders_1.csv", **true, **changes}


MANIFESTS: dict[str, tuple[str, Callable[[dict[str, object]], str]]] = {
    "a list of files": ("manifest.json", lambda entry: json.dumps({"files": [entry]})),
    "files by name": ("orders.manifest.json", lambda entry: json.dumps({entry.pop("name"): entry})),
    "a table": ("manifest_2026.csv", lambda entry: ",".join(entry) + "\n" + ",".join(map(str, entry.values())) + "\n"),
}


@pytest.mark.parametrize(("name", "written"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_file_has_to_be_what_its_manifest_promises(
    configured: Callable[[str], Home], name: str, written: Callable[[dict[str, object]], str]
) -> None:
    home = configured("time_zone: UTC\nsources: {shop: {complete_when: manifest}}\n")
    content = orders(order(1), order(2)).encode()
    home.deliver("orders_1.csv", content)
    assert home.land().unfinished == ["shop/orders_1.csv: no manifest names it yet"]
    for wrong, told in (("bytes", "bytes 104"), ("rows", "rows 2"), ("sha256", "sha256 ")):
        home.deliver(name, written(_manifest(content, **{wrong: "0" if wrong == "sha256" else 5})))
        (held,) = home.land().held
        assert held.reason is not None
        assert held.reason.startswith("manifest_mismatch: the manifest promises")
        assert told.split()[0] in held.reason
        assert home.land().files == 0, "it is looked at again when it or its manifest changes"
    home.deliver(name, written(_manifest(content)))
    assert home.land().rows_clean == 2


def test_a_manifest_that_cannot_be_read_is_named(configured: Callable[[str], Home]) -> None:
    home = configured("time_zone: UTC\nsources: {shop: {complete_when: manifest}}\n")
    home.deliver("orders_1.csv", orders(order(1)))
    home.deliver("manifest.json", "{")
    settings = home_settings.load(home.folder, {})
    (sentence,) = waiting(settings, home.ledger(), {}).unfinished
    assert "manifest.json can't be read as a manifest" in sentence
