"""`regulars inspect`, as a person calls it: what it tells of a dump, and the profile that it proposes."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from typer.testing import CliRunner

from orchestration.cli import app, console
from orchestration.dumps.inspection import masked
from orchestration.dumps.looks import encoding_of, look
from orchestration.dumps.profiles import known_profiles, load_profile
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

Inspect = Callable[..., tuple[int, str]]


@pytest.fixture
def inspect(home: Home, monkeypatch: pytest.MonkeyPatch) -> Inspect:
    """Run the command on a file of that content. Returns exit code and what was printed, runs of blanks as one."""
    monkeypatch.setattr(console, "width", 220)  # COLUMNS would come too late: the console may be there already

    def run(name: str, content: str | bytes, *options: str) -> tuple[int, str]:
        path = home.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        ended = CliRunner().invoke(app, ["inspect", str(path), "--home", str(home.folder), *options])
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return ended.exit_code, re.sub(r"[ \t]+", " ", ended.output)

    return run


def orders(*rows: str) -> str:
    return "\n".join([ORDERS_HEADER, *rows]) + "\n"


def test_a_dump_that_a_profile_reads_is_shown_as_it_would_land(inspect: Inspect, home: Home) -> None:
    code, told = inspect("orders_1.csv", orders(order(1), order(2, unit_price="abc"), order(3, status="completed")))
    assert code == 0
    assert 'compression none · format csv · encoding utf-8 · delimiter , · quote " · 7 columns · 3 rows looked at\n' in told
    assert "Profile canonical reads it, as orders" in told
    assert re.search(r"canonical orders 7 of 27 7 of 7 –", told)
    assert re.search(r"unit_price unit_price 9\.9 9\.9", told)
    assert "3 rows looked at: 2 clean, 1 to quarantine" in told
    assert "line 3: not_a_number in unit_price: abc" in told
    assert "Note" not in told
    assert not (home.folder / "lake").exists(), "inspecting leaves nothing behind"


def test_personal_data_is_masked_unless_asked_for(inspect: Inspect) -> None:
    header, row = ORDERS_HEADER + ",email,phone", order(customer_id="Wang Li") + ",wang.li@example.com,13800138000"
    told = inspect("orders.csv", f"{header}\n{row}\n")[1]
    assert "W***" in told
    assert "w***@example.com" in told
    assert "138****8000" in told
    assert not re.search("Wang Li|wang.li|13800138000", told)
    shown = inspect("orders.csv", f"{header}\n{row}\n", "--show-personal-data")[1]
    assert re.search("Wang Li", shown)
    assert re.search("wang.li@example.com", shown)
    assert re.search("13800138000", shown)


MASKED = {
    "an e-mail": ("email", "ann@example.com", "a***@example.com"),
    "a phone": ("phone", "+8613800138000", "+86****8000"),
    "a short phone": ("phone", "12345", "1***"),
    "nothing": ("email", "", ""),
    "addresses within a text": ("body", "write to ann@example.com or 138-0013-8000, rated 5 of 5", "write to *** or ***, rated 5 of 5"),
    "what says nothing of anybody": ("quantity", "12", "12"),
}


@pytest.mark.parametrize(("column", "value", "expected"), MASKED.values(), ids=MASKED)
def test_what_identifies_somebody_is_left_out(column: str, value: str, expected: str) -> None:
    assert masked(column, value) == expected


DRESSED = {
    "gzip": (gzip.compress(orders(order(1)).encode()), "orders.csv.gz", "compression gzip · format csv · encoding utf-8", None),
    "a byte-order mark": (b"\xef\xbb\xbf" + orders(order(1)).encode(), "orders.csv", "encoding utf-8-sig", None),
    "GB18030": (
        orders(*(order(n, customer_id="张伟明", order_line_id="𠮷野家") for n in range(3))).encode("gb18030"),
        "orders.csv",
        "encoding gb18030",
        "It seems to be written in gb18030; feed orders of profile canonical reads utf-8.",
    ),
    "UTF-16": (orders(order(1)).encode("utf-16"), "orders.csv", "encoding utf-16", "It seems to be written in utf-16"),
    "UTF-16 without a mark": (orders(order(1)).encode("utf-16-le"), "orders.csv", "encoding utf-16-le", "It seems to be written in"),
    "Windows' Western letters": (
        orders(order(1, customer_id="São Paulo é")).encode("cp1252"),
        "orders.csv",
        "encoding cp1252",
        "It seems to be written in cp1252",
    ),
    "semicolons": (orders(order(1)).replace(",", ";"), "orders.csv", "delimiter ;", "Its columns are apart by ';'"),
    "tabs": (orders(order(1)).replace(",", "\t"), "orders.csv", "delimiter tab", "Its columns are apart by '\\t'"),
    "bars": (orders(order(1)).replace(",", "|"), "orders.csv", "delimiter |", "Its columns are apart by '|'"),
    "another name": (orders(order(1)), "sales.csv", "delimiter ,", "Its name matches no pattern of feed orders of profile canonical"),
}


@pytest.mark.parametrize(("content", "name", "expected", "note"), DRESSED.values(), ids=DRESSED)
def test_the_same_dump_in_another_dress_is_recognised_and_what_a_run_would_stumble_over_is_said(
    inspect: Inspect, content: str | bytes, name: str, expected: str, note: str | None
) -> None:
    code, told = inspect(name, content)
    assert code == 0
    assert expected in told
    assert " clean, 0 to quarantine" in told
    assert (note or "Note") in told if note else "Note" not in told


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        pytest.param("订单编号,宝贝标题\n1,明前龙井茶\n", "gb18030", id="Chinese"),
        pytest.param("São Paulo, coração, não, já\n" * 3, "cp1252", id="Portuguese"),
        pytest.param("Größe;Straße;übrig\n" * 3, "cp1252", id="German"),
        pytest.param("plain\n", "utf-8", id="plain"),
        pytest.param("日本,한국\n", "utf-8", id="UTF-8"),
    ],
)
def test_an_encoding_is_told_from_what_the_bytes_would_spell(text: str, encoding: str) -> None:
    assert encoding_of(text.encode(encoding)) == encoding


def test_a_dump_that_no_profile_reads_ends_with_1_and_the_way_on(inspect: Inspect) -> None:
    code, told = inspect("export.csv", "Order No.,Customer,Order Date,Qty,Price\n1,C1,2026-03-01,2,9.90\n")
    assert code == 1
    assert "No profile reads it." in told
    assert "It looks like orders (5 columns recognised)" in told
    assert "--write-profile NAME" in told


def test_a_dump_that_lacks_a_required_column_is_read_by_no_profile_and_the_nearest_says_what_is_missing(inspect: Inspect) -> None:
    code, told = inspect("orders.csv", orders(order()).replace("unit_price", "cost"))
    assert code == 1
    assert re.search(r"canonical orders 6 of 27 6 of 7 unit_price \(unit_price\)", told)


def test_the_proposed_profile_reads_the_dump_it_was_made_for(inspect: Inspect, home: Home) -> None:
    dump = (
        "Order No.;Client ID;Order Date;State;Qty;Price;E-Mail;Colour\n"
        "1;C1;2026-03-01 10:00;Delivered;2;9.90;ann@example.com;red\n2;C2;2026-03-02 11:00;Sent;1;5.00;bo@example.com;blue\n"
    )
    first = inspect("sales_2026-03.csv", dump, "--write-profile", "my_shop")
    written = (home.folder / "profiles" / "my_shop.yaml").read_text()
    assert "files: [sales_*.csv*]" in written
    assert 'delimiter: ";"' in written
    assert "delivered: completed\n" in written
    assert "# Not read: Colour" in written
    for code, told in (first, inspect("sales_2026-03.csv", dump)):
        assert code == 0
        assert "Profile my_shop reads it, as orders" in told
        assert "2 rows looked at: 2 clean, 0 to quarantine" in told
        assert "Note" not in told


def test_a_run_refuses_a_proposal_until_its_marks_are_answered(inspect: Inspect, home: Home) -> None:
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: mine}}\n")
    dump = "Order No,Client ID,Order Date,State,Qty,Price\n1,C1,2026-03-01,Lost,2,9.90\n"
    told = inspect("sales.csv", dump, "--write-profile", "mine")[1]
    assert "A run refuses profile mine until its marks are answered and deleted. line 16: which status is lost?" in told
    assert "1 rows looked at: 0 clean, 1 to quarantine" in told
    home.deliver("sales.csv", dump)
    with pytest.raises(RegularsError, match=r"has 1 open marks\. line 16: which status is lost\? Of pending, paid"):
        home.land()
    path = home.folder / "profiles" / "mine.yaml"
    path.write_text(re.sub(r"map: \{\}\n *# CHECK.*", "map: {lost: cancelled}", path.read_text()))
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined) == (1, 0)


TOLD = "Export of March\n\nNo;Client;When;Pieces;Each\n1;C1;01.03.2026;2;9,90\nTotal: 1 row\n"
HOW_TO_READ_IT = """
version: 1
title: A till
feeds:
  orders:
    files: till*.csv
    delimiter: ";"
    skip_lines: 2
    footer: '^Total'
    columns:
      order_id: "No"
      customer_id: Client
      ordered_at: {source: When, format: '%d.%m.%Y'}
      quantity: Pieces
      unit_price: {source: Each, decimal: ","}
