"""A look at a dump before it is delivered: the profile that fits and why, its first rows as they would land, its first problems.

The rows are landed for real, in a home of their own that is thrown away: what is shown is what a run would do.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.headings import told
from orchestration.dumps.held import shortened
from orchestration.dumps.landing import land
from orchestration.dumps.ledger import Ledger
from orchestration.dumps.looks import BLANKS, Look, look
from orchestration.dumps.matching import Match, match_of, matches, readable_profiles
from orchestration.dumps.profiles import Profile, known_profiles, load_profile, open_marks
from orchestration.dumps.proposal.text import write
from orchestration.settings import Settings, Source
from orchestration.sql import readable

PERSONAL = frozenset({"customer_id", "name", "email", "phone", "membership_no", "birth_year"})
"""Canonical columns that say who somebody is."""

_ADDRESSES = re.compile(r"[^\s@,;]+@[^\s@,;]+|\+?\d[\d -]{5,}\d")
_FREE_TEXT = frozenset({"title", "body", "topic"})

_SOURCE = "inspected"
_ENCODINGS = {"utf-8-sig": "utf-8", "gbk": "gb18030", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
"""Encodings that are read alike."""
_AROUND = ("quote", "escape", "sheet", "records", "lines", "skip_lines", "header_rows", "ends_before")
"""Keys about which the file may say otherwise than a profile that has all its columns."""


@dataclass(frozen=True)
class Problem:
    """A row that would go to quarantine."""

    line: int
    reason: str
    column: str | None
    value: str | None


@dataclass(frozen=True)
class Trial:
    """What landing made of the rows looked at. ``held``: why the file as a whole would be held. ``left_out``: rule → rows that it leaves
    out. ``preview``: canonical column → values."""

    held: str | None
    rows_delivered: int
    rows_clean: int
    rows_quarantined: int
    left_out: dict[str, int]
    preview: dict[str, list[str]]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Inspection:
    """``ranking``: profiles by how well they fit, best first. ``notes``: what keeps a run from reading the file as it is with the best.
    ``trial``: what the best makes of it. Both are empty where none fits."""

    look: Look
    ranking: tuple[Match, ...]
    notes: tuple[str, ...] = ()
    trial: Trial | None = None

    @property
    def best(self) -> Match | None:
        return self.ranking[0] if self.ranking and self.ranking[0].fits else None


def inspect(
    path: Path, settings: Settings, rows: int = 1000, preview: int = 3, show_personal_data: bool = False, profile: str | None = None
) -> Inspection:
    """Look at the first ``rows`` rows of the file. ``profile``: the one to read it with, and as it says; without it all are tried.

    Raises ``RegularsError`` for a file that can't be looked at and a profile that isn't there.
    """
    if profile:
        looked, ranking = _as_told(path, rows, load_profile(profile, settings.home, "inspect"))
        notes = [*looked.notes]
    else:
        looked, ranking, notes = _as_it_looks(path, rows, settings.home)
    return _with_trial(Inspection(looked, tuple(ranking), tuple(notes)), settings, preview, show_personal_data)


def look_to_propose(path: Path, settings: Settings, rows: int = 1000, profile: str | None = None) -> Look:
    """The file's first ``rows`` rows as its bytes suggest, or as a profile says that it is read. Raises as ``inspect`` does."""
    return _as_told(path, rows, load_profile(profile, settings.home, "inspect"))[0] if profile else look(path, rows)


def propose(looked: Look, settings: Settings, name: str, preview: int = 3, show_personal_data: bool = False) -> tuple[Path, Inspection]:
    """Write a profile of that name for files like the one looked at, and tell what it makes of its rows.

    Raises ``RegularsError`` for a file that shows too little of what it is, and for a name that is taken or is none.
    """
    written = write(name, looked, settings.home)
    made = load_profile(name, settings.home, "inspect")
    ranking = tuple(match_of(made, feed, looked) for feed in made.feeds)
    return written, _with_trial(Inspection(looked, ranking, tuple(_notes_of_file(looked))), settings, preview, show_personal_data)


