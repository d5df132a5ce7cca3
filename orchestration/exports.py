"""The package a marketer downloads: the master, one file per list in three formats, and a manifest that accounts for all of it.

Files for people: CSV that Excel opens right (UTF-8 with BOM, CRLF) and whose cells can't act, and XLSX whose text cells stay text. Money is
rounded to cents here and nowhere else. The same inputs give the same bytes.
"""

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.io import write_atomically, write_json, write_parquet
from orchestration.master import master
from transforms.contact import ADDRESS_OF, STATUSES, ContactRules
from transforms.lists import ListDefinition

MANIFEST = "manifest.json"
FORMATS = ("csv", "xlsx", "parquet")
MASTER = "customers"
MASTER_TITLE = {"en": "Customers", "zh": "客户"}

LARGE_MASTER = 50_000
"""From so many customers on a workbook takes longer than a process to start."""
ROWS_PER_SHEET = 1_048_575
"""Excel's 1,048,576 rows without the header."""
CELL_CHARACTERS = 16_383
"""What an Excel cell holds for certain (32,767 halves of UTF-16); the rest of a longer text is in the CSV and Parquet only."""

_ACTS = r"^'*[=+\-@\t\r\n\x00＝＋－＠]"
_CREATED = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_BAD_IN_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


@dataclass(frozen=True)
class RunFacts:
    """What the manifest says about the run; ``parameters`` and ``validation`` are plain JSON content."""

    run_id: str
    as_of: date
    parameters: Mapping[str, Any]
    validation: Any
    contact_rules: ContactRules


def shipped_lists() -> dict[str, Any]:
    """``lists.yaml`` beside this file: list name to fields, for ``transforms.lists.load_definitions``."""
    import yaml

    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("lists.yaml").read_text(encoding="utf-8"))
    return content


def write_package(
    folder: Path,
    customers: pl.LazyFrame,
    members: pl.DataFrame,
    contacts: pl.LazyFrame,
    definitions: Sequence[ListDefinition],
    run: RunFacts,
    language: str = "en",
    formats: Iterable[str] = FORMATS,
) -> dict[str, Any]:
    """Writes the package of one run into ``folder`` and returns its manifest, which is also ``manifest.json`` there.

    ``customers``: ``customer_360``. ``members``: ``LIST_MEMBERS``. ``contacts``: customer_id, name, email, phone, one row per customer.
    The master has every customer and no contact details, by customer id; a list has those it is sent to, in the list's order, with name,
    the address of its channel, reason and suggested action in ``language`` (``en`` or ``zh``).
    """
    formats = tuple(formats)
    everybody = master(customers, run.contact_rules.holdout_salt)
    lists: dict[str, Any] = {}
    of_lists: list[dict[str, Any]] = []
    with _aside(everybody.height) as aside:  # the master's workbook takes longer than all else together, on one core
        workbook = aside.submit(_write_formats, everybody, folder, MASTER, MASTER_TITLE[language], [f for f in formats if f == "xlsx"])
        others = _write_formats(everybody, folder, MASTER, MASTER_TITLE[language], [f for f in formats if f != "xlsx"])
        for definition in definitions:
            written = _write_formats(
                list_rows(definition, members, contacts, language), folder, definition.name, getattr(definition.title, language), formats
            )
            lists[definition.name] = {**_account(definition, members, run.contact_rules), "files": [file["name"] for file in written]}
            of_lists += written
        of_master = sorted([*others, *workbook.result()], key=lambda file: formats.index(file["name"].rsplit(".", 1)[1]))
    manifest = {
        "run_id": run.run_id,
        "as_of": run.as_of.isoformat(),
        "language": language,
        "files": [*of_master, *of_lists],
        "lists": lists,
        "parameters": run.parameters,
        "validation": run.validation,
    }
    write_json(manifest, folder / MANIFEST)
    return manifest


def _aside(rows: int) -> Executor:
    """Where the master's workbook is written: a large one by a process of its own, as its writer keeps Python to itself half the time."""
    return ProcessPoolExecutor(1, get_context("spawn")) if rows >= LARGE_MASTER else ThreadPoolExecutor(1)


def list_rows(definition: ListDefinition, members: pl.DataFrame, contacts: pl.LazyFrame, language: str) -> pl.DataFrame:
    """One row per customer the list is sent to: customer_id, name, email or phone, reason, suggested_action; in the list's order."""
    sent = members.filter(list_name=definition.name, status="send")
    address = ADDRESS_OF[definition.channel]
    return (
        sent.lazy()
        .join(contacts.select("customer_id", "name", address), on="customer_id", how="left", maintain_order="left", validate="1:1")
        .select(
            "customer_id",
            "name",
            address,
            reason="reason" if language == "en" else "reason_zh",
            suggested_action=pl.lit(getattr(definition.suggested_action, language)),
        )
        .collect()
    )


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """CSV for people: UTF-8 with BOM, CRLF, every text quoted, no text that a spreadsheet would run (see ``inert``)."""
    with write_atomically(path) as partial:
        frame.lazy().with_columns(inert(pl.col(pl.String))).sink_csv(
            partial,
            include_bom=True,
            line_terminator="\r\n",
            quote_style="non_numeric",  # a bare text could be split at another separator, and its tail be a formula
            datetime_format="%Y-%m-%d %H:%M:%S",
            check_extension=False,
        )


