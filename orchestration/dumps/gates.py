"""What a file as a whole must pass before its rows are read. Each gate raises ``HeldError`` with what was seen and what to do."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestration.dumps import headings
from orchestration.dumps.candidates import Candidate
from orchestration.dumps.completeness import MISMATCH, Claim
from orchestration.dumps.held import LONGEST_NAME, HeldError, listed
from orchestration.dumps.ledger import Ledger
from orchestration.dumps.profiles import FeedMap
from orchestration.dumps.receive import Receipt, header_of
from orchestration.settings import Source

VOLUME_ROWS = 1_000
"""A file is not held for its volume over a smaller difference than this: a quiet day of a small shop is no fault."""

MOST_NAMES_COMPARED = 200
"""New columns among which a missing one is looked for."""
LIKE = 0.6
"""From here on a new column may be a missing one under another name; a single new one may be in any case."""

_MAP_OR_MEND = "Have it delivered with that column, or say in a profile which one it is: regulars inspect FILE --write-profile NAME"


@dataclass(frozen=True)
class Memory:
    """What the ledger knew before this landing: what is usual for a source and feed, and which columns they bring."""

    usual_rows: Mapping[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    columns: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, ledger: Ledger) -> "Memory":
        return cls(ledger.usual_rows(), ledger.columns())

    def dump(self) -> str:
        """As text from which ``load`` makes it again."""
        return (
            json.dumps([[*key, *value] for key, value in self.usual_rows.items()])
            + "\n"
            + json.dumps([[*key, dict(value)] for key, value in self.columns.items()])
        )

    @classmethod
    def load(cls, text: str) -> "Memory":
        usual, columns = map(json.loads, text.split("\n"))
        return cls(
            {(source, feed): (files, rows) for source, feed, files, rows in usual},
            {(source, feed): seen for source, feed, seen in columns},
        )

    def always_there(self, source: str, feed: str) -> set[str]:
        """Columns that every file of the source and feed has brought so far."""
        seen = self.columns.get((source, feed), {})
        return {name for name, files in seen.items() if name and files == seen[""]}

    def is_new(self, source: str, feed: str, name: str) -> bool:
        """Whether the source and feed have delivered before, and never a column of that name."""
        seen = self.columns.get((source, feed))
        return seen is not None and name not in seen


def header_of_file(candidate: Candidate) -> tuple[str, ...]:
    """Names of the file's columns. A header that can't be one may only stand elsewhere, or be written otherwise: the message says how."""
    try:
        return header_of(candidate.receipt.text, candidate.dialect)
    except HeldError as error:
        hint = _how_to_read(candidate) if error.reason in ("duplicate_header", "unreadable_header") else ""
        if hint:
            raise HeldError(error.reason, f"{error}. {hint}") from None
        raise


def columns_are_there(candidate: Candidate) -> None:
    feed, mapping, header, profile = candidate.file.feed or "", candidate.mapping, candidate.header, candidate.profile.name
    missing = mapping.missing(feed, header)
    if not missing:
        return
    wanted = "; ".join(f"{column} (looked for {' or '.join(map(repr, names))})" for column, names in missing.items())
    unmapped = _unmapped(mapping, header)
    renames = [_rename(column, names, unmapped, profile) for column, names in missing.items()]
    how = _how_to_read(candidate)
    hints = [how] if how else list(filter(None, renames))
    there = listed(name.strip() for name in header)
    raise HeldError("missing_column", f"feed '{feed}' needs {wanted}; the file has {there}. {'. '.join(hints or [_MAP_OR_MEND])}")


def columns_are_still_there(feed: str, mapping: FeedMap, header: tuple[str, ...], profile: str, before: set[str]) -> None:
    """A column that counts and came in every file so far must not vanish without a word."""
    located, present = mapping.locate(header), {name.strip() for name in header}
    gone = {column: origin.source for column, origin in mapping.columns.items() if column not in located and before & set(origin.source)}
    gone |= {
        f"part of {column}": (name,) for column, origin in mapping.columns.items() for name in origin.beside if name in before - present
    }
    gone |= {f"rule {rule.rule}": (name,) for rule in mapping.rules for name in rule.when if name in before - present}
    if gone:
        fresh = [name for name in _unmapped(mapping, header) if name not in before]
        names = "; ".join(f"'{next(name for name in sources if name in before)}', read as {column}" for column, sources in gone.items())
        hints = "".join(f". {hint}" for column, sources in gone.items() if (hint := _rename(column, sources, fresh, profile)))
        raise HeldError("column_gone", f"every file of feed '{feed}' so far had the column {names}; this one hasn't{hints}")


def new_columns(mapping: FeedMap, header: tuple[str, ...], source: str, feed: str, memory: Memory) -> tuple[str, ...]:
    """Columns that nothing maps and that never came from this source and feed before."""
    return tuple(name for name in _unmapped(mapping, header) if memory.is_new(source, feed, name))


def has_rows(candidate: Candidate, source: Source) -> None:
    if source.empty_files == "held" and candidate.rows <= 0 and not _exact_rows(candidate):
        raise HeldError(
            "no_rows",
            "it has a header and no rows; if a day without rows is right, release it, "
            f"or set sources.{candidate.file.source}.empty_files: expected",
        )


def is_of_usual_volume(candidate: Candidate, source: Source, memory: Memory) -> None:
    files, usual = memory.usual_rows.get((candidate.file.source, candidate.file.feed or ""), (0, 0.0))
    rows, factor = max(candidate.rows, candidate.receipt.census.returns - 1), source.max_volume_factor
    if files < source.volume_from_files or abs(rows - usual) < VOLUME_ROWS or usual / factor <= rows <= usual * factor:
        return
    raise HeldError(
        "unusual_volume",
        f"it has {rows:,} rows; the median of this source's {files} files is {usual:,.0f}, and more than {factor:g} times as many or as "
        f"few is unusual. If it is right, release it; or set sources.{candidate.file.source}.max_volume_factor",
    )


def keeps_its_promise(candidate: Candidate | None, receipt: Receipt, claim: Claim | None) -> None:
    """Bytes, rows and hash are those that the manifest names."""
    if claim is None:
        return
    seen: dict[str, object] = {"bytes": receipt.size_bytes, "sha256": receipt.sha256}
    if candidate and claim.rows is not None:
        seen["rows"] = _exact_rows(candidate)
    wrong = [f"{name} {seen[name]}, not {promised}" for name, promised in claim.promises() if name in seen and seen[name] != promised]
    if wrong:
        raise HeldError(MISMATCH, f"the manifest promises {claim}, the file has {'; '.join(wrong)}; have it delivered again")


def _exact_rows(candidate: Candidate) -> int:
    return candidate.rows if candidate.is_regular else sum(1 for _ in candidate.records())


def _unmapped(mapping: FeedMap, header: Iterable[str]) -> list[str]:
    known = {name for origin in mapping.columns.values() for name in (*origin.source, *origin.beside)}
    known |= {name for rule in mapping.rules for name in rule.when} | mapping.layout.reads
    return [name for name in (each.strip() for each in header) if name and name not in known]


def _rename(column: str, sources: tuple[str, ...], unmapped: list[str], profile: str) -> str:
    """The likeliest new name of a missing column, as a question."""
    unmapped = [name for name in unmapped if len(name) <= LONGEST_NAME][:MOST_NAMES_COMPARED]
    scored = sorted(((max(_likeness(name, former) for former in (*sources, column)), name) for name in unmapped), reverse=True)
    if not scored or (scored[0][0] < LIKE and len(unmapped) > 1):
        return ""
    return (
        f"Column '{scored[0][1]}' is new and '{(sources or (column,))[0]}' is missing: renamed? "
        f"Add it to `source:` of {column} in profile '{profile}'"
    )


def _likeness(one: str, other: str) -> float:
    """0 to 1: as wholes, or by their likest words."""
    words, others = (re.findall(r"[^\W_]+", name.lower()) for name in (one, other))
    whole = difflib.SequenceMatcher(None, "".join(words), "".join(others)).ratio()
    return max([whole, *(0.9 * difflib.SequenceMatcher(None, a, b).ratio() for a in words for b in others)])


def _how_to_read(candidate: Candidate) -> str:
    """A sentence on the keys under which the file has all columns that its feed needs, if there are any."""
    feed, mapping = candidate.file.feed or "", candidate.mapping
    return headings.advice(candidate, lambda names: not mapping.missing(feed, names))