def _with_trial(found: Inspection, settings: Settings, preview: int, show_personal_data: bool) -> Inspection:
    if found.best is None:
        return found
    trial = _tried(found.best, found.look, settings, preview, show_personal_data)
    return replace(found, notes=(*found.notes, *_notes(found.best, found.look, settings)), trial=trial)


def _as_it_looks(path: Path, rows: int, home: Path) -> tuple[Look, list[Match], list[str]]:
    """The file as its bytes suggest, or, where no profile reads that, as one says that takes files of its name."""
    looked = look(path, rows)
    profiles, broken = readable_profiles(home)
    notes = [f"{sentence} It was passed over." for sentence in broken]
    ranking = matches(looked, profiles)
    if not ranking or not ranking[0].fits:
        for profile in profiles:
            if profile.feed_of(path.name):
                other, told = _as_told(path, rows, profile)
                if told and told[0].fits:
                    return other, told, [*other.notes, *notes]
    return looked, ranking, [*_notes_of_file(looked), *notes]


def _as_told(path: Path, rows: int, profile: Profile) -> tuple[Look, list[Match]]:
    """The file as a profile says that it is read: by its feed for files of that name, or else by the one that fits best."""
    feeds = [feed] if (feed := profile.feed_of(path.name)) else list(profile.feeds)
    tried = []
    for feed in feeds:
        looked = look(path, rows, profile.feeds[feed])
        tried.append((looked, match_of(profile, feed, looked)))
    looked, best = max(tried, key=lambda each: each[1].rank)
    return looked, [best]


def _notes_of_file(looked: Look) -> Iterator[str]:
    """What to know of the file whichever profile reads it."""
    yield from looked.notes
    if looked.guess.others:
        spelt = ", ".join(f"as {encoding} {shortened(text)!r}" for encoding, text in looked.guess.samples)
        yield (
            f"Its encoding is not sure: {', '.join((looked.guess.best, *looked.guess.others))} fit about as well"
            + (f". A piece of it is {spelt}" if spelt else "")
            + "; set `encoding` to the one that is right."
        )


def _notes(match: Match, looked: Look, settings: Settings) -> Iterator[str]:
    mapping, of = match.mapping, f"feed {match.feed} of profile {match.profile.name}"
    if asked := open_marks(known_profiles(settings.home)[match.profile.name]):
        yield f"A run refuses profile {match.profile.name} until its marks are answered and deleted. {'; '.join(asked)}."
    if not match.takes_name:
        yield f"Its name matches no pattern of {of} ({', '.join(mapping.files)}): rename it, or add a pattern."
    expected = mapping.encoding
    if looked.format == "csv" and _ENCODINGS.get(looked.encoding, looked.encoding) != _ENCODINGS.get(expected, expected):
        yield f"It seems to be written in {looked.encoding}; {of} reads {expected}."
    expected_format = mapping.format_of(looked.path.name)
    if looked.format != expected_format:
        yield f"It is {looked.format}; under this name, {of} reads {expected_format}: set format: {looked.format}."
    if looked.format == "csv" and looked.delimiter not in {mapping.delimiter, BLANKS} and len(looked.columns) > 1:
        yield f"Its columns are apart by {looked.delimiter!r}; {of} expects {mapping.delimiter!r}."
    for key in _AROUND:
        if key in looked.keys and looked.keys[key] != getattr(mapping, key):
            yield f"{of} doesn't read it as it is: set {told({key: looked.keys[key]})}."
    currency = match.profile.currency or settings.currency
    if currency != settings.currency and "unit_price" in {column.name for column in FEEDS[match.feed]}:
        yield f"Its amounts are in {currency}, the warehouse reports in {settings.currency}: set currency: {currency} in regulars.yaml."


