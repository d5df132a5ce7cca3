"""The bytes kept as received, on their way through the street once more."""

import hashlib
from pathlib import Path

from orchestration.dumps.archives import unpack
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.ledger import Delivery, Ledger, Sighting
from orchestration.dumps.receive import content_id, raw_file
from orchestration.errors import RegularsError
from orchestration.settings import Settings


def from_raw(settings: Settings, ledger: Ledger, file_id: str, delivery: Delivery | None = None) -> Arrival:
    """The file as an arrival, read from the bytes kept, under the name of that delivery (default: the first).

    Raises ``RegularsError`` where its bytes aren't there any more.
    """
    file = ledger.file(file_id)
    assert file is not None
    known = [delivery] if delivery else ledger.deliveries_of(file_id)
    chosen = next((entry for entry in known if entry.file_name == file.file_name), known[0])
    folder = settings.lake / "raw" / file.source
    path = raw_file(folder, content_id(file.source, file.sha256))
    if not path:
        archives = {entry.archive for entry in ledger.deliveries_of(file_id) if entry.archive}
        path = next((found for archive in sorted(archives) if (found := _member(settings, folder, archive, file.sha256))), None)
    if not path:
        raise RegularsError(
            f"The bytes of {file.source}/{file.file_name} are not in {folder} any more.", do="have the file delivered again into the inbox"
        )
    sighting = Sighting(f"{file.source}/{chosen.file_name}", file.size_bytes, chosen.modified_ns)
    return Arrival(file.source, chosen.file_name, path, sighting, chosen.archive, chosen.archive_name, again=file)


def again_folder(settings: Settings) -> Path:
    """Where archives are unpacked for as long as their files are read anew."""
    return settings.state / "again"


def _member(settings: Settings, folder: Path, archive: str, sha256: str) -> Path | None:
    """The archive's file of that content, unpacked."""
    packed = raw_file(folder, archive)
    if not packed:
        return None
    work = again_folder(settings) / archive
    members = unpack(packed, work) if not work.exists() else None
    paths = [member.path for member in members] if members else sorted(work.iterdir())
    return next((path for path in paths if _sha256(path) == sha256), None)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
