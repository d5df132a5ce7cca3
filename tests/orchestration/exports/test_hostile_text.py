"""Whatever stands in a text: it comes back from every file as it was, read by other programs than wrote it, and nothing of it acts."""

import csv
import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import openpyxl
import polars as pl
import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from orchestration.exports.csv_file import write_csv
from orchestration.exports.workbook import write_xlsx
from orchestration.io import write_parquet
from tests.orchestration import naughty

COLUMNS = ("customer_id", "name", "email", "preferred_category", "reason", "suggested_action")
"""Texts that a package holds; each naughty one stands in each of them."""
_BEGINS_A_FORMULA = tuple("=+-@\t\r\n\x00＝＋－＠")
_NO_CHARACTER = re.compile("_xFFF[EF]_")
"""All that calamine doesn't unescape by itself."""
_GUARDED = re.compile(r"'+[=+\-@\t\r\n\x00＝＋－＠]")


def table(texts: list[str]) -> pl.DataFrame:
    return pl.DataFrame(dict.fromkeys(COLUMNS, texts)).with_columns(orders_count=pl.lit(3))


def original(cell: str) -> str:
    """The documented way back from a cell of the CSV: without one ``'`` before what would act."""
    return cell[1:] if _GUARDED.match(cell) else cell


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    write_csv(table(naughty.ALL), folder / "a.csv")
    write_xlsx(table(naughty.ALL), folder / "a.xlsx", "Hostile", rows_per_sheet=100)
    write_parquet(table(naughty.ALL), folder / "a.parquet")
    return folder


def by_csv(path: Path) -> list[list[str]]:
    _, *rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    return rows


def by_duckdb(path: Path) -> list[list[str]]:
    found = duckdb.execute(
        """select columns(* exclude orders_count), orders_count from read_csv(?, header=true, all_varchar=true, delim=',', quote='"',
           escape='"', new_line='\\r\\n', nullstr='no text is null', max_line_size=10000000, parallel=false)""",
        [str(path)],
    )
    return [list(row) for row in found.fetchall()]


@pytest.mark.parametrize("read", [by_csv, by_duckdb])
def test_every_text_comes_back_from_the_csv_and_none_begins_a_formula(written, read):
    rows = read(written / "a.csv")
    assert len(rows) == len(naughty.ALL)
    for text, row in zip(naughty.ALL, rows, strict=True):
        assert [original(cell) for cell in row[:-1]] == [text] * len(COLUMNS), repr(text)
        assert not any(cell.startswith(_BEGINS_A_FORMULA) for cell in row)


def by_openpyxl(path: Path) -> list[list[str]]:
    sheets = openpyxl.load_workbook(path).worksheets
    assert all(cell.data_type in "sn" for sheet in sheets for row in sheet.iter_rows() for cell in row), "a cell holds a formula"
    return [[unescape(cell or "") for cell in row[:-1]] for sheet in sheets for row in sheet.iter_rows(min_row=2, values_only=True)]


def by_calamine(path: Path) -> list[list[str]]:
    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    sheets = [workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names]
    return [[_NO_CHARACTER.sub(lambda found: unescape(found[0]), str(cell)) for cell in row[:-1]] for _, *rows in sheets for row in rows]


@pytest.mark.parametrize("read", [by_openpyxl, by_calamine])
def test_every_text_comes_back_from_the_workbook(written, read):
    rows = read(written / "a.xlsx")
    assert len(rows) == len(naughty.ALL)
    for text, row in zip(naughty.ALL, rows, strict=True):
        assert row == [text] * len(COLUMNS), repr(text)


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(written):
    with zipfile.ZipFile(written / "a.xlsx") as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert not re.search(rb"<f[ >]|<hyperlink|ddeLink|externalLink", content), name


def test_every_text_comes_back_from_the_parquet_file(written):
    found = duckdb.execute("from read_parquet(?)", [str(written / "a.parquet")]).fetchall()
    assert found == [(*[text] * len(COLUMNS), 3) for text in naughty.ALL]


@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_any_text_comes_back_from_a_workbook(tmp_path, texts):
    write_xlsx(pl.DataFrame({"text": texts, "tail": [1] * len(texts)}), tmp_path / "a.xlsx", "Any")
    rows = openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(min_row=2)
    assert [unescape(row[0].value or "") for row in rows] == texts


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_libreoffice_finds_texts_and_no_formulas(written, tmp_path, ending):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if not office:
        pytest.skip("LibreOffice is absent: no soffice on PATH")
    text_filter = ":Text - txt - csv (StarCalc):44,34,76,1,,0,true" if ending == "csv" else ""
    subprocess.run(
        [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "fods", "--outdir", tmp_path]
        + ([f"--infilter={text_filter[1:]}"] if text_filter else [])
        + [written / f"a.{ending}"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    cells = [cell for _, cell in ElementTree.iterparse(tmp_path / "a.fods") if cell.tag.endswith("}table-cell")]
    attributes = {name.rsplit("}", 1)[1]: value for cell in cells for name, value in cell.attrib.items()}
    assert "formula" not in attributes
    assert not [link for cell in cells for link in cell.iter() if link.tag.endswith("}a")]
    back = original if ending == "csv" else str
    texts = {
        back("".join(part for line in cell.iter() if line.tag.endswith("}p") for part in line.itertext()))
        for cell in cells
        if "string" in cell.attrib.values()
    }
    plain = {text for text in naughty.ALL if text.isprintable() and not re.search(r"^ | $|  ", text) and text}
    assert len(plain) > 100
    assert plain - texts <= {"_x00_"}, "LibreOffice takes that for an escape; Excel doesn't"
