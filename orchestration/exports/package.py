"""The package a marketer downloads: the master, one file per list in three formats, and a manifest that accounts for all of it.

Files for people: CSV that Excel opens right (UTF-8 with BOM, CRLF) and whose cells can't act, and XLSX whose text cells stay text. Money is
rounded to cents here and nowhere else. The same inputs give the same bytes.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.errors import RegularsError
from orchestration.exports.csv_file import write_csv
from orchestration.exports.master import master
from orchestration.exports.workbook import write_xlsx
from orchestration.io import portions, write_json, write_parquet_portions, write_text
from orchestration.lists.masking import in_cents
from orchestration.lists.verdicts import MANIFEST, WITHHELD, Verdict
from transforms.contact import ADDRESS_OF, INTERNAL, ON_LIST, STATUSES, ContactRules
from transforms.lists import BrokenList, ListDefinition, holdout_share

MANIFEST_SCHEMA = "manifest.schema.json"
"""JSON Schema of the manifest: shipped beside this file, and in each package."""
FORMATS = ("csv", "xlsx", "parquet")
MASTER = "customers"
MASTER_TITLE = {"en": "Customers", "zh": "客户"}


@dataclass(frozen=True)
class RunFacts:
    """What the manifest says about the run; ``parameters`` and ``validation`` are plain JSON content."""

    run_id: str
    as_of: date
    parameters: Mapping[str, Any]
    validation: Any
    contact_rules: ContactRules
    unavailable: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Lists that can't be told → what they need and is not there."""
    broken: Mapping[str, BrokenList] = field(default_factory=dict)
    """Lists that are not valid, with what is wrong: not built, and named in the manifest like any other that is withheld."""


def write_package(
    folder: Path,
    customers: pl.LazyFrame,
    members: pl.LazyFrame,
    contacts: pl.LazyFrame,
    definitions: Sequence[ListDefinition],
    run: RunFacts,
    verdicts: Mapping[str, Verdict],
    language: str = "en",
    formats: Iterable[str] = FORMATS,
) -> dict[str, Any]:
    """Writes the package of one run into ``folder`` and returns its manifest, which is also ``manifest.json`` there.

    ``customers``: ``customer_360``, by customer id; what is wanted of it is read in portions. ``members``: ``LIST_MEMBERS``, read
    list by list. ``contacts``: customer_id, name, email, phone, one row per customer.
    The master has every customer and no contact details, by customer id; a list has those it is sent to, in the list's order, with name,
    the address of its channel, reason and suggested action in ``language`` (``en`` or ``zh``). Of a list that by its verdict waits there
    is no file. Raises ``RegularsError`` for a list without a verdict.
    """
    formats = tuple(formats)
    names = [*(definition.name for definition in definitions), *run.broken]
    if unjudged := [name for name in names if name not in {*verdicts, *run.unavailable}]:
        raise RegularsError(f"No check has judged the list(s) {', '.join(unjudged)}, so nothing is published.", do="run again")
    counts = _counts(members)
    accounts = {definition.name: _accounted(definition, counts, run, verdicts) for definition in definitions}
    accounts |= {name: {**_not_valid(broken), **_judged(verdicts[name])} for name, broken in run.broken.items()}
    shown = [definition for definition in definitions if accounts[definition.name]["published"]]
    everybody = master(customers, run.contact_rules.holdout_salt, language)
    chosen = members.select("customer_id").unique()
    with ThreadPoolExecutor(1) as aside:  # the master's workbook takes longer than all else together, on one core
        workbook = aside.submit(_write_formats, everybody, folder, MASTER, MASTER_TITLE[language], [f for f in formats if f == "xlsx"])
        others = _write_formats(everybody, folder, MASTER, MASTER_TITLE[language], [f for f in formats if f != "xlsx"])
        own_columns = sorted({column for definition in shown for column in definition.columns})
        of_chosen = [rows.join(chosen, on="customer_id", how="semi") for rows in (contacts, customers.select("customer_id", *own_columns))]
        contacts, traits = (rows.collect(engine="streaming").lazy() for rows in of_chosen)  # once for all lists
        written = {}
        for definition in shown:
            rows = list_frame(definition, members, contacts, language, traits).collect()
            written[definition.name] = _write_formats(rows, folder, definition.name, getattr(definition.title, language), formats)
        of_master = sorted([*others, *workbook.result()], key=lambda file: formats.index(file["name"].rsplit(".", 1)[1]))
    manifest = {
        "$schema": MANIFEST_SCHEMA,
        "schema_version": 1,
        "run_id": run.run_id,
        "as_of": run.as_of.isoformat(),
        "language": language,
        "files": [*of_master, *(file for files in written.values() for file in files)],
        "lists": {name: {**account, "files": [file["name"] for file in written.get(name, [])]} for name, account in accounts.items()},
        "parameters": run.parameters,
        "validation": run.validation,
    }
    write_json(manifest, folder / MANIFEST)
    write_text(Path(__file__).with_name(MANIFEST_SCHEMA).read_text(encoding="utf-8"), folder / MANIFEST_SCHEMA)
    return manifest


