"""A proposal as the text of a profile: YAML with a mark at each place that a person has to answer, and no other comments than help."""

import fnmatch
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from orchestration.dumps.column_maps import ColumnMap
from orchestration.dumps.dialect import without_compression
from orchestration.dumps.feeds import FEEDS, Column
from orchestration.dumps.headings import in_yaml
from orchestration.dumps.held import listed, shortened
from orchestration.dumps.looks import Look
from orchestration.dumps.months import MONTH_OF
from orchestration.dumps.profiles import SHIPPED, known_profiles, parsed
from orchestration.dumps.proposal import vocabulary
from orchestration.dumps.proposal.columns import Guess
from orchestration.dumps.proposal.draft import Draft, NoEvidence, draft
from orchestration.errors import RegularsError
from orchestration.io import write_text

MOST_WORDS = 30
MOST_NAMED = 100


def proposed(name: str, look: Look, made: Draft) -> str:
    """The YAML text of a profile named so for dumps like this one."""
    return "\n".join(_lines(name, look, made)) + "\n"


def write(name: str, look: Look, home: Path) -> Path:
    """Write the proposal to ``<home>/profiles/<name>.yaml``. Raises ``RegularsError`` for a name that is taken or isn't one, and for a dump
    that shows too little of what it is."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise RegularsError(f"{name!r} is no name for a profile", expected="small letters, figures and _, such as my_shop")
    if name in known_profiles(home):
        taken = known_profiles(home)[name]
        where = "shipped with Regulars" if taken.parent == SHIPPED else f"in {taken}"
        raise RegularsError(f"A profile '{name}' is there already, {where}", do="choose another name, or remove the file first")
    path = home / "profiles" / f"{name}.yaml"
    made = draft(look)
    if isinstance(made, NoEvidence):
        raise _too_little(look, made, path)
    text = proposed(name, look, made)
    try:
        parsed(text, name)
    except ValueError as error:
        raise RegularsError(
            f"No profile could be proposed for {look.path.name}: {error}", do=f"write {path} by hand; all keys are in docs/profiles.md"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(text, path)
    return path


def _too_little(look: Look, made: NoEvidence, path: Path) -> RegularsError:
    lacking = " and ".join(" or ".join(group) for group in made.missing)
    nearest = f"; the nearest is {made.nearest}, and no column seems to hold {lacking}" if made.nearest else ""
    return RegularsError(
        f"Nothing in {look.path.name} says which feed it is{nearest}",
        expected="columns whose names and values are those of orders, reviews, payments or another feed",
        do=f"if it is one, write {path} by hand; all keys are in docs/profiles.md. Its columns: {listed(look.columns, MOST_NAMED)}",
    )


def _lines(name: str, look: Look, made: Draft) -> Iterator[str]:
    yield f"# Proposed by `regulars inspect` from the names and values in {shortened(look.path.name)}. All keys: docs/profiles.md"
    yield "# A run refuses it while a mark is left: correct what the mark is about, or leave it as it is, and delete the mark."
    yield f"# Then set sources.<source>.profile: {name} in regulars.yaml, and the zone of local times there if it isn't yours."
    yield "version: 1"
    yield f"title: {_scalar(f'{name}, {made.feed}')}"
    if made.currency:
        yield f"currency: {made.currency}"
    yield "feeds:"
    yield f"  {made.feed}:"
    yield from (f"    # CHECK: {mark}" for mark in made.open_marks)
    yield from (f"    # Note: {note}" for note in made.notes)
    yield f"    files: [{', '.join(map(_in_list, _patterns(look)))}]"
    for key, value in look.keys.items():
        yield f"    {key}: {in_yaml(value)}" + (f"   # CHECK: {sure_of_encoding(look)}" if key == "encoding" and look.guess.others else "")
    if made.layout:
        yield "    layout:"
        yield from (f"      {key}: {_flow(value)}" for key, value in made.layout.items())
    yield "    columns:"
    for column in FEEDS[made.feed]:
        if column.name in made.values:
            yield f"      {column.name}: {{value: {json.dumps(made.values[column.name])}}}"
        elif column.name in made.columns:
            yield from _column_lines(column, made.columns[column.name], made)
    if made.rules:
        yield "    rules:"
        yield from (f"      - {_flow(rule)}" for rule in made.rules)
    if unused := _unused(look, made):
        yield f"    # Not read: {listed(unused, MOST_NAMED)}"


def _unused(look: Look, made: Draft) -> list[str]:
    used = {guess.source for guess in made.columns.values()} | {name for rule in made.rules for name in rule["when"]}
    return [column for column in look.columns if column and column not in used]


def _column_lines(column: Column, guessed: Guess, made: Draft) -> Iterator[str]:
    doubt = f"   # CHECK: {guessed.doubt}" if guessed.doubt else ""
    seen = made.words.get(column.name, ())
    if not guessed.keys and not seen:
        yield f"      {column.name}: {_scalar(guessed.source)}{doubt}"
        return
    yield f"      {column.name}:{doubt}"
    yield f"        source: {_scalar(guessed.source)}"
    yield from _known_keys(guessed.keys, "        ")
    if seen:
        yield from _words(column, seen)


def _words(column: Column, words: tuple[str, ...]) -> Iterator[str]:
    known = {word: vocabulary.meaning_of(column.name, word) for word in words[:MOST_WORDS]}
    meant = {word: status for word, status in known.items() if status}
    yield "        map:" + ("" if meant else " {}")
    yield from (f"          {_scalar(word)}: {status}" for word, status in meant.items())
    for word in (word for word in known if word not in meant):
        known_ones = ", ".join(column.choices)
        yield f"          # CHECK: which {column.name} is {_scalar(word)}? Of {known_ones}. Rows of an unknown one go to quarantine"


def sure_of_encoding(look: Look) -> str:
    """What a piece of the text is in each encoding that fits, for a person to say which is right."""
    spelt = ", ".join(f"{encoding} {shortened(text)!r}" for encoding, text in look.guess.samples)
    return f"the encoding is not sure; of {', '.join((look.guess.best, *look.guess.others))}" + (f": {spelt}" if spelt else "")


def _known_keys(keys: tuple[str, ...], indent: str) -> Iterator[str]:
    """The keys, which belong together, as comments where a profile can't have them."""
    try:
        ColumnMap.model_validate({"source": "x", **{key: value for text in keys for key, value in yaml.safe_load(text).items()}})
    except (ValidationError, yaml.YAMLError):
        yield from (f"{indent}# CHECK: {key}" for key in keys)
    else:
        yield from (f"{indent}{key}" for key in keys)


def _flow(value: Any) -> str:
    """The value as YAML on one line."""
    return yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True, sort_keys=False).removesuffix("\n...\n").strip()


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
    opened = re.sub(r"[\[*?]", "?", stem or ending)
    opened = re.sub(rf"(?i)(?<![^\W\d_])({'|'.join(sorted(MONTH_OF, key=len, reverse=True))})(?=[-_ .]?[0-9])[-_ .]?", "*", opened)
    opened = re.sub(r"[0-9][0-9_.-]*", "*", opened)
    pattern = f"{opened}*.{ending}*" if stem else f"{opened}*"
    pattern = re.sub(r"\*+", "*", pattern)
    return pattern if fnmatch.fnmatchcase(file_name.lower(), pattern.lower()) else "*"
