"""Delimited text in a declared encoding → the same text in UTF-8, without what stands before its header and behind its rows."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from orchestration.dumps import careful
from orchestration.dumps.careful import Refusal
from orchestration.dumps.dialect import CODECS, Dialect
from orchestration.dumps.formats.converted import Converted, RowWriter, is_footer
from orchestration.dumps.formats.trimming import HEADER_CHARACTERS, OneHeader, UntilEnd, as_it_names, without_preamble
from orchestration.dumps.held import HeldError

BLOCK = 1 << 20
TAIL = 1 << 16
"""Bytes at the end of a file among which its footer stands."""

MOJIBAKE_FROM = 8
"""So many characters beyond ASCII that are all sound UTF-8 are no accident in a file said to be something else."""


def convert(content: Path, target: Path, dialect: Dialect) -> Converted:
    """Decode, and leave out what is no row. A text whose delimiter isn't one byte, or isn't the profile's, is rewritten.

    Raises ``HeldError`` for what isn't text of that encoding.
    """
    doubt = _Doubt(dialect.encoding)
    blocks, named = as_it_names(decoded(content, dialect.encoding, doubt), dialect)
    is_rewritten = not named.has_plain_delimiter or named.delimiter != dialect.delimiter
    text = target.with_suffix(".decoded") if is_rewritten else target
    header, rows = OneHeader(named), UntilEnd(named, first_line=named.skip_lines + 1)
    breaks = 0
    with text.open("w", encoding="utf-8", newline="") as plain:
        for block in rows(header(without_preamble(blocks, named.skip_lines))):
            breaks += block.count("\n")
            plain.write(block)
    skipped = named.skip_lines + header.lines
    refusals = _cut_footer(text, breaks + 1 + skipped, named) if named.footer is not None else ()
    after = tuple(replace(refusal, line=refusal.line + header.lines) for refusal in rows.refusals)
    converted = Converted(skipped=skipped, refusals=(*refusals, *after), doubt=doubt.verdict())
    return _rewritten(text, target, named, converted) if is_rewritten else converted


def _rewritten(text: Path, target: Path, dialect: Dialect, trimmed: Converted) -> Converted:
    """The same rows as RFC 4180 has them, each with its line of the delivered file."""
    with text.open(encoding="utf-8", newline="") as plain:
        start = plain.read(HEADER_CHARACTERS)
    try:
        header = careful.first_record(start, dialect)
    except csv.Error as error:
        raise HeldError("unreadable_header", f"its first line can't be read as column names ({error})") from None
    with RowWriter(target) as writer:
        writer.header(header)
        for outcome in careful.read(text, dialect, len(header)):
            line = outcome.line + trimmed.skipped
            if isinstance(outcome, Refusal):
                writer.refuse(line, outcome.reason, outcome.original)
            else:
                writer.row(line, outcome.fields)
        converted = writer.converted()
    text.unlink()
    return replace(converted, refusals=(*converted.refusals, *trimmed.refusals), doubt=trimmed.doubt)


def decoded(content: Path, encoding: str, doubt: "_Doubt | None" = None) -> Iterator[str]:
    """The file's text, block by block, without a byte-order mark. Raises ``HeldError`` naming the line that can't be decoded."""
    breaks = 0
    with content.open("rb") as delivered:
        start = delivered.read(BLOCK)
        delivered.seek(0)
        _refuse_other_mark(start, encoding)
        decoder = codecs.getincrementaldecoder(_codec(start, encoding))()
        while True:
            block = delivered.read(BLOCK)
            if doubt:
                doubt.add(block, final=not block)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _undecodable(error, breaks, encoding) from None
            breaks += text.count("\n")
            yield text
            if not block:
                return


def _codec(start: bytes, encoding: str) -> str:
    """Python's name of the encoding of a text that starts so. UTF-16 without a mark: the zero byte of each pair says its order."""
    if encoding != "utf-16" or not start or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return {"utf-8": "utf-8-sig", **CODECS}.get(encoding, encoding)
    first, second = start[::2].count(0), start[1::2].count(0)
    if first == second:
        raise HeldError("undecodable", "it is no utf-16 text: it has no byte-order mark; set `encoding` of this feed to what it really is")
    return "utf-16-be" if first > second else "utf-16-le"


def _refuse_other_mark(start: bytes, encoding: str) -> None:
    marks = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    found = next((name for mark, name in marks.items() if start.startswith(mark)), encoding)
    if found != encoding:
        raise HeldError(
            "wrong_encoding",
            f"it begins with the byte-order mark of {found}, the profile says {encoding}; set `encoding: {found}` for this feed",
        )


def _undecodable(error: UnicodeDecodeError, breaks: int, encoding: str) -> HeldError:
    """The line of the byte at fault: what was decoded before, and the sound part of this block."""
    sound = error.object[: error.start]
    line = breaks + sound.decode(error.encoding, errors="ignore").count("\n") + 1
    named = {"utf-8": "not_utf8"}.get(encoding, "undecodable")
    return HeldError(
        named,
        f"line {line} is not {encoding} text (byte 0x{error.object[error.start]:02x}); have it exported anew, "
        "or set `encoding` of this feed to what it really is",
    )


class _Doubt:
    """Whether a file that is said to be in another encoding is sound UTF-8 all through, so that reading it would garble it."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = encoding not in ("utf-8", "utf-16")
        self._beyond_ascii = 0

    def add(self, block: bytes, final: bool) -> None:
        if self._is_utf8:
            try:
                text = self._decoder.decode(block, final)
            except UnicodeDecodeError:
                self._is_utf8 = False
            else:
                self._beyond_ascii += 0 if text.isascii() else sum(not character.isascii() for character in text)

    def verdict(self) -> HeldError | None:
        if self._is_utf8 and self._beyond_ascii >= MOJIBAKE_FROM:
            return HeldError(
                "other_encoding",
                f"all of it is sound UTF-8, the profile says {self._encoding}, which would garble it; set `encoding: utf-8` for this feed",
            )
        return None


def _cut_footer(target: Path, number: int, dialect: Dialect) -> tuple[Refusal, ...]:
    """Shorten the text by the lines at its end that are footer, or blank with footer around them.

    ``number``: line of the last piece of the text, which is empty where it ends with a break.
    """
    size = target.stat().st_size
    with target.open("r+b") as text:
        text.seek(max(0, size - TAIL))
        lines = text.read().split(b"\n")
        refusals: list[Refusal] = []
        end, at = size, size + 1
        for line in reversed(lines[1:] if size > TAIL else lines):
            at -= len(line) + 1
            words = line.decode("utf-8", errors="ignore").rstrip("\r")
            if is_footer(words, dialect.footer):
                refusals.append(Refusal(number, "footer", words))
                end = at
            elif words.strip():
                break
            number -= 1
        text.truncate(end)
    return tuple(reversed(refusals))
