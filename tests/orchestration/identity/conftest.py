"""A home whose clean layer and ledger stand as landing would have left them, without a landing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from orchestration import lake
from orchestration import settings as home_settings
from orchestration.dumps.guests import guest_id
from orchestration.dumps.ledger import File
from orchestration.identity.identify import Report, identify
from orchestration.settings import Settings
from tests.dbt.lake import CLEAN


@cache
def guest(email: str | None, phone: str | None = None) -> str | None:
    """The id that landing gives a row with these and no customer id."""
    query = f"select {guest_id('email', 'phone')} from (select cast($1 as varchar) as email, cast($2 as varchar) as phone)"
    ((found,),) = duckdb.execute(query, [email, phone]).fetchall()
    return found


@dataclass
class IdentityHome:
    """Files are delivered as rows (dicts), each into a batch of its own, and may be withdrawn and come back."""

    folder: Path
    files: dict[str, File] = field(default_factory=dict)

    _loaded: dict[str, Settings] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """As ``configure`` left them; read once per content, which takes longer than a day of a test."""
        path = self.folder / "regulars.yaml"
        content = path.read_text() if path.exists() else ""
        if content not in self._loaded:
            self._loaded[content] = home_settings.load(self.folder, {})
        return self._loaded[content]

    def configure(self, content: str) -> None:
        (self.folder / "regulars.yaml").write_text(content)

    def deliver(self, source: str, feed: str, rows: Iterable[Mapping[str, Any]], run_id: str = "r") -> str:
        file_id = f"{len(self.files):04d}"
        origin = {"file_id": file_id, "source": source}
        known = [{**dict.fromkeys(CLEAN[feed]), **row, **origin, "line": line} for line, row in enumerate(rows, start=2)]
        path = self.settings.lake / "clean" / feed / f"{file_id}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(known, schema=CLEAN[feed], orient="row").write_parquet(path)
        file = File(file_id, source, file_id, file_id, 1, "2025-01-01T00:00:00+00:00", "p", feed, file_id, "live", run_id, batch=file_id)
        self._record(file)
        return file_id

    def withdraw(self, file_id: str) -> None:
        self._record(replace(self.files[file_id], state="superseded"))

    def bring_back(self, file_id: str) -> None:
        self._record(replace(self.files[file_id], state="live"))

    def _record(self, file: File) -> None:
        self.files[file.file_id] = file
        with lake.open_ledger(self.settings) as ledger:
            ledger.record(file)

    def identify(self, as_of: date = date(2025, 12, 31), run_id: str = "run") -> Report:
        return identify(self.settings, as_of, run_id)

    def links(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "lake" / "identity" / "customer_links.parquet").sort("source", "source_customer_id")

    def refused(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "lake" / "identity" / "refused_evidence.parquet").sort(pl.all())

    def persons(self) -> dict[str, str]:
        """``source:id`` → the person."""
        return {f"{source}:{source_id}": person for source, source_id, person, *_ in self.links().iter_rows()}
