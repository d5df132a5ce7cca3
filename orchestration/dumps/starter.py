"""A starter profile for a dump that no profile reads: what its columns seem to be, by their names and values, for a person to check."""

import fnmatch
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from orchestration.dumps.dialect import without_compression
from orchestration.dumps.feeds import FEEDS, STATUSES, Column
from orchestration.dumps.headings import in_yaml
from orchestration.dumps.held import listed, shortened
from orchestration.dumps.looks import BLANKS, Look
from orchestration.dumps.profiles import BRACKETS, SHIPPED, SIGNS, ColumnMap, known_profiles, parsed
from orchestration.errors import RegularsError
from orchestration.io import write_text

ALIASES = Path(__file__).parent / "aliases.yaml"
MOST_STATUSES = 30
MOST_NAMED = 100

DATE_SHAPES = {
    r"\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?": "",
    r"\d{8}": "format: '%Y%m%d'",
    r"\d{4}/\d{1,2}/\d{1,2}": "format: '%Y/%m/%d'",
    r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}": "format: '%Y/%m/%d %H:%M'",
    r"\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2}": "format: '%Y/%m/%d %H:%M:%S'",
    r"\d{1,2}/\d{1,2}/\d{4}": "format: '%d/%m/%Y'",
    r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}": "format: '%d/%m/%Y %H:%M'",
    r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}": "format: '%d/%m/%Y %H:%M:%S'",
    r"\d{1,2}-\d{1,2}-\d{4}": "format: '%d-%m-%Y'",
    r"\d{1,2}-\d{1,2}-\d{4} \d{1,2}:\d{2}": "format: '%d-%m-%Y %H:%M'",
    r"\d{1,2}-\d{1,2}-\d{4} \d{1,2}:\d{2}:\d{2}": "format: '%d-%m-%Y %H:%M:%S'",
    r"\d{1,2}\.\d{1,2}\.\d{4}": "format: '%d.%m.%Y'",
    r"\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}": "format: '%d.%m.%Y %H:%M'",
    r"1\d{9}": "reads: epoch_seconds",
    r"1\d{12}": "reads: epoch_milliseconds",
    r"[34]\d{4}(\.\d+)?": "reads: excel_serial",
}
"""Whole value as a regular expression → the key that reads it; nothing for what is read without one."""


PLAIN_NUMBER = r"[+-]?\d+(\.\d+)?"
NUMBER_SHAPES: dict[str, list[str]] = {
    PLAIN_NUMBER: [],
    r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?": ["thousands: ','"],
    r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?": ["decimal: ','", "thousands: '.'"],
}
MOST_AFFIXES = 3


@dataclass(frozen=True)
class Guess:
    """A column of the dump for a canonical one. ``keys``: further keys of its mapping; ``doubt``: what a person has to check."""

    source: str
    keys: tuple[str, ...] = ()
    doubt: str = ""


@cache
def _aliases() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(ALIASES.read_text(encoding="utf-8"))


def plain(name: str) -> str:
    """The name without case, width, blanks and punctuation: ``Order No.`` and ``order_no`` are one."""
    return "".join(character for character in unicodedata.normalize("NFKC", name).lower() if character.isalnum())


def guess(look: Look) -> tuple[str, dict[str, Guess]]:
    """The feed that the dump seems to be, and where its columns seem to come from. No guess is better than a wild one."""
    guesses = {feed: _of_feed(feed, look) for feed in FEEDS}

    def likelihood(feed: str) -> tuple[int, int]:
        missing = sum(1 for column in FEEDS[feed] if column.required and column.name not in guesses[feed])
        return len(guesses[feed]) - 2 * missing, -len(FEEDS[feed])

    feed = max(FEEDS, key=likelihood)
    return feed, guesses[feed]


def _of_feed(feed: str, look: Look) -> dict[str, Guess]:
    values, found = look.values(), {}
    free = {plain(name): name for name in reversed(look.columns)}
    lines = look.found.get("lines")
    parts = _parts(look.columns, lines)
    of_lines = {"order_id": ["id"], "order_line_id": [f"{lines}.id"], "product_name": [f"{lines}.name", f"{lines}.title"]} if lines else {}
    for column in FEEDS[feed]:
        for alias in map(plain, (column.name, *_aliases()["columns"].get(column.name, []), *of_lines.get(column.name, []))):
            name = free.get(alias) or parts.get(alias)
            if name and free.pop(plain(name), None):
                found[column.name] = _guess(column, name, values[name])
                break
    for column in FEEDS[feed]:
        if column.name not in found and (name := _by_values(column, free, values)):
            free.pop(plain(name))
            guessed = _guess(column, name, values[name])
            found[column.name] = Guess(name, guessed.keys, "; ".join(filter(None, ("guessed from its values", guessed.doubt))))
    return found