def inert(text: pl.Expr) -> pl.Expr:
    """Puts ``'`` before a text that a spreadsheet would read as a formula (OWASP, CSV injection).

    Such a text begins with ``= + - @``, a full-width form of these, tab, CR, LF or NUL.

    A text that is already ``'`` and such a beginning gets one more, so that removing one ``'`` from ``'…=`` always gives the original.
    """
    return pl.when(text.str.contains(_ACTS)).then(pl.lit("'") + text).otherwise(text).name.keep()


def write_xlsx(frame: pl.DataFrame, path: Path, title: str, rows_per_sheet: int = ROWS_PER_SHEET) -> None:
    """XLSX with text as text cells, dates as dates and the header frozen; one sheet for each ``rows_per_sheet`` rows."""
    import rustpy_xlsxwriter as xlsx

    # The writer leaves Decimal cells empty, and refuses text longer than a cell.
    cells = frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64), pl.col(pl.String).str.head(CELL_CHARACTERS))
    starts = range(0, max(cells.height, 1), rows_per_sheet)
    names = [_sheet_name(title, number if len(starts) > 1 else None) for number, _ in enumerate(starts, start=1)]
    sheets: list[tuple[str, Any]] = [(name, cells.slice(start, rows_per_sheet)) for name, start in zip(names, starts, strict=True)]
    formats = {column: xlsx.Format().set_num_format(code) for column, dtype in cells.schema.items() if (code := _number_format(dtype))}
    money = {column: xlsx.Format().set_num_format("0.00") for column, dtype in frame.schema.items() if dtype.is_decimal()}
    widths = {column: float(min(max(len(column) + 2, 12), 40)) for column in cells.columns}
    with write_atomically(path) as partial:
        xlsx.write_worksheets(
            sheets,
            str(partial),
            freeze_panes={"general": {"row": 1, "col": 0}},
            bold_headers=True,
            column_formats={name: {**formats, **money} for name in names},
            column_widths=dict.fromkeys(names, widths),
        )
        _fix_creation_time(partial)


def _write_formats(frame: pl.DataFrame, folder: Path, stem: str, title: str, formats: Sequence[str]) -> list[dict[str, Any]]:
    writers: dict[str, Callable[[Path], None]] = {
        "csv": lambda path: write_csv(frame, path),
        "xlsx": lambda path: write_xlsx(frame, path, title),
        "parquet": lambda path: write_parquet(frame, path),
    }
    files = []
    for ending in formats:
        path = folder / f"{stem}.{ending}"
        writers[ending](path)
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        files.append({"name": path.name, "rows": frame.height, "bytes": path.stat().st_size, "sha256": digest, "columns": frame.columns})
    return files


def _account(definition: ListDefinition, members: pl.DataFrame, rules: ContactRules) -> dict[str, Any]:
    """What a list is for and what became of each customer its filter chose: chosen = sent + Σ dropped."""
    counts = dict(members.filter(list_name=definition.name).group_by("status").len().iter_rows())
    share = rules.holdout_share if definition.holdout_share is None else definition.holdout_share
    return {
        "title": asdict(definition.title),
        "purpose": asdict(definition.purpose),
        "filter": definition.filter,
        "channel": definition.channel,
        "order_by": list(definition.order_by),
        "size_limit": definition.size_limit,
        "suggested_action": asdict(definition.suggested_action),
        "chosen": sum(counts.values()),
        "sent": counts.get("send", 0),
        "dropped": {status: counts.get(status, 0) for status in STATUSES if status != "send"},
        "holdout": {"share": share, "customers": counts.get("holdout", 0)},
    }


def _number_format(dtype: pl.DataType) -> str | None:
    if dtype == pl.String:
        return "@"
    if dtype == pl.Date:
        return "yyyy-mm-dd"
    return "yyyy-mm-dd hh:mm:ss" if dtype == pl.Datetime else None


def _sheet_name(title: str, number: int | None) -> str:
    suffix = "" if number is None else f" {number}"
    return _BAD_IN_SHEET_NAME.sub(" ", title)[: 31 - len(suffix)].strip() + suffix


def _fix_creation_time(path: Path) -> None:
    """Puts a fixed date for the clock's in the document's properties, so that the same cells give the same file.

    The properties are among the archive's last entries: it is cut before them and they are written anew, whatever the size of the sheets.
    """
    with zipfile.ZipFile(path, "a", compression=zipfile.ZIP_DEFLATED) as archive:
        properties = archive.getinfo("docProps/core.xml")
        tail = [entry for entry in archive.infolist() if entry.header_offset >= properties.header_offset]
        contents = [archive.read(entry) for entry in tail]
        for entry in tail:
            archive.filelist.remove(entry)
            del archive.NameToInfo[entry.filename]
        archive.start_dir = properties.header_offset
        for entry, content in zip(tail, contents, strict=True):
            renewed = zipfile.ZipInfo(entry.filename, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(renewed, _CREATED.sub(b"1980-01-01T00:00:00Z", content), compress_type=zipfile.ZIP_DEFLATED)
