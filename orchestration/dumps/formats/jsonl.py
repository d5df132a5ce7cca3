"""JSON lines → CSV text: one object per line, its keys as columns, every number as it was written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.formats.converted import Converted, RowWriter
from orchestration.dumps.formats.text import decoded
from orchestration.dumps.held import HeldError


class _Number(str):
    """A number's own digits, told from a text."""

    __slots__ = ()


class _RepeatedKeyError(ValueError):
    pass


def convert(content: Path, target: Path, dialect: Dialect) -> Converted:
    """Columns are the keys of all objects, in the order they first appear. A line that is no object is refused."""
    columns: dict[str, None] = {}
    for _, _, record in _records(content, dialect):
        if isinstance(record, dict):
            columns.update(dict.fromkeys(record))
    if not columns:
        raise HeldError("empty_file", "no line of it is a JSON object, expected one per row")
    with RowWriter(target) as writer:
        writer.header(columns)
        for line, original, record in _records(content, dialect):
            if isinstance(record, str):
                writer.refuse(line, record, original)
            else:
                writer.row(line, [_text(record.get(name)) for name in columns])
        return writer.converted()


def _records(content: Path, dialect: Dialect) -> Iterator[tuple[int, str, dict[str, Any] | str]]:
    """Line number, its text, and the object on it or the reason why there is none. Blank lines are no records."""
    for line, original in _lines(content, dialect):
        if line <= dialect.skip_lines or not original.strip():
            continue
        yield line, original.rstrip("\r\n"), _record(original)
        if not original.endswith("\n") and isinstance(_record(original), str):
            raise HeldError("cut_off", f"line {line}, the last, ends in the middle of a row; have the file delivered again")


def _lines(content: Path, dialect: Dialect) -> Iterator[tuple[int, str]]:
    number, rest = 0, ""
    for block in decoded(content, dialect.encoding):
        *whole, rest = (rest + block).split("\n")
        for line in whole:
            number += 1
            yield number, line + "\n"
    if rest:
        yield number + 1, rest


def _record(original: str) -> dict[str, Any] | str:
    try:
        found = json.loads(original, parse_float=_Number, parse_int=_Number, parse_constant=_Number, object_pairs_hook=_object)
    except _RepeatedKeyError:
        return "repeated_key"
    except (json.JSONDecodeError, RecursionError):
        return "not_json"
    if not isinstance(found, dict):
        return "not_an_object"
    try:
        original.encode() if "\\u" not in original else _text(found).encode()
    except UnicodeEncodeError:
        return "not_utf8"  # half of a surrogate pair, which no text can hold
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKeyError
    return found


def _text(value: Any) -> str:
    """A value as text: numbers as written, ``null`` as nothing, what is nested as JSON."""
    return "" if value is None else str(value) if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    match value:
        case _Number():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json(entry)}" for key, entry in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
