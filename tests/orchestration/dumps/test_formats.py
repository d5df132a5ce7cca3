"""However a dump is written, packed and encoded, the same rows come out of it, each with the line it was delivered on."""

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
import zstandard
from pydantic import ValidationError

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats import convert
from orchestration.dumps.formats.trimming import joined
from orchestration.dumps.held import HeldError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

COLUMNS = ORDERS_HEADER.split(",")
ROWS = [order(1, customer_id="0017850"), order(2, customer_id="红茶, 𠮷", unit_price="19.99")]
EXPECTED = [
    ("O1", "0017850", "2026-03-01 10:00:00", "completed", Decimal("2.000"), Decimal("9.9000")),
    ("O2", "红茶, 𠮷", "2026-03-01 10:00:00", "completed", Decimal("2.000"), Decimal("19.9900")),
]
READ = "order_id, customer_id, ordered_at::varchar, status, quantity, unit_price"


def fields(row: str) -> list[str]:
    """The values of an order, whatever commas its customer's name has."""
    first, rest = row.split(",", 2)[:2], row.split(",", 2)[2]
    return [*first, *rest.rsplit(",", 4)]


def written(delimiter: str = ",", quote: str = '"', end: str = "\n") -> str:
    return end.join([delimiter.join(COLUMNS), *(delimiter.join(f"{quote}{value}{quote}" for value in fields(row)) for row in ROWS)]) + end


def profile(**dialect: str | int) -> str:
    """A profile that reads the test's orders, with some keys of its dialect set."""
    above = "of " if "header_rows" in dialect else ""
    columns = ", ".join(f"{name}: {above}{name}" for name in COLUMNS)
    keys = "".join(f"    {key}: {json.dumps(value)}\n" for key, value in dialect.items())
    return f"version: 1\ntitle: test\nfeeds:\n  orders:\n    files: [orders*]\n{keys}    columns: {{{columns}}}\n"


@pytest.fixture
def home_of(home: Home) -> Callable[..., Home]:
    def make(**dialect: str | int) -> Home:
        (home.folder / "profiles").mkdir(exist_ok=True)
        (home.folder / "profiles" / "test.yaml").write_text(profile(**dialect), encoding="utf-8")
        (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: test}}\n")
        return home

    return make