def _tried(match: Match, looked: Look, settings: Settings, preview: int, show_personal_data: bool) -> Trial:
    folder = Path(tempfile.mkdtemp(prefix="regulars-inspect-"))
    try:
        trial = _trial_settings(folder, match, settings)
        name = f"{looked.path.name}.csv"
        inbox = folder / "inbox" / _SOURCE
        inbox.mkdir(parents=True)
        (inbox / name).write_text(looked.text, encoding="utf-8", newline="")
        _write_profile(folder / "profiles" / f"{_SOURCE}.yaml", match, looked)
        ledger = Ledger(trial.lake / "ledger.sqlite")
        try:
            landing = land(trial, ledger, _SOURCE, lambda share: None)
        finally:
            ledger.close()
        held = landing.held[0].reason if landing.held else None
        shown = _preview(trial, match, preview, show_personal_data) if not held else {}
        if shown:
            shown["line"] = [str(int(line) + looked.lines_above) for line in shown["line"]]
        problems = _problems(trial, match, show_personal_data) if not held else ()
        problems = tuple(replace(problem, line=problem.line + looked.lines_above) for problem in problems)
        left_out = {rule: rows for (_, rule), rows in sorted(landing.left_out.items())}
        return Trial(held, landing.rows_delivered, landing.rows_clean, landing.rows_quarantined, left_out, shown, problems)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _trial_settings(folder: Path, match: Match, settings: Settings) -> Settings:
    """The merchant's settings on a home that is thrown away; the dump's currency counts, and no share of refused rows holds the file."""
    source = Source(profile=_SOURCE, max_quarantined_share=1)
    currency = match.profile.currency or settings.currency
    return settings.model_copy(update={"home": folder, "sources": {_SOURCE: source}, "currency": currency})


def _write_profile(path: Path, match: Match, looked: Look) -> None:
    """The profile's one feed, for the sample: whatever it is called, and in the text that was made of it."""
    profile: dict[str, Any] = json.loads(match.profile.model_dump_json(exclude_defaults=True, exclude={"name", "ignored"}))
    feed = profile["feeds"][match.feed]
    for key in ("encoding", "delimiter", *_AROUND):
        if key != "ends_before":
            feed.pop(key, None)
    if not match.mapping.layout.split_at_blanks:
        feed |= {"delimiter": looked.delimiter, "quote": looked.quote, "escape": looked.escape}
    elif match.mapping.delimiter != ",":
        feed["delimiter"] = match.mapping.delimiter
    profile["feeds"] = {match.feed: {**feed, "files": "*", "format": "csv"}}
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(profile, allow_unicode=True), encoding="utf-8")


def _preview(settings: Settings, match: Match, rows: int, show_personal_data: bool) -> dict[str, list[str]]:
    """Canonical column that the dump feeds → its typed values in the first rows, as text."""
    import duckdb

    names = [column.name for column in FEEDS[match.feed] if column.name in match.found or column.name in match.mapping.columns]
    clean = readable(settings.lake / "clean" / match.feed / "*.parquet")
    with duckdb.connect() as connection:
        found = connection.execute(f"select line, {', '.join(names)} from read_parquet({clean}) order by line limit {rows}").fetchall()
    columns = dict(zip(("line", *names), zip(*found, strict=True), strict=True)) if found else {}
    return {
        name: [_shown(value) if show_personal_data else masked(name, _shown(value)) for value in values] for name, values in columns.items()
    }


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
    return "" if value is None else str(value)


def _problems(settings: Settings, match: Match, show_personal_data: bool, most: int = 10) -> tuple[Problem, ...]:
    import duckdb

    files = list((settings.quarantine / match.feed).glob("*.parquet"))
    if not files:
        return ()
    paths = ", ".join(map(readable, files))
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select line, reason, column_name, value from read_parquet([{paths}]) order by line limit {most}"
        ).fetchall()
    return tuple(
        Problem(line, reason, column, value if show_personal_data or not value else masked(column, value))
        for line, reason, column, value in found
    )


def masked(column: str | None, value: str) -> str:
    """The value with what identifies somebody left out: 138****1234, a***@example.com, w***; e-mails and phones within texts too."""
    if column in _FREE_TEXT:
        return without_addresses(value)
    if column not in PERSONAL or not value:
        return value
    if column == "email" and "@" in value:
        name, _, domain = value.partition("@")
        return f"{name[:1]}***@{domain}"
    if column == "phone" and len(value) >= 9:
        return f"{value[:3]}****{value[-4:]}"
    return f"{value[:1]}***"


def without_addresses(text: str) -> str:
    """The text with e-mails and whatever might be a phone number replaced by ``***``."""
    return _ADDRESSES.sub("***", text)
