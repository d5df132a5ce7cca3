"""Of a file that something is wrong with, every row that lands is one that is truly in it; what can't be told apart is refused or held.

Where keys of a profile would read the file, the message of the held file names them, and they do.
"""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pytest
import yaml

from orchestration.dumps.landing import Landing
from orchestration.dumps.looks import look
from orchestration.errors import RegularsError
from tests.orchestration.dumps import polluted
from tests.orchestration.dumps.conftest import Home
from tests.orchestration.dumps.polluted import Polluted

COLUMNS = {
    "order_id": "order",
    "ordered_at": "day",
    "quantity": "pieces",
    "product_id": "article",
    "unit_price": "price",
    "product_name": "name",
    "category": "description",
    "customer_id": "customer",
    "city": "comment",
}
"""Canonical column → the dump's, in the dump's order. Text columns take whatever text a shifted row would put into them."""
AS_DELIVERED = """order_id, strftime(ordered_at, '%Y-%m-%d %H:%M:%S'), quantity::integer::varchar, product_id, printf('%.2f', unit_price),
    product_name, coalesce(category, ''), customer_id, coalesce(city, '')"""
OF_NO_KEY = {"payload: none", "payload: header alone", "header: none"}
"""What is held whatever a profile says: there are no rows, or no names."""


def land(home: Home, files: Iterable[Polluted], keys: dict[str, Any]) -> Landing:
    """Each of the files under a number of its own, read with those keys."""
    (home.folder / "profiles").mkdir(exist_ok=True)
    feed = {"files": "orders*", **keys, "columns": COLUMNS}
    (home.folder / "profiles" / "mine.yaml").write_text(yaml.safe_dump({"version": 1, "title": "t", "feeds": {"orders": feed}}))
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: mine}}\n")
    for number, file in enumerate(files):
        home.deliver(f"orders_{number:05d}.csv", file.content)
    return home.land()


def landed(home: Home) -> dict[str, list[tuple[str, ...]]]:
    """File id → its clean rows, each value as it was delivered."""
    rows = home.clean(f"file_id, {AS_DELIVERED}")
    return {file_id: [row[1:] for row in found] for file_id, found in groupby(rows, key=lambda row: str(row[0]))}


def assert_true(file: Polluted, rows: list[tuple[str, ...]]) -> None:
    """No row is wrong or there twice, and none is missing but those that the pollution touches."""
    true = {tuple(row) for row in file.rows}
    assert not set(rows) - true, "a row landed that is none of the file's"
    assert len(set(rows)) == len(rows)
    assert len(true) - len(rows) <= file.rows_hit


def keys_named(reason: str) -> dict[str, Any]:
    """Keys in the message of a held file. For a second table it names two ways; the first reads the rows above it."""
    named = re.findall(r"`([a-z_]+: [^`]+)`", reason)
    return {key: value for text in (named[:1] if reason.startswith("several") else named) for key, value in yaml.safe_load(text).items()}


@pytest.mark.parametrize("file", [pytest.param(file, id=f"{file.kind}: {file.name}") for file in polluted.whole_files()])
def test_a_file_in_another_form_is_read_or_held_with_the_keys_that_read_it(
    home: Home, file: Polluted, request: pytest.FixtureRequest
) -> None:
    keys: dict[str, Any] = {}
    landing = land(home, [file], keys)
    for _ in range(2):  # a message may name a key whose use shows what else is the matter
        if not landing.held:
            break
        named = keys_named(str(landing.held[0].reason))
        if request.node.callspec.id in OF_NO_KEY:
            assert not named
            return
        assert named, landing.held[0].reason
        keys |= named
        landing = land(home, [file], keys)
    assert not landing.held
    assert request.node.callspec.id not in OF_NO_KEY
    assert landing.rows_delivered == landing.rows_clean + landing.rows_quarantined
    assert_true(file, next(iter(landed(home).values())))


@pytest.mark.parametrize("file", [pytest.param(file, id=f"{file.kind}: {file.name}") for file in polluted.whole_files()])
def test_inspect_finds_the_keys_that_read_a_file_in_another_form(home: Home, file: Polluted, request: pytest.FixtureRequest) -> None:
    path = home.folder / "orders.csv"
    path.write_bytes(file.content)
    if request.node.callspec.id == "payload: none":
        with pytest.raises(RegularsError, match="is empty"):
            look(path, 1000)
        return
    looked = look(path, 1000)
    if request.node.callspec.id in OF_NO_KEY:
        assert looked.has_header == (file.kind == "payload")
        return
    landing = land(home, [file], looked.keys)
    assert not landing.held
    assert_true(file, next(iter(landed(home).values())))


def test_a_file_whose_rows_escape_quotes_otherwise_is_held_with_the_key_that_reads_them(home: Home) -> None:
    (file,) = (each for each in polluted.whole_files(90) if (each.kind, each.name) == ("escape", "backslash"))
    (held,) = land(home, [file], {}).held
    assert str(held.reason).startswith("too_many_refused: ")
    assert keys_named(str(held.reason)) == {"escape": "\\"}
    assert not land(home, [file], {"escape": "\\"}).held
    assert_true(file, next(iter(landed(home).values())))


@pytest.mark.slow
@pytest.mark.parametrize("made", [polluted.rows_of_a_file, polluted.minimal_rows], ids=["all quoted", "quoted where needed"])
def test_a_row_that_something_is_wrong_with_is_refused_and_leaves_the_others_as_they_are(home: Home, made: Any) -> None:
    files = list(made(rows=9))
    landing = land(home, files, {})
    rows = landed(home)
    assert len(landing.live) + len(landing.held) == len({file.content for file in files})
    by_name = {file.file_name: file for file in landing.live}
    hit_header = 0
    for number, file in enumerate(files):
        found = by_name.get(f"orders_{number:05d}.csv")
        if file.name.split(",")[0] == "0":  # the header is at fault: all of its file is held, or refused
            hit_header += 1
            if found:
                assert not set(rows.get(found.file_id, [])) - {tuple(row) for row in file.rows}
        elif found:  # another file may have the very same bytes
            assert_true(file, rows.get(found.file_id, []))
    assert not [file.reason for file in landing.held if int(file.file_name[7:12]) >= hit_header]