def _parts(columns: tuple[str, ...], lines: str | None) -> dict[str, str]:
    """Of columns of objects within objects, the last part of the name: ``sku`` of ``line_items.sku``. Those of an order's lines win."""
    nested = [name for name in columns if "." in name]
    first = sorted(nested, key=lambda name: (name.split(".", 1)[0] == lines, -name.count(".")))
    return {plain(name.rsplit(".", 1)[1]): name for name in first}


def _by_values(column: Column, free: dict[str, str], values: dict[str, list[str]]) -> str | None:
    """A column without a known name whose values can hardly be anything else."""
    patterns = {"email": r"[^@\s]+@[^@\s]+\.[^@\s]+", "phone": r"'?(\+?86)?1[3-9]\d{9}|\+\d{9,14}"}
    if column.kind == "timestamp" and column.required:
        patterns[column.name] = "|".join(shape for shape, key in DATE_SHAPES.items() if not key or re.search("[/.-]%", key))
    if column.name == "rating":
        patterns[column.name] = "[1-5]"
    pattern = patterns.get(column.name)
    if not pattern:
        return None
    return next((name for name in free.values() if values[name] and all(re.fullmatch(pattern, value) for value in values[name])), None)


def _guess(column: Column, name: str, values: list[str]) -> Guess:
    keys: list[str] = []
    doubt = ""
    if column.kind == "timestamp" and values:
        keys, doubt = _date_keys(values)
    elif column.kind == "key" and values and all(re.fullmatch(r"\d+\.0", value) for value in values):
        keys = ["reads: integer_text"]
    elif column.kind in {"money", "quantity"} and values:
        keys, doubt = _number_keys(column, values)
    return Guess(name, tuple(keys), doubt)


