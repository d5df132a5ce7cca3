"""What stands in the inbox: every file below ``inbox/<source>/``, and what it is called."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.dumps.dialect import without_compression
from orchestration.dumps.ledger import File, Sighting


@dataclass(frozen=True)
class Arrival:
    """A delivered file. ``name`` is its path below the source's folder: the name of the logical file.

    ``archive``, ``archive_name``: for a file that came in an archive, the archive's content id and name; its own name then begins with
    the latter. ``stands_for``: another name that tells its feed, where its own says nothing. ``again``: the reading that is to be
    replaced, where the file is read anew from the bytes kept.
    """

    source: str
    name: str
    path: Path
    sighting: Sighting
    archive: str | None = None
    archive_name: str | None = None
    stands_for: str | None = None
    again: File | None = None

    @property
    def base_name(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    def names(self) -> tuple[str, ...]:
        """Names by which a profile may know the file, the most telling first."""
        plain = without_compression(self.base_name)
        return tuple(dict.fromkeys(name for name in (self.base_name, plain, self.stands_for) if name))


def arrivals(inbox: Path) -> Iterator[Arrival]:
    """Every regular file below a source's folder, in a fixed order; hidden and temporary names are not yet delivered."""
    if not inbox.is_dir():
        return
    for source in sorted(entry.name for entry in os.scandir(inbox) if entry.is_dir() and not entry.name.startswith(".")):
        yield from _below(inbox / source, readable_name(source), "")


def readable_name(name: str) -> str:
    r"""A name of the file system as a text that can be kept and shown: bytes of it that are no UTF-8 are spelt out, ``\xff``."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _below(folder: Path, source: str, prefix: str) -> Iterator[Arrival]:
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.name.startswith((".", "~")) or entry.name.endswith((".tmp", ".part", ".partial", ".crdownload", ".filepart")):
            continue
        name = prefix + readable_name(entry.name)
        if entry.is_dir():
            yield from _below(Path(entry.path), source, f"{name}/")
        elif entry.is_file():
            status = entry.stat()
            yield Arrival(source, name, Path(entry.path), Sighting(f"{source}/{name}", status.st_size, status.st_mtime_ns))