"""


@pytest.mark.parametrize("arguments", [("--profile", "till"), ()], ids=["told", "by its name"])
def test_a_dump_is_read_as_the_profile_says(inspect: Inspect, home: Home, arguments: tuple[str, ...]) -> None:
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "till.yaml").write_text(HOW_TO_READ_IT)
    code, told = inspect("till.csv", TOLD, *arguments)
    assert code == 0
    assert "Profile till reads it, as orders" in told
    assert "2 rows looked at: 1 clean, 1 to quarantine" in told
    assert "line 5: footer" in told
    assert "Note" not in told


def test_a_sheet_that_the_profile_names_is_looked_at(inspect: Inspect, home: Home) -> None:
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "till.yaml").write_text(
        HOW_TO_READ_IT.replace("till*.csv", "till*.xlsx").replace('delimiter: ";"', "sheet: Sold").replace("skip_lines: 2", "skip_lines: 1")
    )
    book, held = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["more rows"])
    for _ in range(9):
        book.active.append(["than on the other sheet"])
    sold = book.create_sheet("Sold")
    for row in (["March"], ["No", "Client", "When", "Pieces", "Each"], ["1", "C1", "01.03.2026", "2", "9,90"]):
        sold.append(row)
    book.save(held)
    told = inspect("till.xlsx", held.getvalue(), "--profile", "till")[1]
    assert "1 rows looked at: 1 clean, 0 to quarantine" in told


def test_a_profile_to_read_with_that_is_not_there_is_named(inspect: Inspect) -> None:
    with pytest.raises(RegularsError, match="Unknown profile 'tell' for inspect"):
        inspect("till.csv", TOLD, "--profile", "tell")


CHINESE = "订单号,会员编号,下单时间,订单状态,商品名称,数量,单价,手机号\n1,M1,2026-03-01 10:00:00,已发货,龙井,2,9.90,13800138000\n"
REVIEWS = "comment id,product code,stars,review,review date\nr1,p1,5,good,2026-03-01\n"
UNNAMED = "order,customer,when,qty,price,who to call\n1,c,2026-03-01 08:00,1,1,13800138000\n"
PROPOSED = {
    "Chinese names": (CHINESE, "orders", {"order_id": "订单号", "ordered_at": "下单时间", "unit_price": "单价", "phone": "手机号"}),
    "reviews": (REVIEWS, "reviews", {"review_id": "comment id", "rating": "stars", "body": "review", "created_at": "review date"}),
    "values that speak for themselves": (UNNAMED, "orders", {"ordered_at": "when", "phone": "who to call"}),
    "ids that went through a float": ("order,customer,date,qty,price\n1,17850.0,2026-03-01,1,1\n", "orders", {"customer_id": "customer"}),
}


@pytest.mark.parametrize(("dump", "feed", "columns"), PROPOSED.values(), ids=PROPOSED)
def test_columns_are_recognised_by_name_in_two_languages_and_by_value(
    inspect: Inspect, home: Home, dump: str, feed: str, columns: dict[str, str]
) -> None:
    inspect("dump.csv", dump, "--write-profile", "mine")
    mapping = load_profile("mine", home.folder, "test").feeds[feed]
    assert {name: mapping.columns[name].source for name in columns} == {name: (source,) for name, source in columns.items()}
    assert inspect("dump.csv", dump)[0] == 0


DATES = {
    "day first": ("31/12/2025 08:00", "format: '%d/%m/%Y %H:%M'"),
    "month first": ("12/31/2025 08:00", "format: '%m/%d/%Y %H:%M'"),
    "either": ("01/02/2026", "might be the other way round"),
    "figures": ("20251231", "format: '%Y%m%d'"),
    "seconds": ("1767168000", "reads: epoch_seconds"),
    "Excel's days": ("46022.5", "reads: excel_serial"),
    "words": ("last Tuesday", "no date that is known here, such as 'last Tuesday'"),
}


@pytest.mark.parametrize(("value", "expected"), DATES.values(), ids=DATES)
def test_the_order_of_a_date_is_proposed_from_its_values(inspect: Inspect, home: Home, value: str, expected: str) -> None:
    inspect("dump.csv", f"order,customer,order date,qty,price\n1,c,{value},1,1\n", "--write-profile", "mine")
    assert expected in (home.folder / "profiles" / "mine.yaml").read_text()


NUMBERS = {
    "grouped": ("1,234.50", "thousands: ','"),
    "with a comma for decimals": ("1.234,50", "decimal: ','"),
    "with a currency before": ("¥12.50", "affixes: ['¥']"),
    "with a currency behind": ("12.50元", "affixes: ['元']"),
    "with brackets below zero": ("($12.50)", "affixes: ['$']"),
    "with a sign before the currency": ("-$12.50", "affixes: ['$']"),
    "in words": ("a dozen or 2", "no plain number, such as 'a dozen or 2'"),
}


@pytest.mark.parametrize(("value", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_the_way_a_number_is_written_is_proposed_from_its_values(inspect: Inspect, home: Home, value: str, expected: str) -> None:
    inspect("dump.csv", f"order\tcustomer\torder date\tqty\tprice\n1\tc\t2026-03-01\t1\t{value}\n", "--write-profile", "mine")
    assert expected in (home.folder / "profiles" / "mine.yaml").read_text()


DISCOUNTS = {
    "all below zero": (("-5.00", "(2.00)"), True, False),
    "some below zero and some above": (("-5.00", "2.00"), True, True),
    "all above zero": (("5.00", "0"), False, False),
}


@pytest.mark.parametrize(("values", "is_reversed", "is_in_doubt"), DISCOUNTS.values(), ids=DISCOUNTS)
def test_discounts_below_zero_are_proposed_as_such(
    inspect: Inspect, home: Home, values: tuple[str, str], is_reversed: bool, is_in_doubt: bool
) -> None:
    rows = "".join(f"{number},c,2026-03-01,1,9,{value}\n" for number, value in enumerate(values))
    inspect("dump.csv", f"order,customer,order date,qty,price,discount\n{rows}", "--write-profile", "mine")
    written = (home.folder / "profiles" / "mine.yaml").read_text()
    assert ("sign: reversed" in written, "CHECK: some discounts are below zero and some above" in written) == (is_reversed, is_in_doubt)


@pytest.mark.parametrize("name", ["canonical", "My Shop", "../x"], ids=["taken", "no name", "a path"])
def test_a_profile_is_not_written_over_another_or_under_no_name(inspect: Inspect, home: Home, name: str) -> None:
    with pytest.raises(RegularsError, match=r"there already|is no name for a profile"):
        inspect("dump.csv", CHINESE, "--write-profile", name)
    assert set(known_profiles(home.folder)) == set(known_profiles(Path("nowhere")))


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, orders(order(1)))
    return held.getvalue()


def workbook() -> bytes:
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in (ORDERS_HEADER, order(1)):
        book.active.append(row.split(","))
    book.save(held)
    return held.getvalue()


def parquet() -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(dict(zip(ORDERS_HEADER.split(","), ([value] for value in order(1).split(",")), strict=True))), held)
    return held.getvalue()


FORMATS = {
    "a workbook": ("orders.xlsx", workbook, "format xlsx"),
    "Parquet": ("orders.parquet", parquet, "format parquet"),
    "JSON lines": (
        "orders.jsonl",
        lambda: json.dumps(dict(zip(ORDERS_HEADER.split(","), order(1).split(","), strict=True))).encode() + b"\n",
        "format jsonl",
    ),
    "zstd": ("orders.csv.zst", lambda: zstandard.compress(orders(order(1)).encode()), "compression zstd · format csv"),
    "an archive of one": ("orders.csv.zip", lambda: zipped("orders.csv"), "compression zip · format csv"),
}


@pytest.mark.parametrize(("name", "content", "expected"), FORMATS.values(), ids=FORMATS)
def test_every_format_that_a_run_reads_is_looked_into(inspect: Inspect, name: str, content: Callable[[], bytes], expected: str) -> None:
    code, told = inspect(name, content())
    assert code == 0
    assert expected in told
    assert "1 rows looked at: 1 clean, 0 to quarantine" in told


NO_DUMPS = {
    "an empty file": (b"", "is empty"),
    "a damaged archive": (b"PK\x03\x04rest", "would be held: the zip data is damaged"),
    "damaged gzip": (gzip.compress(b"")[:10] + b"\xff" * 20, "would be held: the gzip data is damaged"),
    "an archive of two": (zipped("a.csv", "b.csv"), "is an archive of 2 files: a.csv, b.csv"),
    "a PDF": (b"%PDF-1.7 ...", "is a PDF document"),
}


@pytest.mark.parametrize(("content", "message"), NO_DUMPS.values(), ids=NO_DUMPS)
def test_a_file_that_cannot_be_looked_at_is_answered_in_a_sentence(inspect: Inspect, content: bytes, message: str) -> None:
    with pytest.raises(RegularsError, match=message):
        inspect("dump", content)


def test_a_file_without_names_is_noticed_and_its_addresses_are_not_shown(inspect: Inspect) -> None:
    code, told = inspect("dump.csv", "1,ann@example.com,2026-03-01\n2,bo@example.com,2026-03-02\n")
    assert code == 1
    assert "Its first row looks like data" in told
    assert "ann@" not in told


def test_markup_and_control_characters_of_a_dump_are_inert(inspect: Inspect) -> None:
    told = inspect("dump.csv", "[red]x[/red],\x1b[31my\n1,2\n")[1]
    assert "[red]x[/red]" in told
    assert "\x1b" not in told


def test_only_the_beginning_of_a_long_dump_is_looked_at_and_lines_keep_their_numbers(inspect: Inspect) -> None:
    rows = [order(n, **({"quantity": "?"} if n == 8 else {})) for n in range(50)]
    told = inspect("orders.csv", "\r\n".join([ORDERS_HEADER, "", *rows]), "--rows", "20")[1]
    assert "rows looked at, the file goes on" in told
    assert "line 11: not_a_number in quantity: ?" in told


def test_a_long_gzip_is_cut_at_a_whole_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.dumps.samples.SAMPLE_BYTES", 1000)
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(orders(*map(order, range(2000))).encode()))
    looked = look(path, 1000)
    assert not looked.is_whole
    assert 10 < looked.rows < 1000
    assert all(record.endswith("\n") for record in looked.records)


def test_the_help_shows_an_example() -> None:
    assert "Example: regulars inspect" in CliRunner().invoke(app, ["inspect", "--help"], env={"COLUMNS": "200"}).output


SHOPIFY = Path(__file__).parents[2] / "samples" / "shopify_orders"


@pytest.mark.parametrize(
    ("name", "feed"),
    [("orders_export.csv", "orders"), ("customers_export.csv", "customers"), ("customers_export_older.csv", "customers")],
)
def test_the_exports_of_shopify_are_recognised(inspect: Inspect, name: str, feed: str) -> None:
    code, told = inspect(name, (SHOPIFY / name).read_bytes())
    assert code == 0
    assert re.search(rf"shopify_orders.*\b{feed}\b", told), told
    assert not re.search(r"[a-z]+@example\.fr", re.sub(r"[a-z]\*\*\*@example\.fr", "", told))
