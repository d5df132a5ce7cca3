"""One JSON document → CSV text: the objects of an array in it, as an API gives them; read piece by piece, whatever the document's size."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import Converted, RowWriter
from orchestration.dumps.formats.records import DECODER, LENIENT, REPEATED_KEY, RepeatedKeyError, as_json, columns_of, refused, rows
from orchestration.dumps.formats.text import decoded
from orchestration.dumps.held import HeldError, listed, shortened

LONGEST_VALUE = 64 << 20
"""Characters of one record, or of a value beside the records."""
LONGEST_TOKEN = 32
"""A mistake so far before the end of what was read is none that more of the text would mend."""
MOST_KEYS, DEEPEST_ARRAY = 1_000, 2


def convert(content: Path, target: Path, dialect: Dialect) -> Converted:
    """Columns are the keys of all objects, in the order they first appear. The row with number n (the first is 1) is line n + 1."""
    found = (row for record in _records(content, dialect) if isinstance(record, dict) for row in rows(record, dialect.lines))
    columns = columns_of(found, dialect.columns_named)
    if not columns:
        raise HeldError("empty_file", "there is no object in its array, expected one per record")
    with RowWriter(target) as writer:
        writer.header(columns)
        number = 1
        for record in _records(content, dialect):
            if not isinstance(record, dict):
                number += 1
                writer.refuse(number, *record)
                continue
            for row in rows(record, dialect.lines):
                number += 1
                writer.row(number, [row.get(name, "") for name in columns])
        return writer.converted()


def _records(content: Path, dialect: Dialect) -> Iterator[dict[str, Any] | tuple[str, str]]:
    """Each record, or the reason why it is none and its text."""
    for value in elements(decoded(content, dialect.encoding), dialect.records):
        if isinstance(value, _TwiceNamed):
            yield REPEATED_KEY, as_json(value.value)
        elif reason := refused(value):
            yield reason, as_json(value).encode(errors="replace").decode()
        else:
            yield value


class _TwiceNamed:
    """An object with a key twice, as its last values have it."""

    def __init__(self, value: Any) -> None:
        self.value = value


def elements(blocks: Iterator[str], path: str | None) -> Iterator[Any]:
    """The entries of the array under the keys of ``path`` (``data.orders``; None: the document itself is the array).

    Raises ``HeldError`` for a document without it, one that is no JSON, and one that is cut off.
    """
    document = _Document(blocks)
    keys = path.split(".") if path else []
    for depth, key in enumerate(keys):
        document.enter("{", lambda depth=depth: f"under {'.'.join(keys[:depth])!r} there is" if depth else "it is")
        document.go_to(key)
    document.enter("[", lambda: f"under {path!r} there is" if path else "it is")
    yield from document.entries()
    for _ in keys:
        for _ in document.members(has_more=True):
            document.value()
    document.end()


def arrays(beginning: str) -> list[str]:
    """Keys that lead to arrays of objects in a document that begins so, those that come first first."""
    document, found = _Document(iter([beginning])), list[str]()
    with suppress(HeldError):  # it goes on
        _find_arrays(document, "", found)
    return found


def _find_arrays(document: "_Document", above: str, found: list[str]) -> None:
    document.enter("{", lambda: "it is")
    for key in document.members():
        opening = document.peek()
        if opening == "{" and above.count(".") < DEEPEST_ARRAY:
            _find_arrays(document, f"{above}{key}.", found)
            continue
        if opening == "[" and document.begins_with_an_object():
            found.append(above + key)
        document.value()


class _Document:
    """A JSON text, read as far as it is asked for."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks, self._text, self._place, self._behind, self._has_all = blocks, "", 0, 0, False

    def _more(self) -> None:
        """Read at least as much more as is at hand, so that what is tried again and again is tried few times."""
        self._behind += self._place
        self._text, self._place = self._text[self._place :], 0
        wanted, pieces = max(len(self._text), 1), []
        while wanted > 0:
            block = next(self._blocks, None)
            if block is None:
                self._has_all = True
                break
            pieces.append(block)
            wanted -= len(block)
        self._text += "".join(pieces)

    def peek(self) -> str:
        """The next character that is no blank; nothing at the end."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in " \t\r\n":
                self._place += 1
            if self._place < len(self._text) or self._has_all:
                return self._text[self._place : self._place + 1]
            self._more()

    def enter(self, opening: str, where: Any) -> None:
        found = self.peek()
        if found != opening:
            wanted = "an array of records" if opening == "[" else "an object"
            raise HeldError("no_records", f"{where()} {_kind(found)}, expected {wanted}{self._hint(found)}")
        self._place += 1

    def _hint(self, found: str) -> str:
        """Where the records may be instead, if an object stands where they were looked for."""
        if found != "{":
            return ""
        self._place += 1
        arrays: list[str] = []
        with suppress(HeldError):  # of damage further down: what was seen before it is a hint all the same
            for key in self.members():
                arrays += [key] if self.peek() == "[" else []
                self.value()
            if self.peek() == "{":
                return "; it is one of several: set `format: jsonl` for this feed"
        named = f"; set `records: {arrays[0]}`" if len(arrays) == 1 else f"; set `records:` to one of {listed(arrays)}" if arrays else ""
        return f"{named} for this feed" if named else ""

    def begins_with_an_object(self) -> bool:
        """Of an array that comes next: whether an object is its first entry."""
        return self._text[self._place + 1 : self._place + 200].lstrip().startswith("{")

    def go_to(self, key: str) -> None:
        """To the value of that key of the object that was entered."""
        seen: list[str] = []
        for name in self.members():
            if name == key:
                return
            seen.append(name)
            self.value()
        raise HeldError("no_records", f"there is no key {key!r}, set as `records` in the profile; the keys are {listed(seen) or 'none'}")

    def members(self, has_more: bool = False) -> Iterator[str]:
        """Keys of an object that was entered, each with the document before its value, which has to be read before the next.

        ``has_more``: one of its values was read already.
        """
        for _ in range(MOST_KEYS):
            found = self.peek()
            if has_more and found == ",":
                self._place += 1
            elif found == "}":
                self._place += 1
                return
            elif has_more or not found:
                raise self._wrong("expected , or }")
            key = self.value() if self.peek() == '"' else None
            if not isinstance(key, str) or self.peek() != ":":
                raise self._wrong("expected a key")
            self._place += 1
            yield key
            has_more = True
        raise HeldError("not_json", f"an object beside the records has more than {MOST_KEYS:,} keys")

    def entries(self) -> Iterator[Any]:
        """The entries of the array that was entered."""
        has_more = False
        while (found := self.peek()) != "]":
            if has_more and found != ",":
                raise self._wrong("expected , or ]")
            self._place += has_more
            yield self.value()
            has_more = True
        self._place += 1

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = self._decoded()
            except json.JSONDecodeError as error:
                is_open = "Unterminated string" in error.msg
                if self._has_all or not (is_open or error.pos > len(self._text) - LONGEST_TOKEN):
                    raise self._wrong(error.msg, error.pos) from None
            except RecursionError:
                raise HeldError("not_json", "it is nested too deeply") from None
            else:
                if self._text[end:].lstrip("+-.eE0123456789") or self._has_all:  # behind these a number may go on
                    self._place = end
                    return value
            if len(self._text) - self._place > LONGEST_VALUE:
                raise HeldError("not_json", f"a value has more than {LONGEST_VALUE:,} characters")
            self._more()

    def _decoded(self) -> tuple[Any, int]:
        try:
            return DECODER.raw_decode(self._text, self._place)
        except RepeatedKeyError:
            value, end = LENIENT.raw_decode(self._text, self._place)
            return _TwiceNamed(value), end

    def end(self) -> None:
        if self.peek():
            raise self._wrong("expected nothing more")

    def _wrong(self, message: str, place: int | None = None) -> HeldError:
        place = self._place if place is None else place
        if (self._has_all and not self._text[place:].strip()) or "Unterminated string" in message:
            return HeldError("cut_off", "it ends in the middle of the document; have the file delivered again")
        near = shortened(self._text[place : place + 20])
        return HeldError("not_json", f"at character {self._behind + place + 1:,} ({near!r}) it can't be read as JSON: {message.lower()}")


def _kind(found: str) -> str:
    return {"{": "an object", "[": "an array", '"': "a text", "": "nothing"}.get(found, "a value")