def list_frame(
    definition: ListDefinition, members: pl.LazyFrame, contacts: pl.LazyFrame, language: str, customers: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per customer the list is sent to: customer_id, name, email or phone, the list's own columns, reason, suggested_action; in the
    list's order. An internal list has neither name nor address. ``customers``: ``customer_360``."""
    rows = members.filter(pl.col("status").is_in(ON_LIST), list_name=definition.name)
    personal = () if definition.is_internal else ("name", ADDRESS_OF[definition.channel])
    rows = rows.join(contacts.select("customer_id", *personal), on="customer_id", how="left", maintain_order="left", validate="1:1")
    if definition.columns:
        more = in_cents(customers.select("customer_id", *definition.columns))
        rows = rows.join(more, on="customer_id", how="left", maintain_order="left", validate="1:1")
    return rows.select(
        "customer_id",
        *personal,
        *definition.columns,
        reason="reason" if language == "en" else "reason_zh",
        suggested_action=pl.lit(getattr(definition.suggested_action, language)),
    )


def _write_formats(frame: pl.DataFrame | pl.LazyFrame, folder: Path, stem: str, title: str, formats: Sequence[str]) -> list[dict[str, Any]]:
    writers: dict[str, Callable[[Path], None]] = {
        "csv": lambda path: write_csv(frame, path),
        "xlsx": lambda path: write_xlsx(frame, path, title),
        "parquet": lambda path: write_parquet_portions(portions(frame.lazy()), path),
    }
    rows, columns = frame.lazy().select(pl.len()).collect().item(), frame.collect_schema().names()
    files = []
    for ending in formats:
        path = folder / f"{stem}.{ending}"
        writers[ending](path)
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        files.append({"name": path.name, "rows": rows, "bytes": path.stat().st_size, "sha256": digest, "columns": columns})
    return files


def _counts(members: pl.LazyFrame) -> dict[str, Counter[tuple[str, str | None]]]:
    """List name → how many of its customers have each ``status`` and ``holdout``."""
    counts: dict[str, Counter[tuple[str, str | None]]] = defaultdict(Counter)
    found = members.group_by("list_name", "status", "holdout").len().collect(engine="streaming")
    for name, status, holdout, customers in found.iter_rows():
        counts[name][status, holdout] = customers
    return counts


def _accounted(
    definition: ListDefinition,
    counts: Mapping[str, Counter[tuple[str, str | None]]],
    run: RunFacts,
    verdicts: Mapping[str, Verdict],
) -> dict[str, Any]:
    """What the manifest says of a list, but for its files."""
    if definition.name in run.unavailable:
        return _not_available(definition, run.unavailable[definition.name])
    return {**_account(definition, counts[definition.name], run.contact_rules), **_judged(verdicts[definition.name])}


def _account(definition: ListDefinition, found: Counter[tuple[str, str | None]], rules: ContactRules) -> dict[str, Any]:
    """What a list is for and what became of each customer its filter chose: chosen = sent + Σ dropped."""
    counts: Counter[str] = Counter()
    for (status, _), customers in found.items():
        counts[status] += customers
    share, of_all = holdout_share(definition, rules), sum(found[status, holdout] for status, holdout in found if holdout == "global")
    return {
        "title": asdict(definition.title),
        "purpose": asdict(definition.purpose),
        "filter": definition.filter,
        "channel": definition.channel,
        "is_internal": definition.is_internal,
        "columns": list(definition.columns),
        "needs": list(definition.needs),
        "priority": definition.priority,
        "cool_down_days": definition.cool_down_days,
        "chosen_by": list(definition.traits),
        "offers_price": definition.offers_price,
        "price_varies_by": list(definition.price_varies_by),
        "order_by": list(definition.order_by),
        "size_limit": definition.size_limit,
        "suggested_action": asdict(definition.suggested_action),
        "chosen": counts.total(),
        "sent": sum(counts[status] for status in ON_LIST),
        "dropped": {status: counts[status] for status in (*STATUSES, WITHHELD) if status != "send"},
        "holdout": {"share": share, "customers": counts["holdout"], "of_all_lists": of_all},
    }


def _not_available(definition: ListDefinition, lacks: Sequence[str]) -> dict[str, Any]:
    """A list that can't be told: neither built nor counted."""
    return {
        "title": asdict(definition.title),
        "purpose": asdict(definition.purpose),
        "filter": definition.filter,
        "channel": definition.channel,
        "needs": list(definition.needs),
        "available": False,
        "lacks": list(lacks),
        "published": False,
        "reason": {"en": f"not available: needs {', '.join(lacks)}", "zh": f"暂不可用：需要 {'、'.join(lacks)}"},
    }


def _not_valid(broken: BrokenList) -> dict[str, Any]:
    """The entry of a list that was not built because it is not valid: no members, and its titles as far as they could be read."""
    return {
        "title": asdict(broken.title),
        "purpose": asdict(broken.purpose),
        "filter": broken.filter,
        "channel": broken.channel,
        "is_internal": broken.channel == INTERNAL,
        "order_by": [],
        "size_limit": None,
        "suggested_action": asdict(broken.suggested_action),
        "chosen": 0,
        "sent": 0,
        "dropped": {status: 0 for status in (*STATUSES, WITHHELD) if status != "send"},
        "holdout": {"share": 0, "customers": 0, "of_all_lists": 0},
    }


def _judged(verdict: Verdict) -> dict[str, Any]:
    """What came of a list at its checks: whether it is published, if not why, and what size is usual."""
    return {
        "available": True,
        "lacks": [],
        "published": verdict.is_published,
        "reason": verdict.reason(),
        "checks": dict(verdict.checks),
        "size": {
            "people": verdict.people,
            "usual": verdict.usual,
            "usual_since": verdict.usual_since or None,
            "is_approved": verdict.is_approved,
            "fingerprint": verdict.fingerprint,
        },
    }
