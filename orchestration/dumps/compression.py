"""Compressed bytes → plain bytes, once, block by block, checked against their own lengths and checksums."""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from orchestration.dumps.held import HeldError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

MAX_RATIO = 500
"""Bytes out per byte in. Text of one repeated row packs 200:1 or so; a thousand to one is made to fill a disk."""

RATIO_MATTERS_FROM = 256 << 20
"""A file that unpacks to less than this is no danger, whatever its ratio."""

GZIP_PIECE, ZSTD_PIECE = 1 << 16, 1 << 12
"""Bytes unpacked at a time: the most that one call can give is 64 MiB of gzip and 128 MiB of zstd."""


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


def compression_of(start: bytes) -> str | None:
    """``gzip``, ``zstd`` or None, by the first bytes."""
    return "gzip" if start.startswith(GZIP_MAGIC) else "zstd" if start.startswith(ZSTD_MAGIC) else None


def unpacked(blocks: Iterable[bytes], compression: str) -> Iterator[bytes]:
    """The plain bytes of one or more gzip members or zstd frames.

    Raises ``HeldError`` for damage (``corrupt_gzip``, ``corrupt_zstd``) and for a bomb (``zip_bomb``).
    """
    import zstandard

    taken = given = 0
    try:
        member, is_open = _member(compression), False
        for piece in _pieces(blocks, GZIP_PIECE if compression == "gzip" else ZSTD_PIECE):
            taken += len(piece)
            rest = piece
            while rest:
                plain = member.decompress(rest)
                given += len(plain)
                if given > RATIO_MATTERS_FROM and given > MAX_RATIO * taken:
                    raise HeldError("zip_bomb", f"it unpacks to more than {MAX_RATIO} times its size; have it delivered as it is")
                yield plain
                is_open = not member.eof
                rest = member.unused_data if member.eof else b""
                if member.eof:
                    member = _member(compression)
        if is_open:
            raise EOFError("it ends before its checksum")
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise HeldError(
            f"corrupt_{compression}", f"the {compression} data is damaged or cut off ({error}); have it delivered again"
        ) from None


def _member(compression: str) -> _Stream:
    import zstandard

    return zlib.decompressobj(wbits=31) if compression == "gzip" else zstandard.ZstdDecompressor().decompressobj()


def _pieces(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), size):
            yield block[start : start + size]