def xlsx(rows: list[list[object]], title: str = "Orders", more: str | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if more:
        book.create_sheet(more).append(["a note"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def typed(row: str) -> list[object]:
    order_id, line, customer, at, status, quantity, price = fields(row)
    return [order_id, int(line), customer, datetime.fromisoformat(at), status, float(quantity), float(price)]


def jsonl(*rows: dict[str, object] | str) -> bytes:
    return "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows).encode()


def parquet(folder: Path) -> bytes:
    values = ", ".join(str(tuple(fields(row))) for row in ROWS)
    duckdb.sql(
        "copy (select * replace (unit_price::decimal(10, 2) as unit_price, quantity::integer as quantity)"
        f" from (values {values}) as rows({', '.join(COLUMNS)})) to '{folder}/rows.parquet' (format parquet)"
    )
    return (folder / "rows.parquet").read_bytes()


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def ods(rows: list[list[object]], more: str = "") -> bytes:
    """A workbook of LibreOffice; ``more``: rows as XML."""
    cells = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    names = {"office": "office", "table": "table", "text": "text"}
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"' for name, space in names.items())
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} {calc}><office:body><office:spreadsheet>'
        f'<table:table table:name="Orders">{cells}{more}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return zipped({"mimetype": kind.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()})


def ods_cell(value: object) -> str:
    match value:
        case datetime():
            kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
        case int() | float():
            kind = f'office:value-type="float" office:value="{value}"'
        case _:
            kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"


ODS_EMPTY = (
    '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
)
ODS_ERROR = (
    '<table:table-row><table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error">'
    "<text:p>#N/A</text:p></table:table-cell></table:table-row>"
)


TEXT = written()
GROUPS = "of,,,,,,\n"
"""A row above the names, which makes ``of order_id`` of ``order_id``."""
WAYS: dict[str, tuple[dict[str, str | int], str, bytes]] = {
    "commas": ({}, "orders.csv", TEXT.encode()),
    "semicolons": ({"delimiter": ";"}, "orders.csv", written(";").encode()),
    "tabs": ({"delimiter": "\t"}, "orders.tsv", written("\t").encode()),
    "bars": ({"delimiter": "|"}, "orders.txt", written("|").encode()),
    "single quotes": ({"quote": "'"}, "orders.csv", written(quote="'").encode()),
    "no quotes": ({"quote": "", "delimiter": "\t"}, "orders.tsv", written("\t", quote="").encode()),
    "backslashes": ({"escape": "\\"}, "orders.csv", written(quote="").replace("红茶, 𠮷", "红茶\\, 𠮷").encode()),
    "gzip": ({}, "orders.csv.gz", gzip.compress(TEXT.encode())),
    "zstd": ({}, "orders.csv.zst", zstandard.compress(TEXT.encode())),
    "zstd of two frames": ({}, "orders.csv.zst", zstandard.compress(TEXT.encode()[:90]) + zstandard.compress(TEXT.encode()[90:])),
    "zip": ({}, "orders.zip", zipped({"orders.csv": TEXT.encode()})),
    "zip that tells by its own name": ({}, "orders.zip", zipped({"data.csv": TEXT.encode()})),
    "UTF-8 with a mark": ({}, "orders.csv", b"\xef\xbb\xbf" + TEXT.encode()),
    "GB18030": ({"encoding": "gb18030"}, "orders.csv", TEXT.encode("gb18030")),
    "GB18030, packed": ({"encoding": "gb18030"}, "orders.csv.gz", gzip.compress(TEXT.encode("gb18030"))),
    "UTF-16": ({"encoding": "utf-16"}, "orders.csv", TEXT.encode("utf-16")),
    "UTF-16, big end first": ({"encoding": "utf-16"}, "orders.csv", b"\xfe\xff" + TEXT.encode("utf-16-be")),
    "titles before the header": ({"skip_lines": 2}, "orders.csv", ("Orders\r\nof March\r\n" + TEXT).encode()),
    "JSON lines": ({}, "orders.jsonl", jsonl(*(dict(zip(COLUMNS, fields(row), strict=True)) for row in ROWS))),
    "XLSX": ({}, "orders.xlsx", xlsx([list(COLUMNS), *map(typed, ROWS)])),
    "ODS": ({}, "orders.ods", ods([list(COLUMNS), *map(typed, ROWS)], ODS_EMPTY)),
    "ODS under a title": ({"skip_lines": 1}, "orders.ods", ods([["Orders of March"], list(COLUMNS), *map(typed, ROWS)])),
    "XLSX, one sheet of two": ({"sheet": "Orders"}, "orders.xlsx", xlsx([list(COLUMNS), *map(typed, ROWS)], more="Notes")),
    "XLSX under a title": ({"skip_lines": 2}, "orders.xlsx", xlsx([["Orders"], [], list(COLUMNS), *map(typed, ROWS)])),
    "XLSX with totals": ({"footer": "^Total"}, "orders.xlsx", xlsx([list(COLUMNS), *map(typed, ROWS), ["Total", "", "", "", "", 4]])),
    "two bars": ({"delimiter": "||"}, "orders.csv", written("||").encode()),
    "two bars, packed": ({"delimiter": "||"}, "orders.csv.gz", gzip.compress(written("||").encode())),
    "commas and blanks": ({"delimiter": ", "}, "orders.csv", written(", ").encode()),
    "blanks": ({"delimiter": " "}, "orders.csv", written(" ").encode()),
    "section signs": ({"delimiter": "§"}, "orders.csv", written("§", end="\r\n").encode()),
    "semicolons that the first line names": ({}, "orders.csv", ("sep=;\r\n" + written(";")).encode()),
    "commas that the first line names, with a mark": ({}, "orders.csv", ("\ufeffsep=,\n" + TEXT).encode()),
    "semicolons named twice": ({"delimiter": ";"}, "orders.csv", ("SEP=;\n" + written(";")).encode()),
    "Big5": ({"encoding": "big5"}, "orders.csv", TEXT.replace("红", "紅").replace("𠮷", "吉").encode("cp950")),
    "Shift-JIS": ({"encoding": "shift_jis"}, "orders.csv", TEXT.replace("红", "紅").replace("𠮷", "吉").encode("cp932")),
    "Cyrillic": ({"encoding": "cp1251"}, "orders.csv", TEXT.replace("红茶", "чай").replace("𠮷", "хлеб").encode("cp1251")),
    "a header of two rows": ({"header_rows": 2}, "orders.csv", (GROUPS + TEXT).encode()),
    "a header of two rows under a title": ({"header_rows": 2, "skip_lines": 1}, "orders.csv", ("Orders\r\n" + GROUPS + TEXT).encode()),
    "a header of two rows and two bars": (
        {"header_rows": 2, "delimiter": "||"},
        "orders.csv",
        (GROUPS.replace(",", "||") + written("||")).encode(),
    ),
    "a header of two rows, returns": ({"header_rows": 2}, "orders.csv", (GROUPS + TEXT).replace("\n", "\r").encode()),
    "a header of two rows in a sheet": (
        {"header_rows": 2},
        "orders.xlsx",
        xlsx([GROUPS.strip().split(","), list(COLUMNS), *map(typed, ROWS)]),
    ),
    "another table": ({"ends_before": "^$"}, "orders.csv", (TEXT + "\nchannel,total\nweb,29.89\n").encode()),
    "another table, returns": (
        {"ends_before": "^channel"},
        "orders.csv",
        (TEXT + "channel,total\nweb,29.89\n").replace("\n", "\r").encode(),
    ),
    "another table in a sheet": (
        {"ends_before": "^channel"},
        "orders.xlsx",
        xlsx([list(COLUMNS), *map(typed, ROWS), [], ["channel", "total"], ["web", 29.89]]),
    ),
    "totals": ({"footer": "^Total"}, "orders.csv", (TEXT + "Total,,,,,4,29.89\r\n\n").encode()),
}


def of_script(rows: list[tuple[object, ...]], dialect: dict[str, str | int]) -> list[tuple[object, ...]]:
    """The rows with their tea in a script that the encoding has."""
    tea = {"big5": "紅茶, 吉", "shift_jis": "紅茶, 吉", "cp1251": "чай, хлеб"}.get(str(dialect.get("encoding")), "红茶, 𠮷")
    return [tuple(tea if value == "红茶, 𠮷" else value for value in row) for row in rows]


@pytest.mark.parametrize(("dialect", "name", "content"), WAYS.values(), ids=WAYS)
def test_the_same_rows_come_out_of_every_way_to_write_them(
    home_of: Callable[..., Home], dialect: dict[str, str | int], name: str, content: bytes
) -> None:
    home = home_of(**dialect)
    home.deliver(name, content)
    landing = home.land()
    assert not landing.held
    assert home.clean(READ) == of_script(EXPECTED, dialect)
    assert landing.rows_delivered == landing.rows_clean + landing.rows_quarantined
    if "footer" in dialect:
        assert home.quarantine("line, reason") == [(4, "footer")]
    if "ends_before" in dialect:
        first = 4 if content[-30:].endswith(b"29.89\r") else 5
        assert home.quarantine("line, reason") == [(first, "after_end"), (first + 1, "after_end")]
    names = content[:7].removeprefix(b"\xef\xbb\xbf").lower().startswith(b"sep=")
    first_line = 1 + int(dialect.get("skip_lines", 0)) + int(dialect.get("header_rows", 1)) - name.endswith(".jsonl") + names
    assert home.clean("line") == [(first_line,), (first_line + 1,)]


def test_parquet_is_read_with_its_exact_values(home_of: Callable[..., Home], tmp_path: Path) -> None:
    home = home_of()
    home.deliver("orders.parquet", parquet(tmp_path))
    assert home.land().rows_clean == 2
    assert home.clean(f"line, {READ}") == [(number, *row) for number, row in enumerate(EXPECTED, 2)]


def test_numbers_of_json_keep_their_digits_and_what_is_nested_its_text(home: Home) -> None:
    home.deliver(
        "reviews_1.jsonl",
        b'{"review_id": 12345678901234567890123, "rating": 5, "created_at": "2026-03-01", "body": {"a": [1.10, null, "\xe8\x8c\xb6"]}}\n'
        b"\n"
        b'{"rating": 4, "review_id": 17850.0, "created_at": "2026-03-01", "title": null}\n',
    )
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "json.yaml").write_text(
        "version: 1\ntitle: t\nfeeds:\n  reviews:\n    files: reviews*\n    columns: "
        "{review_id: review_id, rating: rating, created_at: created_at, body: body, title: title}\n"
    )
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: json}}\n")
    assert home.land().rows_clean == 2
    assert home.clean("line, review_id, title, body", "reviews") == [
        (1, "12345678901234567890123", None, '{"a": [1.10, null, "茶"]}'),
        (3, "17850.0", None, None),
    ]


