"""What waits in the inbox, and when a file there counts as delivered: always, once a marker says so, or once a manifest names it.

The default, ``stable``, takes every file that does not change while it is copied; a file cut off shows in its last row, or in its checksum.
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.dumps.inbox import Arrival, arrivals
from orchestration.dumps.ledger import File, Ledger, Sighting
from orchestration.settings import Settings, Source

MARKER = ".done"
MISMATCH = "manifest_mismatch"
FOLDER_MARKERS = ("_SUCCESS", "_DONE")

_NAMES = {"name": ("name", "file", "file_name", "path"), "bytes": ("bytes", "size", "size_bytes"), "rows": ("rows", "records", "row_count")}


@dataclass(frozen=True)
class Claim:
    """What a manifest promises of a file; None where it doesn't say."""

    bytes: int | None = None
    rows: int | None = None
    sha256: str | None = None

    def promises(self) -> list[tuple[str, int | str]]:
        named: dict[str, int | str | None] = {"bytes": self.bytes, "rows": self.rows, "sha256": self.sha256}
        return [(name, value) for name, value in named.items() if value is not None]

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.promises()) or "nothing"


@dataclass(frozen=True)
class Waiting:
    """``ready``: what is to be read, each with the claim it has to meet. ``unfinished``: what is left for later, a sentence each."""

    ready: tuple[tuple[Arrival, Claim | None], ...]
    unfinished: tuple[str, ...]


def waiting(settings: Settings, ledger: Ledger, profile_of: dict[str, str]) -> Waiting:
    """Arrivals that are new or changed, and held files whose profile or manifest was corrected since.

    ``profile_of``: source → fingerprint of the profile that reads it now. Markers and manifests are no arrivals of their own.
    """
    known, held = ledger.sightings(), {file.file_id: file for file in ledger.files("held")}
    by_source: dict[str, list[Arrival]] = {}
    for arrival in arrivals(settings.inbox):
        by_source.setdefault(arrival.source, []).append(arrival)
    ready: list[tuple[Arrival, Claim | None]] = []
    unfinished: list[str] = []
    for name, files in by_source.items():
        for arrival, claim, why in _judged(files, settings.source_of(name)):
            if why:
                unfinished.append(f"{arrival.sighting.path}: {why}")
            elif _is_news(arrival, claim, known, held, profile_of):
                ready.append((arrival, claim))
    return Waiting(tuple(ready), tuple(unfinished))


def _is_news(
    arrival: Arrival, claim: Claim | None, known: dict[str, tuple[Sighting, str]], held: dict[str, File], profile_of: dict[str, str]
) -> bool:
    sighting, file_id = known.get(arrival.sighting.path, (None, ""))
    if sighting != arrival.sighting:
        return True
    file = held.get(file_id)
    if file is None:
        return False
    has_new_claim = (file.reason or "").startswith(MISMATCH) and str(claim) not in (file.reason or "")
    return has_new_claim or file.profile != profile_of.get(arrival.source)


def _judged(files: list[Arrival], source: Source) -> Iterable[tuple[Arrival, Claim | None, str]]:
    match source.complete_when:
        case "done_file":
            names = {arrival.name for arrival in files}
            for arrival in files:
                if not arrival.name.endswith(MARKER) and arrival.base_name not in FOLDER_MARKERS:
                    yield arrival, None, "" if _markers(arrival.name) & names else f"no {arrival.base_name}{MARKER} beside it yet"
        case "manifest":
            manifests = [arrival for arrival in files if _is_manifest(arrival.base_name)]
            claims, broken = _claims(manifests)
            for arrival in files:
                if arrival not in manifests:
                    why = "" if arrival.name in claims else "; ".join(["no manifest names it yet", *broken])
                    yield arrival, claims.get(arrival.name), why
        case _:
            for arrival in files:
                yield arrival, None, ""


def _markers(name: str) -> set[str]:
    """Names of the files any of which says that this one is complete."""
    folder = name[: len(name) - len(name.rsplit("/", 1)[-1])]
    stem = name.rsplit("/", 1)[-1].split(".", 1)[0]
    return {name + MARKER, f"{folder}{stem}{MARKER}", *(folder + marker for marker in FOLDER_MARKERS)}


def _is_manifest(base_name: str) -> bool:
    name = base_name.lower()
    return name.endswith((".manifest.json", ".manifest.csv")) or (name.startswith("manifest") and name.endswith((".json", ".csv")))


def _claims(manifests: list[Arrival]) -> tuple[dict[str, Claim], list[str]]:
    """Logical file name → what its manifest promises; and which manifests can't be read."""
    claims: dict[str, Claim] = {}
    broken: list[str] = []
    for manifest in manifests:
        folder = manifest.name[: len(manifest.name) - len(manifest.base_name)]
        try:
            for entry in _entries(manifest.path):
                claims[folder + str(_value(entry, "name"))] = Claim(
                    _number(_value(entry, "bytes")),
                    _number(_value(entry, "rows")),
                    str(entry["sha256"]).lower() if entry.get("sha256") else None,
                )
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            broken.append(f"{manifest.name} can't be read as a manifest ({error})")
    return claims, broken


def _entries(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.name.lower().endswith(".csv"):
        return list(csv.DictReader(io.StringIO(text, newline="")))
    content = json.loads(text)
    entries = content.get("files", content) if isinstance(content, dict) else content
    return [{"name": name, **entry} for name, entry in entries.items()] if isinstance(entries, dict) else entries


def _value(entry: dict[str, Any], what: str) -> Any:
    return next((entry[name] for name in _NAMES[what] if entry.get(name) not in (None, "")), None)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
