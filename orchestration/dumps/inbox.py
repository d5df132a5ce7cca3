"""What waits in the inbox: every file below ``inbox/<source>/`` that the ledger doesn't know as it stands there now."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps.ledger import Ledger, Sighting


@dataclass(frozen=True)
class Arrival:
    """A file of the inbox. ``name`` is its path below the source's folder: the name of the logical file."""

    source: str
    name: str
    path: Path
    sighting: Sighting


def arrivals(inbox: Path) -> Iterator[Arrival]:
    """Every regular file below a source's folder, in a fixed order; hidden and temporary names are not yet delivered."""
    if not inbox.is_dir():
        return
    for source in sorted(entry.name for entry in os.scandir(inbox) if entry.is_dir() and not entry.name.startswith(".")):
        yield from _below(inbox / source, source, "")


def _below(folder: Path, source: str, prefix: str) -> Iterator[Arrival]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith((".", "~")) or entry.name.endswith((".tmp", ".part", ".crdownload")):
            continue
        name = prefix + entry.name
        if entry.is_dir():
            yield from _below(Path(entry.path), source, f"{name}/")
        elif entry.is_file():
            status = entry.stat()
            yield Arrival(source, name, Path(entry.path), Sighting(f"{source}/{name}", status.st_size, status.st_mtime_ns))


def waiting(inbox: Path, ledger: Ledger, profile_of: dict[str, str]) -> list[Arrival]:
    """Arrivals that are new or changed, and held files whose profile was corrected since.

    ``profile_of``: source → fingerprint of the profile that reads it now.
    """
    known = ledger.sightings()
    held = {file.file_id: file.profile for file in ledger.files("held")}
    return [arrival for arrival in arrivals(inbox) if _is_news(arrival, known, held, profile_of)]


def _is_news(arrival: Arrival, known: dict[str, tuple[Sighting, str]], held: dict[str, str], profile_of: dict[str, str]) -> bool:
    sighting, file_id = known.get(arrival.sighting.path, (None, ""))
    if sighting != arrival.sighting:
        return True
    return file_id in held and held[file_id] != profile_of.get(arrival.source)