def _date_keys(values: list[str]) -> tuple[list[str], str]:
    for shape, key in DATE_SHAPES.items():
        if all(re.fullmatch(shape, value) for value in values):
            day_first = re.match(r"format: '%d[/.-]%m", key)
            firsts, seconds = zip(*(map(int, re.split(r"[/.-]", value)[:2]) for value in values), strict=True) if day_first else ((), ())
            if day_first and max(seconds) > 12:
                return [key.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")], ""
            return ([key] if key else []), "day and month might be the other way round" if day_first and max(firsts) <= 12 else ""
    return [], f"no date that is known here, such as {values[0]!r}"


def _number_keys(column: Column, values: list[str]) -> tuple[list[str], str]:
    # Signs and brackets are read without a key, on either side of an affix.
    unsigned = [re.sub(f"[{SIGNS}{BRACKETS}]", "", value).strip() for value in values]
    affixes = sorted({affix for value in unsigned for affix in re.findall(r"^[^\d\s.,]+|[^\d\s.,]+$", value)})
    bare = [re.sub(r"^[^\d\s.,]+|[^\d\s.,]+$", "", value).strip() for value in unsigned]
    keys, doubt = [f"affixes: {affixes!r}"] if affixes else [], ""
    if column.name == "discount_amount" and any(map(_is_negative, values)):
        keys.append("sign: reversed")
        doubt = "discounts seem to be written below zero"
    for shape, more in NUMBER_SHAPES.items():
        if len(affixes) <= MOST_AFFIXES and all(re.fullmatch(shape, value) for value in bare):
            return keys + more, doubt
    return [], f"no plain number, such as {next(value for value in values if not re.fullmatch(PLAIN_NUMBER, value))!r}"


def _is_negative(value: str) -> bool:
    return bool(re.search(r"[-\u2212\ufe63－(（]", value))


def starter(name: str, look: Look) -> str:
    """The YAML text of a profile named so for dumps like this one."""
    feed, guesses = guess(look)
    return "\n".join(_lines(name, look, feed, guesses)) + "\n"


def _lines(name: str, look: Look, feed: str, guesses: dict[str, Guess]) -> Iterator[str]:
    yield f"# Proposed by `regulars inspect` from the names and values in {shortened(look.path.name)}."
    yield f"# Check what is marked with CHECK, then set sources.<source>.profile: {name} in regulars.yaml. All keys: docs/profiles.md"
    yield "version: 1"
    yield f"title: {_scalar(f'{name} (CHECK: say what this dump is)')}"
    yield "# time_zone: Asia/Shanghai   # CHECK: zone of the dump's local times, if it isn't the merchant's"
    yield "# currency: CNY              # CHECK: if the dump has no currency column and isn't in the merchant's"
    yield "feeds:"
    yield f"  {feed}:"
    yield f"    files: [{', '.join(map(_in_list, _patterns(look)))}]   # CHECK: the names under which such dumps come"
    for key, value in look.keys.items():
        yield f"    {key}: {in_yaml(value)}" + (f"   # CHECK: {sure_of_encoding(look)}" if key == "encoding" and look.guess.others else "")
    if look.delimiter == BLANKS:
        yield "    layout: {split_at_blanks: true}"
    yield "    columns:"
    if not guesses:
        yield "      {}"
    for column in FEEDS[feed]:
        if column.name in guesses:
            yield from _column_lines(column, guesses[column.name], look)
        elif column.required:
            yield f"      # CHECK: {column.name} is required, and no column seems to hold it"
    used = {found.source for found in guesses.values()}
    if unused := [column for column in look.columns if column not in used]:
        yield f"    # Not read: {listed(unused, MOST_NAMED)}"


def _column_lines(column: Column, guessed: Guess, look: Look) -> Iterator[str]:
    doubt = f"   # CHECK: {guessed.doubt}" if guessed.doubt else ""
    if not guessed.keys and column.name != "status":
        yield f"      {column.name}: {_scalar(guessed.source)}{doubt}"
        return
    yield f"      {column.name}:{doubt}"
    yield f"        source: {_scalar(guessed.source)}"
    yield from _known_keys(guessed.keys, "        ")
    if column.name == "status" and (seen := sorted({value.lower() for value in look.values(1000)[guessed.source]} - set(STATUSES))):
        yield "        map:"
        known = {plain(word): status for status, words in _aliases()["statuses"].items() for word in words}
        for word in seen[:MOST_STATUSES]:
            status = known.get(plain(word))
            yield f"          {_scalar(word)}: {status or 'pending'}" + ("" if status else f"   # CHECK: one of {', '.join(STATUSES)}")


def sure_of_encoding(look: Look) -> str:
    """What a piece of the text is in each encoding that fits, for a person to say which is right."""
    spelt = ", ".join(f"{encoding} {shortened(text)!r}" for encoding, text in look.guess.samples)
    return f"the encoding is not sure; of {', '.join((look.guess.best, *look.guess.others))}" + (f": {spelt}" if spelt else "")


def _known_keys(keys: tuple[str, ...], indent: str) -> Iterator[str]:
    """The keys, which belong together, as comments where a profile can't have them."""
    try:
        ColumnMap.model_validate({"source": "x", **{key: value for text in keys for key, value in yaml.safe_load(text).items()}})
    except ValidationError:
        yield from (f"{indent}# CHECK: {key}" for key in keys)
    else:
        yield from (f"{indent}{key}" for key in keys)


def _scalar(text: str) -> str:
    """The text as YAML on one line, quoted where it has to be."""
    return yaml.safe_dump(text, allow_unicode=True, width=10_000).removesuffix("\n...\n").removesuffix("\n")


def _in_list(text: str) -> str:
    """The text as YAML within brackets, where commas and brackets would end it."""
    return text if re.fullmatch(r"\w[\w.*-]*", text) else json.dumps(text, ensure_ascii=False)


def _patterns(look: Look) -> list[str]:
    """Patterns of the names by which a run knows such a file: of one in an archive its own name, or the archive's with its ending."""
    names = [look.path.name]
    if look.member is not None:
        member = look.member.replace("\\", "/").rsplit("/", 1)[-1]
        names = [member, look.path.name.rsplit(".", 1)[0] + os.path.splitext(member)[1]]
    return list(dict.fromkeys(map(_pattern, names)))


def _pattern(file_name: str) -> str:
    """The file's name with its figures left open: ``sales_2026-03.csv`` → ``sales_*.csv*``."""
    name = without_compression(file_name)
    stem, _, ending = name.rpartition(".")
    opened = re.sub(r"[0-9][0-9_.-]*", "*", re.sub(r"[\[*?]", "?", stem or ending))
    pattern = f"{opened}*.{ending}*" if stem else f"{opened}*"
    pattern = pattern.replace("**", "*")
    return pattern if fnmatch.fnmatchcase(file_name.lower(), pattern.lower()) else "*"


def write_starter(name: str, look: Look, home: Path) -> Path:
    """Write the proposal to ``<home>/profiles/<name>.yaml``. Raises ``RegularsError`` for a name that is taken or isn't one."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise RegularsError(f"{name!r} is no name for a profile", expected="small letters, figures and _, such as my_shop")
    if name in known_profiles(home):
        taken = known_profiles(home)[name]
        where = "shipped with Regulars" if taken.parent == SHIPPED else f"in {taken}"
        raise RegularsError(f"A profile '{name}' is there already, {where}", do="choose another name, or remove the file first")
    path = home / "profiles" / f"{name}.yaml"
    text = starter(name, look)
    try:
        parsed(text, name)
    except ValueError as error:
        raise RegularsError(
            f"No profile could be proposed for {look.path.name}: {error}", do=f"write {path} by hand; all keys are in docs/profiles.md"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(text, path)
    return path