def test_a_line_that_is_no_json_object_is_a_refused_row_with_its_text(home_of: Callable[..., Home]) -> None:
    home = home_of()
    good = dict(zip(COLUMNS, fields(ROWS[0]), strict=True))
    twice = json.dumps(good)[:-1] + ', "quantity": 9}'
    home.deliver(
        "orders.jsonl", jsonl(good, "{not json", "[1, 2]", twice, json.dumps({**good, "order_id": "a\ud800"}), {**good, "order_id": "O9"})
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (6, 2, 4)
    assert home.quarantine("line, reason") == [(2, "not_json"), (3, "not_an_object"), (4, "repeated_key"), (5, "not_utf8")]
    assert home.quarantine("original")[-1] == ("{not json",)


def test_a_spreadsheet_row_whose_value_is_not_known_is_refused(home_of: Callable[..., Home]) -> None:
    home = home_of()
    broken = typed(ROWS[0])
    broken[0], broken[5] = "O7", "#N/A"
    rounded = typed(ROWS[0])
    rounded[0] = 123456789012345678
    wide = [*typed(ROWS[0]), "more"]
    home.deliver("orders.xlsx", xlsx([list(COLUMNS), typed(ROWS[0]), broken, [], rounded, wide]))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined) == (4, 1, 3)
    assert home.quarantine("line, reason") == [(3, "error_value"), (5, "digits_lost"), (6, "too_many_columns")]


