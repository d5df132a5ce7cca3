"""Zip archives: what they hold, judged before anything of it is unpacked."""

import errno
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath

from orchestration.dumps.compression import MAX_RATIO, RATIO_MATTERS_FROM, compression_of
from orchestration.dumps.held import HeldError, listed

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What Python raises for a zip that is damaged, cut off or packed in a way that it doesn't know."""
MAX_MEMBERS = 10_000
MAX_BYTES = 64 << 30
CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of an archive: its path there, and where its bytes are now."""

    name: str
    path: Path


def is_archive(start: bytes) -> bool:
    return start.startswith(MAGIC)


def is_workbook(content: Path) -> bool:
    """Whether a zip is really a spreadsheet."""
    try:
        with zipfile.ZipFile(content) as archive:
            return bool({"xl/workbook.xml", "xl/workbook.bin"} & set(archive.namelist())) or is_open_document(archive)
    except (zipfile.BadZipFile, OSError):
        return False


def is_open_document(archive: zipfile.ZipFile) -> bool:
    """Whether it is a spreadsheet of LibreOffice (.ods)."""
    names = archive.namelist()
    return "content.xml" in names and "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype")[:80]


def unpack(content: Path, folder: Path, names_in: str | None = None) -> list[Member]:
    """Every file of the archive, unpacked into ``folder`` under names of our own, in the order of their names.

    ``names_in``: encoding of names that aren't marked as UTF-8. Raises ``HeldError`` for what is damaged, and before anything is
    unpacked for what is dangerous: bombs, paths out of the archive, links, archives within, encryption.
    """
    with _damage_held(), zipfile.ZipFile(content, metadata_encoding=names_in) as archive:
        members = _judged(archive, content.stat().st_size)
        folder.mkdir(parents=True, exist_ok=True)
        return [
            Member(info.filename.replace("\\", "/"), _unpack_one(archive, info, folder / str(number)))
            for number, info in enumerate(members)
        ]


def judged_names(content: Path) -> list[str]:
    """Names of the archive's files in their order, nothing unpacked. Raises ``HeldError`` as ``unpack`` does."""
    with _damage_held(), zipfile.ZipFile(content) as archive:
        return [info.filename for info in _judged(archive, content.stat().st_size)]


@contextmanager
def _damage_held() -> Iterator[None]:
    try:
        yield
    except (*DAMAGE, ValueError) as error:  # ValueError: of names that aren't in the encoding, too
        raise _corrupt(error) from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # of an offset that leads out of the file; any other is the disk's
            raise
        raise _corrupt(error) from None


def _judged(archive: zipfile.ZipFile, packed: int) -> list[zipfile.ZipInfo]:
    """Files of the archive in the order of their names, none of which is dangerous."""
    members = [info for info in archive.infolist() if not info.is_dir()]
    refuse_bomb(archive.infolist(), packed)
    for info in members:
        _refuse_dangerous(info)
    _refuse_repeated([info.filename for info in members])
    for info in members:
        _refuse_nested(archive, info)
    if not members:
        raise HeldError("empty_archive", "the archive holds no file")
    return sorted(members, key=lambda info: info.filename)


def _corrupt(error: Exception) -> HeldError:
    return HeldError("corrupt_zip", f"the zip data is damaged, cut off or of a strange kind ({error}); have it delivered again")


def refuse_bomb(members: Sequence[zipfile.ZipInfo], packed: int) -> None:
    """Raises ``HeldError`` for an archive that would fill the disk, by what its directory says; unpacking gives no more than that."""
    unpacked = sum(info.file_size for info in members)
    if len(members) > MAX_MEMBERS:
        raise HeldError("zip_bomb", f"the archive holds {len(members):,} files, at most {MAX_MEMBERS:,} are taken")
    if unpacked > MAX_BYTES or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * packed):
        raise HeldError("zip_bomb", f"its {packed:,} bytes would unpack to {unpacked:,}; have the files delivered as they are")
    placed = sorted(members, key=lambda info: info.header_offset)
    for earlier, later in pairwise(placed):
        if earlier.header_offset + earlier.compress_size > later.header_offset:
            raise HeldError("zip_bomb", f"its files '{earlier.filename}' and '{later.filename}' share bytes")


def _refuse_dangerous(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in name:
        raise HeldError("path_outside", f"it holds a file under the path {info.orig_filename!r}, which leads out of the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise HeldError("link_in_archive", f"it holds a link, '{info.filename}'; have the file itself delivered")
    if info.flag_bits & 1:
        raise HeldError("encrypted", f"its file '{info.filename}' asks for a password; have it delivered without one")


def _refuse_repeated(names: list[str]) -> None:
    if repeated := sorted(name for name, count in Counter(names).items() if count > 1):
        raise HeldError("repeated_member", f"it holds {listed(map(repr, repeated))} more than once")


def _refuse_nested(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    with archive.open(info) as member:
        start = member.read(4)
    is_packed = compression_of(start) or (is_archive(start) and not info.filename.lower().endswith(".xlsx"))
    if is_packed or info.filename.lower().endswith((".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".zst", ".bz2", ".xz")):
        raise HeldError("nested_archive", f"its file '{info.filename}' is packed itself; have the files delivered packed once")


def _unpack_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> Path:
    """The reader checks length and checksum at the member's end, and gives no more than its stated length."""
    with archive.open(info) as packed, target.open("wb") as plain:
        while block := packed.read(CHUNK):
            plain.write(block)
    return target
