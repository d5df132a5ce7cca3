"""Whole runs, in this process, on homes of their own; and readers of what they publish."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import run as runs
from orchestration import settings as home_settings
from orchestration.progress import Progress


@dataclass
class Home:
    folder: Path

    def run(self, as_of: str | None = None, is_full: bool = False) -> dict[str, Any]:
        return runs.run(home_settings.load(self.folder, {}), as_of, Progress(), is_full)

    def deliver(self, files: Iterable[Path], source: str) -> None:
        """Put files into the inbox as links: landing copies them into the lake."""
        inbox = self.folder / "inbox" / source
        inbox.mkdir(parents=True, exist_ok=True)
        for path in files:
            (inbox / path.name).symlink_to(path)

    def published(self, query: str) -> list[tuple[Any, ...]]:
        """What a BI tool reads: the published DuckDB file, opened read-only."""
        with duckdb.connect(str((self.folder / "published" / "warehouse.duckdb").resolve()), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def fingerprints(self) -> dict[str, Any]:
        """Each mart → its rows and a hash of them that does not depend on their order."""
        names = self.published("select table_name from information_schema.tables where table_schema = 'marts' order by 1")
        hashed = "select count(*), sum(hash(rows)), bit_xor(hash(rows)) from"
        return {name: self.published(f"{hashed} marts.{name} as rows") for (name,) in names}

    def working(self, query: str) -> list[tuple[Any, ...]]:
        """What the marts were made of in the last run."""
        with duckdb.connect(str(self.folder / "working.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def make_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Home]:
    def make(settings: str, name: str = "home") -> Home:
        folder = tmp_path_factory.mktemp(name)
        (folder / "regulars.yaml").write_text(settings, encoding="utf-8")
        return Home(folder)

    return make