XLS = zlib.decompress(
    base64.b64decode(
        "eNrtWE1IVFEU/u57b8aZQccZ00ijYRCyMgWlRSXoWFCu/CmIIgIbmylFZ6aeQtiiLHMZBK2KNoIFbaw2/VBB7VoESi6CINCCNq6Cghbq65zz3thoBk6UkLzv"
        "cc8959x7zrnv/r83ORGeHn1YMYNlaIKOBcsPb45OUfJnhRCo3LKYzeY+SpaL/wp+Hw2k14NnRW8KeAx5vGeg4YHxiijwkdIJnEVbJp2MriH2SxviitvQSFTh"
        "NmmCKJdWlQg9JXSD0PtS87nQZtFcE9pIdafVcUzE2qr3OLP4mFYpZUGw38di81409SjDa57Fl64ru64H+8yeeN96KYgYhRgDjXRLMp00Wd6EO9SFGCTUplK1"
        "iUS0u7shlWro748YxbiLQG7ZNEpphozhmxUFvma3gpdRV7+2egXSf1+qL/iN3kcDvJLeT4O7XH9DM4AhWCdlxY3QCskY9q7QbiaSZv8c9vLkkUS7fYaVnT0J"
        "HTg3MEg1z3cn05Sd7oufIV3SNGlRtdeTpq6ufneAjw/ZbkJLtpsiWYaFRBMoFj4sizFEIebufXnb2tUR6xTNkBwx9kG0lZsKC5fZgoyDUqIL9VCqFoudQq+I"
        "183CVwgtpTqUV3WUOczBYalzVUqrKM4uwVRsWw6/nfiR2UNPIiOfYjuIH2+ZuVA6/i42ikrqzgTZ8zOMGlWjbt1kPI1lc+VsWh+Elv+ygfm0kNN2yzltizHP"
        "q48QFmpL3DtqUdKcvrIlnSR9UTJIMhzPagXPSjxzX13UAtLyMGbJXKe+VOS1BEcIrUOfmz2ajzS6RPZiC1HDicQHvu20ABGFCI0oh9NWCKdJOB7wF9IVHC4o"
        "rx+Y1EjmIJoEgcNzkGrVpJXgERvTvv4TAbhw4cKFCxcuXLj4Eyi5RNoXZ8O5OnudGz7/15mntOD+Jlm3OIwMPQP0HXgAacpNDOY1fzbCo7K+1Cptsv8LGUcp"
        "uoledEk7evOev/QloXLfZ9WGob+3hPKNv5BPO/9x/B+pxvNX"
    )
)
"""A workbook of Excel 97 with one sheet of orders, as xlwt writes it."""
SPREADSHEET_2003 = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>"""


HELD: dict[str, tuple[dict[str, str | int], str, bytes, str, str]] = {
    "UTF-16 that nobody declared": ({}, "orders.csv", TEXT.encode("utf-16"), "not_utf8", "`encoding: utf-16`"),
    "GBK that nobody declared": ({}, "orders.csv", TEXT.encode("gb18030"), "not_utf8", "`encoding: gb18030`"),
    "GBK in the names of columns": ({}, "orders.csv", TEXT.replace("status", "状").encode("gb18030"), "not_utf8", "`encoding: gb18030`"),
    "UTF-8 with a mark, said to be GBK": (
        {"encoding": "gbk"},
        "orders.csv",
        TEXT.encode("utf-8-sig"),
        "wrong_encoding",
        "`encoding: utf-8`",
    ),
    "UTF-8 said to be Latin-1": ({"encoding": "latin-1"}, "orders.csv", (TEXT + "茶" * 9).encode(), "other_encoding", "`encoding: utf-8`"),
    "a byte that GB18030 doesn't have": (
        {"encoding": "gb18030"},
        "orders.csv",
        TEXT.encode("gb18030") + b"\xff\xff\n",
        "undecodable",
        "line 4 is not gb18030 text",
    ),
    "zstd cut short": ({}, "orders.csv.zst", zstandard.compress(TEXT.encode() * 9)[:-9], "corrupt_zstd", "cut off"),
    "gzip within gzip": ({}, "orders.csv.gz", gzip.compress(zipped({"orders.csv": b"x"})), "nested_archive", "packed once"),
    "half a workbook": ({}, "orders.xlsx", xlsx([list(COLUMNS)])[:900], "corrupt_xlsx", "have it delivered again"),
    "a workbook of two sheets": ({}, "orders.xlsx", xlsx([list(COLUMNS), typed(ROWS[0])], more="x"), "several_sheets", "`sheet:`"),
    "a workbook without that sheet": ({"sheet": "Q"}, "orders.xlsx", xlsx([list(COLUMNS)]), "missing_sheet", "'Orders'"),
    "a workbook that calls itself CSV": ({}, "orders.csv", xlsx([list(COLUMNS)]), "wrong_format", "`format: xlsx`"),
    "an old workbook": ({}, "orders.xls", XLS, "other_format", "a workbook of Excel 97 to 2003 (.xls)"),
    "an old workbook that calls itself a new one": ({}, "orders.xlsx", XLS, "other_format", "save it as .xlsx, or as CSV in UTF-8"),
    "an old workbook that calls itself CSV": ({}, "orders.csv", XLS, "other_format", "a workbook of Excel 97 to 2003 (.xls)"),
    "a page": ({}, "orders.xls", b"\xef\xbb\xbf \n<HTML><table><tr><td>order_id</td></tr></table>", "other_format", "an HTML page"),
    "a page that begins with its type": ({}, "orders.csv", b"<!DOCTYPE html>\n<html></html>", "other_format", "save it as .xlsx"),
    "an XML spreadsheet": ({}, "orders.xls", SPREADSHEET_2003.encode(), "other_format", "an XML spreadsheet of Excel 2003"),
    "XML": ({}, "orders.csv", b"<?xml version='1.0'?><orders/>", "other_format", "have it exported as CSV, JSON or .xlsx"),
    "a PDF": ({}, "orders.csv", b"%PDF-1.7", "other_format", "a PDF document"),
    "a RAR archive": ({}, "orders.csv", b"Rar!\x1a\x07", "other_format", "packed as .zip or .gz"),
    "text that calls itself a workbook": ({}, "orders.xlsx", TEXT.encode(), "other_format", "`format: csv`"),
    "a binary workbook": ({"format": "xlsx"}, "orders.xlsb", zipped({"xl/workbook.bin": b""}), "other_format", "a binary workbook (.xlsb)"),
    "a binary workbook without its format": ({}, "orders.xlsb", zipped({"xl/workbook.bin": b""}), "wrong_format", "`format: xlsx`"),
    "a workbook that calls itself an old one": ({}, "orders.xls", xlsx([list(COLUMNS)]), "wrong_format", "`format: xlsx`"),
    "errors in a workbook of LibreOffice": ({}, "orders.ods", ods([list(COLUMNS)], ODS_ERROR), "error_cells", "save the workbook as .xlsx"),
    "columns apart by blanks": (
        {},
        "orders.txt",
        "\n".join("  ".join(row.split(",")) for row in [ORDERS_HEADER, order(1), ""]).encode(),
        "missing_column",
        "`layout: {split_at_blanks: true}`",
    ),
    "half a Parquet file": ({}, "orders.parquet", b"PAR1" + b"\0" * 40, "corrupt_parquet", "have it delivered again"),
    "JSON cut in its last line": ({}, "orders.jsonl", jsonl({"order_id": "O1"}) + b'{"order_id": "O', "cut_off", "line 2"),
    "a title that nobody declared": ({}, "orders.csv", ("Orders of March\n" + TEXT).encode(), "missing_column", "`skip_lines: 1`"),
}


@pytest.mark.parametrize(("dialect", "name", "content", "reason", "advice"), HELD.values(), ids=HELD)
def test_what_is_not_what_its_profile_says_is_held_with_what_to_do(
    home_of: Callable[..., Home], dialect: dict[str, str | int], name: str, content: bytes, reason: str, advice: str
) -> None:
    home = home_of(**dialect)
    home.deliver(name, content)
    (held,) = home.land().held
    assert held.reason is not None
    assert held.reason.startswith(f"{reason}: "), held.reason
    assert advice in held.reason


def test_a_backslash_escapes_quotes_and_is_itself_before_anything_else(home_of: Callable[..., Home]) -> None:
    home = home_of(escape="\\")
    lines = ['O1,1,"say \\"tea\\", twice",2026-03-01,paid,1,2', "O2,1,C:\\new\\\\x,2026-03-01,paid,1,2"]
    home.deliver("orders.csv", "\n".join([ORDERS_HEADER, *lines]) + "\n")
    home.land()
    assert home.clean("line, customer_id") == [(2, 'say "tea", twice'), (3, "C:\\new\\x")]


def test_line_breaks_within_values_do_not_move_the_lines_behind_a_preamble(home_of: Callable[..., Home]) -> None:
    home = home_of(skip_lines=1)
    rows = [order(1, customer_id='"of\ntwo lines"'), order(2), order(3, unit_price="?")]
    home.deliver("orders.csv", "\n".join(["Title", ORDERS_HEADER, *rows]) + "\n")
    home.land()
    assert home.clean("line, order_id") == [(3, "O1"), (5, "O2")]
    assert home.quarantine("line, reason") == [(6, "not_a_number")]


@pytest.mark.parametrize("ending", ["xlsx", "parquet"])
def test_a_damaged_byte_of_a_binary_format_never_ends_in_anything_but_a_held_file(tmp_path: Path, ending: str) -> None:
    rows = [list(COLUMNS), *([f"O{number * 7919 % 2003}"] * len(COLUMNS) for number in range(300))]
    if ending == "xlsx":
        content = xlsx(rows)
    else:
        columns = ", ".join(f"'O' || i * 7919 % 2003 as {name}" for name in COLUMNS)
        duckdb.sql(f"copy (select {columns} from range(300) t(i)) to '{tmp_path}/whole.parquet' (format parquet, compression gzip)")
        content = (tmp_path / "whole.parquet").read_bytes()
    held = 0
    for place in range(4, len(content), len(content) // 60):
        (tmp_path / f"orders.{ending}").write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            convert(tmp_path / f"orders.{ending}", tmp_path / "text", ending, Dialect())
        except HeldError as error:
            held += error.reason == f"corrupt_{ending}"
    assert held > 20


def test_a_line_within_a_value_does_not_end_the_rows(home_of: Callable[..., Home]) -> None:
    home = home_of(ends_before="^(Total|)$")
    rows = [order(1, customer_id='"of\r\nTotal\r\n\r\n"'), order(2), "", "Total", order(3)]
    home.deliver("orders.csv", "\r\n".join([ORDERS_HEADER, *rows]) + "\r\n")
    home.land()
    assert home.clean("line, order_id") == [(2, "O1"), (6, "O2")]
    assert home.quarantine("line, reason, original") == [(8, "after_end", "Total"), (9, "after_end", order(3))]


NAMES = {
    "one above the other": ([["Order", "Buyer"], ["Id", "Name"]], ["Order Id", "Buyer Name"]),
    "merged cells": ([["Order", "", "Buyer", ""], ["Id", "Date", "Id", "Name"]], ["Order Id", "Order Date", "Buyer Id", "Buyer Name"]),
    "a shorter row above": ([["Order"], ["Id", "Date"]], ["Order Id", "Order Date"]),
    "nothing above": ([["", "Buyer"], ["Id", "Name"]], ["Id", "Buyer Name"]),
    "nothing below": ([["Order", "Buyer"], ["Id", ""]], ["Order Id", "Buyer"]),
    "three rows": ([["A", ""], ["b", "c"], ["1", "2"]], ["A b 1", "A c 2"]),
}


@pytest.mark.parametrize(("rows", "names"), NAMES.values(), ids=NAMES)
def test_names_of_several_rows_are_read_from_the_top(rows: list[list[str]], names: list[str]) -> None:
    assert joined(rows) == names


@pytest.mark.parametrize("delimiter", ["", "a", "1", '"', "\\", "\n", ",,,,"])
def test_what_can_be_part_of_a_value_is_no_delimiter(delimiter: str) -> None:
    with pytest.raises(ValidationError, match="expected one to three characters that are no letters"):
        Dialect(delimiter=delimiter)


def test_a_blank_behind_every_delimiter_is_not_taken_for_part_of_the_values(home_of: Callable[..., Home]) -> None:
    home = home_of()
    home.deliver("orders_1.csv", "\n".join([ORDERS_HEADER, order(1)]).replace(",", ", ") + "\n")
    home.deliver("orders_2.csv", "\n".join([ORDERS_HEADER.replace(",", ", "), order(2), ""]))
    landing = home.land()
    (held,) = landing.held
    assert held.file_name == "orders_1.csv"
    assert held.reason is not None
    assert held.reason.startswith("blank_in_delimiter: ")
    assert '`delimiter: ", "`' in held.reason
    assert landing.rows_clean == 1
