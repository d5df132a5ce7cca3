"""A small lake for dbt to build from: the Parquet files that ingest, identity and scores would have left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from orchestration import texts
from orchestration.dumps.feeds import FEEDS
from orchestration.lists import permission
from orchestration.settings import Settings
from transforms.schemas import (
    CUSTOMER_ID_CHANGES,
    CUSTOMER_LINKS,
    CUSTOMER_SCORES,
    MONEY,
    PRODUCT_SATISFACTION,
    TIMESTAMP,
    TOPIC_OUTCOMES,
)
from transforms.scores import with_digest

TYPES = {
    "text": pl.String,
    "key": pl.String,
    "choice": pl.String,
    "timestamp": TIMESTAMP,
    "date": pl.Date,
    "money": MONEY,
    "rate": pl.Decimal(28, 18),
    "quantity": pl.Decimal(18, 3),
    "integer": pl.Int32,
    "boolean": pl.Boolean,
}
ORIGIN = {"file_id": pl.String, "line": pl.Int64, "source": pl.String}
CLEAN = {feed: pl.Schema({**ORIGIN, **{column.name: TYPES[column.kind] for column in columns}}) for feed, columns in FEEDS.items()}
FILES = pl.Schema(
    {
        **dict.fromkeys(["file_id", "source", "feed", "file_name", "delivery_key"], pl.String),
        **dict.fromkeys(["rows_delivered", "rows_clean", "rows_quarantined", "rows_left_out"], pl.Int64),
    }
)
REFUSED = pl.Schema({**ORIGIN, **dict.fromkeys(["feed", "order_id", "reason"], pl.String)})
HISTORY = pl.Schema({**dict.fromkeys(["customer_id", "dimension", "value", "previous_value"], pl.String), "changed_at": pl.Date})
PARAMETERS = pl.Schema(dict.fromkeys(["model", "parameter", "value"], pl.String))

AMOUNTS = dict.fromkeys(["discount_amount", "shipping_amount", "tax_amount", "refund_amount", "order_refund_amount"], 0)
DEFAULTS = {
    "status": "completed",
    "currency": "CNY",
    "is_test": False,
    "line_kind": "product",
    "quantity": 1,
    "unit_price": 10,
    "state": "paid",
    **AMOUNTS,
}


@dataclass
class Lake:
    """Deliver files, say who is who, then ``write``. Rows are dicts; what they leave out is as a plain order has it, or null."""

    home: Path
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {feed: [] for feed in FEEDS})
    files: list[dict[str, Any]] = field(default_factory=list)
    persons: dict[tuple[str, str], str] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def deliver(self, delivery_key: str, source: str, feed: str, rows: Iterable[Mapping[str, Any]], is_live: bool = True) -> None:
        """A file whose first row is its line 2. Its place among deliveries is its key, which is also its id and name."""
        known = [{**DEFAULTS, **row, "file_id": delivery_key, "line": line, "source": source} for line, row in enumerate(rows, start=2)]
        self.rows[feed] += [{name: row.get(name) for name in CLEAN[feed]} for row in known]
        if is_live:
            names = {"file_id": delivery_key, "source": source, "feed": feed, "file_name": delivery_key, "delivery_key": delivery_key}
            counts = {"rows_delivered": len(known), "rows_clean": len(known), "rows_quarantined": 0, "rows_left_out": 0}
            self.files.append({**names, **counts})

    def refuse(self, delivery_key: str, source: str, feed: str, *order_ids: str) -> None:
        """Rows of these orders that the file of that key brought and that can't be read."""
        origin = {"file_id": delivery_key, "source": source, "feed": feed, "reason": "not_a_number"}
        self.refused += [{**origin, "line": 1_000 + number, "order_id": order_id} for number, order_id in enumerate(order_ids)]

    def same_person(self, *ids: tuple[str, str]) -> None:
        """Source customers (source, id) who are one person; everybody else is a person of their own."""
        smallest = min(":".join(each) for each in ids)
        self.persons.update(dict.fromkeys(ids, smallest))

    def write(self, batches: int = 1) -> None:
        """All files; the rows of each feed spread over so many Parquet files."""
        for feed, rows in self.rows.items():
            for batch in range(batches):
                self._write(f"clean/{feed}/{batch}", rows[batch::batches], CLEAN[feed])
        texts.read(Settings(home=self.home))
        self._write("clean/refused_rows/0", self.refused, REFUSED)
        self._write("clean/files", self.files, FILES)
        live = {file["file_id"] for file in self.files}
        met = {
            (row["source"], row["customer_id"])
            for rows in self.rows.values()
            for row in rows
            if row["file_id"] in live and row.get("customer_id")
        }
        links = [
            (*each, self.persons.get(each, ":".join(each)), "email" if each in self.persons else "own id", None, "run")
            for each in sorted(met)
        ]
        self._write("identity/customer_links", [dict(zip(CUSTOMER_LINKS, link, strict=True)) for link in links], CUSTOMER_LINKS)
        self._write("identity/customer_id_changes", [], CUSTOMER_ID_CHANGES)
        permission.write_consents(Settings(home=self.home))
        self.score(date(1970, 1, 1), {})
        self.history([])

    def score(self, as_of: date, groups: Mapping[str, str | None]) -> None:
        """The scores of a day: each customer's RFM group; the other segments are the same for all."""
        same = {"as_of_date": as_of, "abc_class": "A", "lifecycle_stage": "stable", "loyalty_type": "true", "overdue_ratio": as_of.day / 10}
        scored = [
            {**dict.fromkeys(CUSTOMER_SCORES), **same, "customer_id": customer, "rfm_group": group} for customer, group in groups.items()
        ]
        digested = with_digest(pl.LazyFrame(scored, schema=CUSTOMER_SCORES, orient="row")).collect()
        self._write("scores/customer_scores", digested.to_dicts(), digested.schema)
        self._write("scores/product_satisfaction", [], PRODUCT_SATISFACTION)
        self._write("scores/topic_outcomes", [], TOPIC_OUTCOMES)
        self._write("scores/run_parameters", [{"model": "rfm", "parameter": "preset", "value": '"grid_11"'}], PARAMETERS)

    def history(self, rows: list[dict[str, Any]]) -> None:
        """The segment history that was published last."""
        self._write("history/segment_history", rows, HISTORY)

    def _write(self, name: str, rows: list[dict[str, Any]], schema: pl.Schema) -> None:
        path = self.home / "lake" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(path)
