"""Objects of JSON as rows of text: every number as it was written, what is nested under a name with dots, one row per line of an order."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

DEEPEST = 6
"""Objects within objects that get columns of their own; further down they are text."""

NO_OBJECT, REPEATED_KEY, NOT_UTF8 = "not_an_object", "repeated_key", "not_utf8"


class Number(str):
    """A number's own digits, told from a text."""

    __slots__ = ()


class RepeatedKeyError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RepeatedKeyError
    return found


DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number, object_pairs_hook=_object)
LENIENT = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=Number)
"""Of an object with a key twice it keeps the last: for finding where it ends."""


def refused(value: Any, original: str = "\\u") -> str | None:
    """Why a value can't be a record. ``original``: its text, where that is at hand; without an escape in it, all of it is sound."""
    if not isinstance(value, dict):
        return NO_OBJECT
    try:
        original.encode() if "\\u" not in original else text(value).encode()
    except UnicodeEncodeError:
        return NOT_UTF8  # half of a surrogate pair, which no text can hold
    return None


def rows(record: dict[str, Any], lines: str | None) -> Iterator[dict[str, str]]:
    """Column → text, of a record by itself, or of each entry of the list that it has under ``lines``: ``sku`` of ``line_items`` is
    ``line_items.sku``, beside the record's own columns. A record without entries is one row without theirs."""
    if lines is None:
        yield _flat(record)
        return
    above = _flat({name: value for name, value in record.items() if name != lines})
    entries = record.get(lines)
    for entry in entries if isinstance(entries, list) and entries else [{}]:
        yield above | (_flat(entry, f"{lines}.") if isinstance(entry, dict) else {lines: text(entry)})


def columns_of(found: Iterable[dict[str, str]], wanted: Iterable[str]) -> dict[str, None]:
    """Columns of all rows, in the order they first appear; none where there are no rows.

    Those of an object that is ``null`` in every record of the file are columns too, where they are ``wanted``: ``customer.id`` of a day on
    which every order is a guest's.
    """
    columns: dict[str, None] = {}
    for row in found:
        columns.update(dict.fromkeys(row))
    for name in wanted:
        above = [name[:place] for place, character in enumerate(name) if character == "."]
        if any(part in columns and not any(each.startswith(f"{part}.") for each in columns) for part in above):
            columns[name] = None
    return columns


def _flat(record: dict[str, Any], prefix: str = "", depth: int = 1) -> dict[str, str]:
    """Every value under its name; those of objects within under the names of both, with a dot between, too."""
    found: dict[str, str] = {}
    for name, value in record.items():
        found[prefix + name] = text(value)
        if isinstance(value, dict) and depth < DEEPEST:
            found |= _flat(value, f"{prefix}{name}.", depth + 1)
    return found


def text(value: Any) -> str:
    """A value as text: numbers as written, ``null`` as nothing, what is nested as JSON."""
    return "" if value is None else str(value) if isinstance(value, str) else as_json(value)


def as_json(value: Any) -> str:
    """A value as JSON, numbers as written."""
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {as_json(entry)}" for key, entry in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(as_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
