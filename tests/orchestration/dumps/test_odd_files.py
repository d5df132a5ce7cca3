"""`regulars inspect` on unusual files: an answer in a sentence, from the beginning of the file, and a valid profile or none."""

import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from orchestration.cli import app, console
from orchestration.dumps import samples
from orchestration.dumps.encodings import guess
from orchestration.dumps.looks import look
from orchestration.dumps.profiles import load_profile, parsed
from orchestration.dumps.proposal.draft import NoEvidence, draft
from orchestration.dumps.proposal.text import proposed, write
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order
from tests.orchestration.dumps.test_json import SHOPIFY, WOOCOMMERCE

Inspect = Callable[..., tuple[int, str]]
ORDERS = f"{ORDERS_HEADER}\n{order(1)}\n"


@pytest.fixture
def inspect(home: Home, monkeypatch: pytest.MonkeyPatch) -> Inspect:
    """Run the command on a file of that content. Returns exit code and what was printed, runs of blanks as one."""
    monkeypatch.setattr(console, "width", 220)

    def run(name: str, content: str | bytes | None, *options: str) -> tuple[int, str]:
        path = home.folder / name
        if content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        ended = CliRunner().invoke(app, ["inspect", str(path), "--home", str(home.folder), *options])
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return ended.exit_code, re.sub(r"[ \t]+", " ", ended.output)

    return run


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def xlsx(*rows: list[Any], more: list[list[Any]] | None = None) -> bytes:
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    if more:
        sheet = book.create_sheet("More")
        for row in more:
            sheet.append(row)
    book.save(held)
    return held.getvalue()


