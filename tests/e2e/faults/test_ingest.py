"""What the product promises of dumps as they really arrive: a test or more per line of the list, each with a full account of the rows."""

import gzip
import io
import os
import zipfile
from collections.abc import Callable

import pytest

from tests.e2e.faults.conftest import assert_accounted_for, day, orders, settings
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

SOUND, SOUND_TEXT = day(1)


def held(home: Home) -> list[tuple[str, str]]:
    ledger = home.ledger()
    try:
        return [(file.file_name, (file.reason or "").split(":")[0]) for file in ledger.files("held")]
    finally:
        ledger.close()


def zipped(files: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def packed_wrong(text: str, damage: Callable[[bytearray], bytes]) -> bytes:
    return damage(bytearray(gzip.compress(text.encode())))


# 8 ── a half-written file is not picked up ────────────────────────────────────────────────────────────────────────────


def test_8_a_half_written_file_is_not_taken_before_its_marker_or_its_real_name(home: Home) -> None:
    settings(home, "sources: {shop: {complete_when: done_file}}\n")
    name, text = day(2)
    home.deliver(SOUND, SOUND_TEXT)
    home.deliver(f"{SOUND}.done", "")
    home.deliver(name, text[:60])
    home.deliver("orders_2026-03-03.csv.part", text[:60])
    assert home.land().unfinished == [f"shop/{name}: no {name}.done beside it yet"]
    assert_accounted_for(home, [SOUND_TEXT])
    home.deliver(name, text)
    home.deliver(f"{name}.done", "")
    home.land()
    assert_accounted_for(home, [SOUND_TEXT, text])


# 9 ── a plain file cut short is held ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cut", [1, 20, 40], ids=["in its price", "in its status", "in its time"])
def test_9_a_plain_file_cut_short_is_held_by_its_manifest(home: Home, cut: int) -> None:
    settings(home, "sources: {shop: {complete_when: manifest}}\n")
    name, text = day(2)
    home.deliver(SOUND, SOUND_TEXT)
    home.deliver("manifest.csv", f"name,bytes,rows\n{SOUND},{len(SOUND_TEXT)},3\n{name},{len(text)},3\n")
    home.deliver(name, text[:-cut])
    home.land()
    assert held(home) == [(name, "manifest_mismatch")]
    assert_accounted_for(home, [SOUND_TEXT])
    home.deliver(name, text)
    home.land()
    assert_accounted_for(home, [SOUND_TEXT, text])


def test_9_without_a_manifest_a_row_that_ends_too_early_holds_the_file(home: Home) -> None:
    name, text = day(2)
    home.deliver(SOUND, SOUND_TEXT)
    home.deliver(name, text[:-30])
    home.land()
    assert held(home) == [(name, "cut_off")]
    assert_accounted_for(home, [SOUND_TEXT])


def test_9_without_a_manifest_a_file_far_too_small_is_held(home: Home) -> None:
    settings(home, "sources: {shop: {volume_from_files: 2}}\n")
    texts = []
    for number in (1, 2):
        name, text = day(number, rows=1_200)
        home.deliver(name, text)
        texts.append(text)
    home.land()
    name, text = day(3, rows=50)
    home.deliver(name, text)
    home.land()
    assert held(home) == [(name, "unusual_volume")]
    assert_accounted_for(home, texts)


# 10 ── damaged compression: nothing of it is loaded ───────────────────────────────────────────────────────────────────

DAMAGE: dict[str, Callable[[bytearray], bytes]] = {
    "cut in half": lambda packed: bytes(packed[: len(packed) // 2]),
    "cut in its checksum": lambda packed: bytes(packed[:-5]),
    "a flipped bit": lambda packed: bytes(packed[:40] + bytes([packed[40] ^ 1]) + packed[41:]),
    "a wrong checksum": lambda packed: bytes(packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]),
    "a wrong length": lambda packed: bytes(packed[:-4] + bytes([packed[-4] ^ 1]) + packed[-3:]),
    "something behind it": lambda packed: bytes(packed + b"more"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_10_damaged_gzip_is_held_and_nothing_of_it_is_loaded(home: Home, damage: Callable[[bytearray], bytes]) -> None:
    name, text = day(2, rows=50)
    home.deliver(SOUND, SOUND_TEXT)
    home.deliver(f"{name}.gz", packed_wrong(text, damage))
    home.land()
    assert held(home) == [(f"{name}.gz", "corrupt_gzip")]
    assert_accounted_for(home, [SOUND_TEXT])


# 11, 12 ── archives that would fill the disk or write elsewhere ───────────────────────────────────────────────────────

ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "11: five hundred to one": (lambda: zipped({"orders_1.csv": b"0" * (300 << 20)}), "zip_bomb"),
    "11: archives in archives": (lambda: zipped({"orders_1.csv": zipped({"orders_1.csv": "x"})}), "nested_archive"),
    "11: ten thousand files": (lambda: zipped({f"orders_{number}.csv": "" for number in range(10_001)}), "zip_bomb"),
    "12: a path above": (lambda: zipped({"../../escaped_orders.csv": orders(order(9))}), "path_outside"),
    "12: an absolute path": (lambda: zipped({"/tmp/escaped_orders.csv": orders(order(9))}), "path_outside"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("make", "reason"), ARCHIVES.values(), ids=ARCHIVES)
def test_11_12_a_dangerous_archive_is_held_before_it_is_unpacked(home: Home, make: Callable[[], bytes], reason: str) -> None:
    home.deliver(SOUND, SOUND_TEXT)
    home.deliver("march.zip", make())
    home.land()
    assert held(home) == [("march.zip", reason)]
    assert not [path for path in home.folder.parent.rglob("*") if "escaped" in path.name]
    assert_accounted_for(home, [SOUND_TEXT])


# 13, 14 ── the same file twice, and a day delivered again ─────────────────────────────────────────────────────────────


def test_13_the_same_content_under_any_name_is_loaded_once_and_said_so(home: Home) -> None:
    home.deliver(SOUND, SOUND_TEXT)
    home.land()
    path = home.deliver(SOUND, SOUND_TEXT)
    os.utime(path, (1_900_000_000, 1_900_000_000))
    home.deliver("orders_2026-03-07.csv", SOUND_TEXT)
    landing = home.land()
    assert sorted(landing.already_loaded) == [f"shop/{SOUND}", "shop/orders_2026-03-07.csv"]
    assert_accounted_for(home, [SOUND_TEXT])


def test_14_a_day_delivered_again_replaces_that_day_and_old_and_new_counts_are_on_record(home: Home) -> None:
    name, text = day(2)
    home.deliver(SOUND, SOUND_TEXT)
    home.deliver(name, text)
    home.land()
    corrected = day(2, rows=5, quantity="7")[1]
    home.deliver(name, corrected + "?,1,C9,2026-03-02,paid,x,1\n")
    home.land()
    ledger = home.ledger()
    (change,) = ledger.changes()
    ledger.close()
    assert (change.action, change.rows_before, change.rows_after, change.clean_before, change.clean_after) == ("replaced", 3, 6, 3, 5)
    assert_accounted_for(home, [SOUND_TEXT, corrected], refused=1)


# 15, 17 ── overlaps and order of arrival ──────────────────────────────────────────────────────────────────────────────


def test_15_17_overlapping_files_keep_both_versions_with_the_key_that_decides_whichever_came_first(tmp_path: os.PathLike[str]) -> None:
    first, second = orders(order(1, status="paid")), orders(order(1, status="completed", quantity="5"))
    seen = []
    for number, sequence in enumerate([(0, 1), (1, 0)]):
        folder = os.path.join(tmp_path, str(number))
        os.mkdir(folder)
        home = Home(type(tmp_path)(folder))  # type: ignore[call-arg]
        settings(home, "")
        for index in sequence:
            home.deliver(("orders_2026-03-01.csv", "orders_2026-03-02.csv")[index], (first, second)[index])
            home.land()
        assert_accounted_for(home, [first, second])
        ledger = home.ledger()
        keys = {file.file_id: file.delivery_key for file in ledger.files("live")}
        ledger.close()
        seen.append(sorted((keys[row[0]], *row[1:]) for row in home.clean("file_id, order_id, status, quantity::integer")))
    assert seen[0] == seen[1]
    assert max(seen[0])[1:] == ("O1", "completed", 5), "the later business date has the greater key"


# 18, 19, 20 ── drift of the columns ───────────────────────────────────────────────────────────────────────────────────


def test_18_a_new_column_is_accepted_recorded_and_told(home: Home) -> None:
    home.deliver(SOUND, SOUND_TEXT)
    home.land()
    name, text = day(2)
    home.deliver(name, "\n".join(line + (",loyalty_card" if not at else ",gold") for at, line in enumerate(text.splitlines())) + "\n")
    landing = home.land()
    assert "New column 'loyalty_card'" in landing.warnings()[0]
    assert landing.live[0].new_columns == "loyalty_card"
    assert_accounted_for(home, [SOUND_TEXT, text])


@pytest.mark.parametrize(("old", "new"), [("order_id", "order_no"), ("unit_price", "price_per_unit"), ("status", "order_state")])
def test_19_a_renamed_column_holds_the_file_with_the_likely_new_name_and_other_feeds_go_on(home: Home, old: str, new: str) -> None:
    home.deliver(SOUND, SOUND_TEXT)
    home.land()
    name, text = day(2)
    home.deliver(name, text.replace(old, new, 1))
    home.deliver("reviews_1.csv", "review_id,rating,created_at\nR1,5,2026-03-01\n")
    landing = home.land()
    (file,) = landing.held
    assert f"Column '{new}' is new and '{old}' is missing: renamed?" in (file.reason or "")
    assert home.clean("review_id, rating", "reviews") == [("R1", 5)]
    assert landing.rows_delivered == landing.rows_clean == 1


def test_20_columns_in_another_order_are_the_same_columns(home: Home) -> None:
    name, text = day(2)
    home.deliver(name, "\n".join(",".join(reversed(line.split(","))) for line in text.splitlines()) + "\n")
    home.land()
    assert_accounted_for(home, [text])


# 22 ── encodings ──────────────────────────────────────────────────────────────────────────────────────────────────────

CHINESE = orders(order(1, customer_id="红茶𠮷"), order(2, customer_id="Zoë"), order(3, customer_id="茶" * 9))


def with_encoding(home: Home, encoding: str) -> None:
    columns = ", ".join(f"{name}: {name}" for name in ORDERS_HEADER.split(","))
    (home.folder / "profiles").mkdir(exist_ok=True)
    (home.folder / "profiles" / "own.yaml").write_text(
        f"version: 1\ntitle: t\nfeeds:\n  orders:\n    files: orders*\n    encoding: {encoding}\n    columns: {{{columns}}}\n"
    )
    settings(home, "sources: {shop: {profile: own}}\n")


DECLARED = {
    "UTF-8 with a mark": ("utf-8", CHINESE.encode("utf-8-sig")),
    "GB18030, with a four-byte character": ("gb18030", CHINESE.encode("gb18030")),
    "UTF-16": ("utf-16", CHINESE.encode("utf-16")),
    "GBK": ("gbk", CHINESE.replace("𠮷", "").replace("ë", "").encode("gbk")),
    "Latin-1": ("latin-1", orders(order(1, customer_id="Zoë")).encode("latin-1")),
    "Windows": ("cp1252", orders(order(1, customer_id="Zoë €")).encode("cp1252")),
}


@pytest.mark.parametrize(("encoding", "content"), DECLARED.values(), ids=DECLARED)
def test_22_a_declared_encoding_is_decoded_exactly(home: Home, encoding: str, content: bytes) -> None:
    with_encoding(home, encoding)
    home.deliver("orders_1.csv", content)
    home.land()
    assert_accounted_for(home, [content.decode("utf-8-sig" if encoding == "utf-8" else encoding)])


MISTAKEN = {
    "GBK read as UTF-8": ("utf-8", CHINESE.encode("gb18030"), "not_utf8"),
    "UTF-16 read as UTF-8": ("utf-8", CHINESE.encode("utf-16"), "not_utf8"),
    "UTF-8 read as GB18030": ("gb18030", CHINESE.encode(), "undecodable"),
    "UTF-8 that GB18030 can read": ("gb18030", orders(order(1, customer_id="红茶" * 9)).encode(), "other_encoding"),
    "UTF-8 read as Latin-1": ("latin-1", CHINESE.encode(), "other_encoding"),
    "rows of two encodings": ("utf-8", CHINESE.encode() + order(4, customer_id="红茶").encode("gbk") + b"\n", "not_utf8"),
    "half a character at the end": ("gb18030", CHINESE.encode("gb18030") + "红".encode("gb18030")[:1], "undecodable"),
}


@pytest.mark.parametrize(("encoding", "content", "reason"), MISTAKEN.values(), ids=MISTAKEN)
def test_22_a_mistaken_encoding_holds_the_whole_file(home: Home, encoding: str, content: bytes, reason: str) -> None:
    with_encoding(home, encoding)
    home.deliver("orders_1.csv", content)
    home.land()
    assert held(home) == [("orders_1.csv", reason)]
    assert_accounted_for(home, [])


# 24, 25 ── headers, preambles, totals, and nothing at all ─────────────────────────────────────────────────────────────

HEADERS = {
    "a column named twice": (orders(order(1) + ",9", header=ORDERS_HEADER + ",quantity"), "duplicate_header"),
    "an empty header": ("\n" + SOUND_TEXT.split("\n", 1)[1], "missing_column"),
    "a title before the header": ("Orders of March\n" + SOUND_TEXT, "missing_column"),
    "no header at all": (SOUND_TEXT.split("\n", 1)[1], "missing_column"),
    "no byte": ("", "empty_file"),
    "blank lines only": ("\n\n", "empty_file"),
    "a header and no row": (ORDERS_HEADER + "\n", "no_rows"),
}


@pytest.mark.parametrize(("content", "reason"), HEADERS.values(), ids=HEADERS)
def test_24_25_a_file_without_a_sound_header_or_without_rows_is_held(home: Home, content: str, reason: str) -> None:
    home.deliver(*day(2))
    home.deliver("orders_2026-03-09.csv", content)
    home.land()
    assert held(home) == [("orders_2026-03-09.csv", reason)]
    assert_accounted_for(home, [day(2)[1]])


def test_24_the_header_once_more_and_totals_are_refused_rows_and_never_orders(home: Home) -> None:
    rows = SOUND_TEXT.splitlines()
    home.deliver(SOUND, "\n".join([*rows[:2], ORDERS_HEADER, *rows[2:], ",,,,,6,29.70", "Total,,,,,6,29.70"]) + "\n")
    home.land()
    assert_accounted_for(home, [SOUND_TEXT], refused=3)


def test_25_an_expected_day_without_rows_takes_nothing_away(home: Home) -> None:
    settings(home, "sources: {shop: {empty_files: expected}}\n")
    home.deliver(SOUND, SOUND_TEXT)
    home.land()
    home.deliver(SOUND, ORDERS_HEADER + "\n")
    home.deliver("orders_2026-03-09.csv", ORDERS_HEADER + "\n")
    landing = home.land()
    assert landing.held == []
    assert_accounted_for(home, [SOUND_TEXT])


# 27 ── another currency ───────────────────────────────────────────────────────────────────────────────────────────────


def test_27_amounts_of_a_currency_nobody_knows_are_never_added_to_the_merchants_own(home: Home) -> None:
    rows = SOUND_TEXT.splitlines()
    home.deliver(SOUND, "\n".join([rows[0] + ",currency", rows[1] + ",CNY", rows[2] + ",XYZ", rows[3] + ",cny"]) + "\n")
    home.land()
    assert home.quarantine("line, reason, column_name, value") == [(3, "unknown_currency", "currency", "XYZ")]
    assert_accounted_for(home, [orders(rows[1], rows[3])], refused=1)
