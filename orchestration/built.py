"""The record of the last build: what a build may take as given. Without one, or under other settings, everything is built anew."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from orchestration.io import write_json
from orchestration.settings import Settings


@dataclass(frozen=True)
class BuildRecord:
    """``fingerprint``: of the project and its variables. ``as_of``: day of the facts that stand in the tables, empty where none can be
    relied on. ``views``: those made since under this fingerprint, which need not be made again. ``published``: the run whose publication
    shows the history of segments as it stands in the table, empty where none does."""

    fingerprint: str
    as_of: str = ""
    views: tuple[str, ...] = ()
    published: str = ""

    def emptied(self) -> "BuildRecord":
        return BuildRecord(self.fingerprint)

    def after(self, as_of: str, views: Iterable[str]) -> "BuildRecord":
        return replace(self.with_views(views), as_of=as_of)

    def unpublished(self) -> "BuildRecord":
        return replace(self, published="")

    def with_views(self, views: Iterable[str]) -> "BuildRecord":
        return replace(self, views=tuple(sorted({*self.views, *views})))


def read(settings: Settings, variables: Mapping[str, str | int]) -> BuildRecord:
    """The record of the last whole build under these variables, or one that vouches for nothing."""
    fingerprint = hashlib.sha256(json.dumps(variables, sort_keys=True).encode()).hexdigest()[:16]
    try:
        content = json.loads(_path(settings).read_text(encoding="utf-8"))
        found = BuildRecord(content["fingerprint"], content["as_of"], tuple(content["views"]), content["published"])
    except (OSError, ValueError, KeyError, TypeError):
        return BuildRecord(fingerprint)
    has_files = settings.warehouse.exists() and settings.working.exists()
    return found if found.fingerprint == fingerprint and has_files else BuildRecord(fingerprint)


def write(settings: Settings, record: BuildRecord) -> None:
    write_json(asdict(record), _path(settings))


def note_publication(settings: Settings, run_id: str) -> None:
    """What stands in the tables is what that run published. Where there is no record nothing is noted: then nothing is relied on."""
    if _path(settings).exists():
        content = json.loads(_path(settings).read_text(encoding="utf-8"))
        write_json({**content, "published": run_id}, _path(settings))


def forget(settings: Settings) -> None:
    """A build that doesn't come to its end leaves no record."""
    _path(settings).unlink(missing_ok=True)


def _path(settings: Settings) -> Path:
    return settings.results / "state" / "built.json"