UNREADABLE: dict[str, tuple[bytes | str, str]] = {
    "a byte-order mark alone": (b"\xef\xbb\xbf", "is empty"),
    "the mark of UTF-16 alone": (b"\xff\xfe", "is empty"),
    "blank lines": ("\n" * 3_000_000, "is empty"),
    "more blank lines than are looked at": ("\n" * (samples.SAMPLE_BYTES + 1), "begins with 8 MB of blank lines"),
    "zero bytes": (b"\0" * 1_000_000, "holds nothing but zero bytes"),
    "one long line": ("x" * 2_000_000, "a first line of more than 1,048,576 characters"),
    "quotes": ('"' * 2_000_001, "a first line of more than"),
    "10,000 columns": (",".join(f"c{number}" for number in range(10_000)), "has 10,000 columns. Expected: at most 4,096"),
    "a page": ("<!DOCTYPE html><table></table>", "is an HTML page"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is a workbook of Excel 97 to 2003"),
    "a page in an archive": (zipped(orders=b"<html></html>"), "orders in .* is an HTML page"),
    "an archive in an archive": (zipped(orders=zipped(orders=b"x")), "is packed itself"),
    "half a workbook": (xlsx(["order_id"])[:2000], "would be held"),
    "JSON without records": ('{\n"a": {"b": 1}, "c": [1, 2]}', "no array of objects in it"),
    "JSON of nothing": ("[]", "there is no object in it"),
    "JSON whose first record doesn't end": ('[{"a": "' + "x" * samples.SAMPLE_BYTES, "The first record is longer than 8 MB"),
    "Parquet of nothing": (b"PAR1" * 3, "would be held"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_dump_is_answered_in_a_sentence(inspect: Inspect, home: Home, content: bytes | str, message: str) -> None:
    with pytest.raises(RegularsError, match=message):
        inspect("dump", content, "--write-profile", "mine")
    assert not (home.folder / "profiles").exists()


def test_what_is_no_file_is_answered_in_a_sentence(inspect: Inspect, home: Home) -> None:
    (home.folder / "folder").mkdir()
    os.mkfifo(home.folder / "pipe")
    for name, message in {"folder": "is a folder", "pipe": "no file but a pipe or a device", "nothing": "No such file"}.items():
        with pytest.raises(RegularsError, match=message):
            inspect(name, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_file_that_may_not_be_read_is_answered_in_a_sentence(inspect: Inspect, home: Home) -> None:
    (home.folder / "closed").touch(mode=0)
    with pytest.raises(RegularsError, match="can't be read: Permission denied"):
        inspect("closed", None)


LARGE = {"a workbook": xlsx([*ORDERS_HEADER.split(",")]), "an archive": zipped(orders=ORDERS.encode())}


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE)
def test_a_workbook_or_archive_that_takes_too_long_is_not_looked_into(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(samples, "MOST_PACKED_BYTES", 100)
    with pytest.raises(RegularsError, match="to look into; a run reads larger ones too"):
        inspect("orders.xlsx", content)


def long_parquet() -> bytes:
    """Two groups of rows, the second of which can't be read."""
    held = io.BytesIO()
    columns = {name: [value] * 3_000 for name, value in zip(ORDERS_HEADER.split(","), order(1).split(","), strict=True)}
    columns["note"] = [f"{number:0200d}" for number in range(3_000)]
    pq.write_table(pa.table(columns), held, row_group_size=1_500, compression="gzip", use_dictionary=False)
    content = bytearray(held.getvalue())
    content[len(content) // 2 + 5_000 : -10_000] = b"\xff" * (len(content) - 10_000 - len(content) // 2 - 5_000)
    return bytes(content)


def long_xlsx() -> bytes:
    """A sheet whose end is no XML, and a table of texts of which most are never used."""
    content = xlsx(ORDERS_HEADER.split(","), *(order(number).split(",") for number in range(2_000)))
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    members["xl/worksheets/sheet1.xml"] = sheet[: sheet.index(b'<row r="1500"')] + b"<row r='1500'><not xml"
    return zipped(**members)


ROW = dict(zip(ORDERS_HEADER.split(","), order(1).split(","), strict=True))
BEHIND = f"{ORDERS_HEADER}\n".encode() + f"{order(1)}\n".encode() * 200_000 + b"O2,1,C1\xff\n" * 1_000
"""A text that is damaged behind the part that is looked at."""
LONG: dict[str, tuple[str, Callable[[], bytes]]] = {
    "text": ("orders.csv", lambda: BEHIND),
    "JSON lines": ("orders.jsonl", lambda: (json.dumps(ROW) + "\n").encode() * 60_000 + b"not json\n" * 100_000),
    "a JSON document": ("orders.json", lambda: b"[" + b",".join([json.dumps(ROW).encode()] * 80_000) + b", not json"),
    "Parquet": ("orders.parquet", long_parquet),
    "a workbook": ("orders.xlsx", long_xlsx),
    "a text in an archive": ("orders.zip", lambda: zipped(**{"orders.csv": BEHIND})),
}


@pytest.mark.parametrize(("name", "content"), LONG.values(), ids=LONG)
def test_of_a_long_file_only_the_beginning_is_looked_at(inspect: Inspect, name: str, content: Callable[[], bytes]) -> None:
    """What comes behind it can't be read at all, and that is not noticed."""
    code, told = inspect(name, content(), "--rows", "100")
    assert code == 0
    assert "100 rows looked at, the file goes on" in told
    assert "Profile canonical reads it, as orders" in told


def test_titles_above_a_header_are_found_and_lines_keep_their_numbers(inspect: Inspect) -> None:
    content = "Orders of March\n\n" + "\n".join([ORDERS_HEADER, order(1), order(2, quantity="?")]) + "\n"
    told = inspect("orders.csv", content)[1]
    assert "feed orders of profile canonical doesn't read it as it is: set `skip_lines: 2`" in told
    assert "line 5: not_a_number in quantity: ?" in told
    told = inspect("orders.xlsx", xlsx(["Orders of March"], [], ORDERS_HEADER.split(","), order(1).split(","), ["O2"]))[1]
    assert "set `skip_lines: 2`" in told
    assert re.search(r"line 5: (missing_value|unknown)", told), told


def test_of_several_sheets_the_fullest_is_looked_at_and_named(inspect: Inspect) -> None:
    rows = [ORDERS_HEADER.split(","), *(order(number).split(",") for number in range(3))]
    content = xlsx(["a note"], more=rows)
    told = inspect("orders.xlsx", content)[1]
    assert "It looked at the sheet 'More'; there are rows on 'Sheet', 'More' too" not in told
    assert "It looked at the sheet 'More'; there are rows on 'Sheet' too." in told
    assert "set `sheet: More`" in told
    assert "3 rows looked at: 3 clean, 0 to quarantine" in told
    told = inspect("orders.xlsx", content, "--write-profile", "mine")[1]
    assert "It looked at the sheet 'More'; there are rows on 'Sheet' too." in told
    assert "3 rows looked at: 3 clean, 0 to quarantine" in told


def test_a_broken_profile_is_named_and_the_others_are_used(inspect: Inspect, home: Home) -> None:
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "broken.yaml").write_text("version: 1\ntite: x\n")
    (home.folder / "profiles" / "latin.yaml").write_bytes(b"title: S\xe3o\n")
    code, told = inspect("orders.csv", ORDERS)
    assert code == 0
    assert "Profile canonical reads it, as orders" in told
    assert "Unknown key 'tite' in the profile, did you mean 'title'?" in told
    assert "latin.yaml is not valid" in told
    assert told.count("It was passed over.") == 2


def test_no_profile_is_left_behind_that_is_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (home.folder / "orders.csv").write_text(ORDERS)
    monkeypatch.setattr("orchestration.dumps.proposal.text.proposed", lambda *given: "version: 1\nfeeds: [\n")
    with pytest.raises(RegularsError, match=r"No profile could be proposed for orders\.csv"):
        write("mine", look(home.folder / "orders.csv", 10), home.folder)
    assert not list(home.folder.glob("profiles/*"))


NAMES = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["order id", "Qty", "Price", "Date", "Status", "email", "yes", "null", "a: b", "# x", "{", "[x]", "*", "a\u2028b", "- x", "'", "%", "1"]
)


@given(st.lists(NAMES, min_size=1, max_size=6), st.lists(st.lists(NAMES, max_size=6), max_size=4), st.sampled_from(",;\t|"))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_dump_is_its_proposed_profile_is_one(
    tmp_path_factory: pytest.TempPathFactory, header: list[str], rows: list[list[str]], delimiter: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "dump [1] 2026-03-01.csv"
    path.write_text("\n".join(delimiter.join(row) for row in [header, *rows]), encoding="utf-8", newline="")
    try:
        looked = look(path, 100)
    except RegularsError:
        return
    made = draft(looked)
    if isinstance(made, NoEvidence):
        return
    profile = parsed(proposed("mine", looked, made), "mine")
    (mapping,) = profile.feeds.values()
    assert mapping.matches(path.name)


THAT_SEVERAL_FIT = {
    "Latin letters that Czech has as well": ("Plzeň,1\n", "cp1250", {"cp1250": "Plzeň", "cp1252": "Plzeò"}),
    "one accent": ("São,1\n", "cp1252", {"cp1252": "São", "cp1250": "Săo"}),
}


@pytest.mark.parametrize(("text", "encoding", "spelt"), THAT_SEVERAL_FIT.values(), ids=THAT_SEVERAL_FIT)
def test_an_encoding_that_is_not_sure_is_marked_with_what_it_would_spell(
    inspect: Inspect, home: Home, text: str, encoding: str, spelt: dict[str, str]
) -> None:
    content = f"order,customer,date,qty,price,city,shelf\n1,1,2026-03-01,1,1,{text}".encode(encoding)
    found = guess(content)
    assert {found.best, *found.others} == set(spelt)
    assert dict(found.samples) == spelt
    told = inspect("dump.csv", content, "--write-profile", "mine")[1]
    assert "Its encoding is not sure" in told
    written = (home.folder / "profiles" / "mine.yaml").read_text()
    for name, piece in spelt.items():
        assert f"as {name} {piece!r}" in told
        assert f"{name} {piece!r}" in written
    assert re.search(r"encoding: cp125[02]   # CHECK: the encoding is not sure", written)


SURE = {
    "Chinese, simplified": ("订单编号,商品\n1,明前龙井茶\n", "gb18030", "gb18030"),
    "Chinese, traditional": ("訂單編號,商品名稱\n1,烏龍茶\n", "cp950", "big5"),
    "Japanese": ("注文番号,商品名\n1,お茶\n", "cp932", "shift_jis"),
    "Korean": ("주문번호,상품명\n1,녹차\n", "cp949", "euc_kr"),
    "Russian": ("Номер заказа,Товар\n1,Чай зелёный\n", "cp1251", "cp1251"),
    "German": ("Größe;Straße;übrig\n", "cp1252", "cp1252"),
    "Polish": ("Zamówienie,Łódź,Imię\n1,Książka żółta\n", "cp1250", "cp1250"),
}


@pytest.mark.parametrize(("text", "codec", "encoding"), SURE.values(), ids=SURE)
def test_an_encoding_that_one_language_has_is_found(text: str, codec: str, encoding: str) -> None:
    found = guess(text.encode(codec))
    assert (found.best, found.others) == (encoding, ())


def test_points_between_thousands_and_a_comma_for_decimals_are_proposed_together(inspect: Inspect, home: Home) -> None:
    dump = "order;customer;order date;qty;price\n1;c;2026-03-01;1;1.234,50\n2;c;2026-03-01;1;9,90\n"
    inspect("dump.csv", dump, "--write-profile", "mine")
    price = load_profile("mine", home.folder, "test").feeds["orders"].columns["unit_price"]
    assert (price.decimal, price.thousands) == (",", ".")
    assert "2 rows looked at: 2 clean, 0 to quarantine" in inspect("dump.csv", dump)[1]


API = {"Shopify": json.dumps(SHOPIFY), "WooCommerce": json.dumps(WOOCOMMERCE, indent=1)}


@pytest.mark.parametrize("content", API.values(), ids=API)
def test_a_profile_is_proposed_for_the_orders_of_an_api(inspect: Inspect, home: Home, content: str) -> None:
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\ncurrency: USD\nsources: {shop: {profile: mine}}\n")
    inspect("orders_1.json", content, "--write-profile", "mine")
    path = home.folder / "profiles" / "mine.yaml"
    path.write_text(path.read_text().replace("# CHECK: told from its values alone", ""))  # WooCommerce's date_created_gmt
    mapping = load_profile("mine", home.folder, "test").feeds["orders"]
    assert (mapping.format, mapping.lines) == ("json", "line_items")
    assert mapping.columns["unit_price"].source == ("line_items.price",)
    home.deliver("orders_1.json", content)
    landing = home.land()
    assert landing.rows_delivered == landing.rows_clean == content.count('"sku"')


ARCHIVES = {"its own name": "sales_2026-03-01.csv", "a name that says nothing": "data.csv", "a folder": "export/2026/sales.csv"}


@pytest.mark.parametrize("member", ARCHIVES.values(), ids=ARCHIVES)
def test_the_proposed_pattern_takes_what_is_in_an_archive(inspect: Inspect, home: Home, member: str) -> None:
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: mine}}\n")
    dump = zipped(**{member: b"Order No,Client ID,Order Date,Qty,Price\n1,C1,2026-03-01,1,1\n"})
    inspect("sales_2026-03.zip", dump, "--write-profile", "mine")
    home.deliver("sales_2026-04.zip", dump)
    assert home.land().rows_clean == 1


PACKED = {
    "orders.jsonl.gz": json.dumps(dict(zip(ORDERS_HEADER.split(","), order(1).split(","), strict=True))) + "\n",
    "orders.csv.gz": ORDERS,
}


@pytest.mark.parametrize(("name", "text"), PACKED.items(), ids=PACKED)
def test_what_is_packed_is_told_by_what_it_holds(inspect: Inspect, name: str, text: str) -> None:
    import gzip

    code, told = inspect(name, gzip.compress(text.encode()))
    assert code == 0
    assert f"compression gzip · format {name.split('.')[1]}" in told
    assert "1 rows looked at: 1 clean, 0 to quarantine" in told
