"""Which lists may be published and which wait: what their checks found, what size is usual, what a person has approved.

Light: no engine is imported. A verdict is bound to the very file of members that was judged, so a list that nobody judged is not published.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from orchestration.errors import RegularsError
from orchestration.io import write_json
from orchestration.settings import Settings

MANIFEST = "manifest.json"
WITHHELD = "withheld"
"""Status of a member of a list that waits: chosen, allowed, and not to be written to."""
SIZE = "size"
"""The one check that a person may overrule."""
DEFINITION = "definition"
"""The check that a list fails whose definition is not valid: it was not built, so no other check was made of it."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Reason:
    """Why a list waits: the check that it failed, and a sentence in each language."""

    check: str
    en: str
    zh: str


@dataclass(frozen=True)
class Usual:
    """``people``: median of the sizes that a list was last published with, None for one that never had anybody. ``since``: the day of the
    last size that was approved, before which sizes don't count; empty if none was."""

    people: float | None = None
    since: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of one list at its checks. ``people``: who would be written to, in a form that ``fingerprint`` tells apart."""

    people: int
    fingerprint: str
    usual: float | None
    usual_since: str
    is_approved: bool
    checks: Mapping[str, bool]
    reasons: tuple[Reason, ...] = ()

    @property
    def is_published(self) -> bool:
        return not self.reasons

    def reason(self) -> dict[str, str] | None:
        """Why it waits, in both languages; None for a list that is published."""
        if self.is_published:
            return None
        return {"en": "; ".join(reason.en for reason in self.reasons), "zh": "；".join(reason.zh for reason in self.reasons)}


def members_path(settings: Settings) -> Path:
    """Who is on which list, as the lists were built."""
    return settings.derived / "lists" / "list_members.parquet"


def write(settings: Settings, verdicts: Mapping[str, Verdict]) -> None:
    """Keep the verdicts on the members as they stand."""
    content = {"members": _digest(members_path(settings)), "lists": {name: asdict(verdict) for name, verdict in verdicts.items()}}
    write_json(content, _path(settings))


def read(settings: Settings) -> dict[str, Verdict]:
    """List name → verdict. Raises ``RegularsError`` unless it is these members that were judged."""
    try:
        content = json.loads(_path(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        content = {}
    if content.get("members") != _digest(members_path(settings)):
        raise RegularsError(
            "The lists were not checked since they were built, so none can be published.",
            where=members_path(settings),
            do="run again; in the Dagster UI, materialise list_members together with its check",
        )
    return {
        name: Verdict(**{**verdict, "reasons": tuple(Reason(**reason) for reason in verdict["reasons"])})
        for name, verdict in content["lists"].items()
    }


def shown_members(settings: Settings, verdicts: Mapping[str, Verdict]) -> Path:
    """The members as readers may see them: nobody on a list that waits has the status ``send``."""
    built = members_path(settings)
    published = [name for name, verdict in verdicts.items() if verdict.is_published]
    if len(published) == len(verdicts):
        return built
    import polars as pl

    from orchestration.io import write_parquet
    from transforms.contact import ON_LIST

    shown = built.with_name("shown_members.parquet")
    is_held = ~pl.col("list_name").is_in(published) & pl.col("status").is_in(ON_LIST)
    members = pl.scan_parquet(built, glob=False)
    write_parquet(members.with_columns(status=pl.when(is_held).then(pl.lit(WITHHELD)).otherwise("status")), shown)
    return shown


def usual_sizes(settings: Settings, as_of: str) -> dict[str, Usual]:
    """List name → its usual size, from the packages that readers see of days up to ``as_of`` (ISO).

    Days on which a list waited or had nobody don't count. A run that looks back has none: nobody writes to the lists of a past day.
    """
    folder = settings.home / "published" / "exports"
    if settings.looks_back or not folder.is_dir():
        return {}
    days = sorted((path.name for path in folder.iterdir() if _DAY.fullmatch(path.name) and path.name <= as_of), reverse=True)
    entries: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for day in days[: settings.list_sizes.usual_from]:
        for name, entry in read_manifest(folder / day)["lists"].items():
            entries.setdefault(name, []).append((day, entry))
    return {name: _usual(found) for name, found in entries.items()}


def read_manifest(package: Path) -> dict[str, Any]:
    """The manifest of a package. Raises ``RegularsError`` where it can't be read."""
    try:
        content: dict[str, Any] = json.loads((package / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RegularsError(
            f"The manifest of a package can't be read: {error}",
            where=package,
            expected="the usual sizes of the lists in it",
            do="remove that folder",
        ) from None
    return content


def _usual(entries: list[tuple[str, dict[str, Any]]]) -> Usual:
    """From days and manifest entries of one list, newest first."""
    newest: dict[str, Any] = next((entry["size"] for _, entry in entries if "size" in entry), {})
    since = newest.get("usual_since") or ""
    sizes = [entry["sent"] for day, entry in entries if day >= since and entry.get("published", True) and entry.get("sent")]
    return Usual(median(sizes) if sizes else newest.get("usual"), since)


def approvals(settings: Settings) -> dict[str, dict[str, str]]:
    """List name → ``as_of`` and ``fingerprint`` of what a person approved."""
    try:
        content: dict[str, dict[str, str]] = json.loads(approvals_path(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def approvals_path(settings: Settings) -> Path:
    return settings.state / "approvals.json"


def _path(settings: Settings) -> Path:
    return members_path(settings).with_name("verdicts.json")


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
