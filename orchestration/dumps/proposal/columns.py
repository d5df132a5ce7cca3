"""Which columns of a dump seem to be the canonical ones of a feed: by their names in several languages, if their values agree."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from orchestration.dumps.feeds import FEEDS, Column
from orchestration.dumps.held import shortened
from orchestration.dumps.proposal import dates, numbers, vocabulary
from orchestration.dumps.proposal.seen import Seen, mostly
from orchestration.dumps.proposal.vocabulary import plain

EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"
PHONE = r"(\+|00)?[\d][\d ()./-]{5,18}\d"
_SPEAKING_PHONE = r"(\+?86)?1[3-9]\d{9}|\+\d{9,14}"
_NUMBERED = r".*(id|ids|no|number|code|key|编号|单号|号码|序号)|#"
"""Plain names of columns that number things: a count of them may look like phones."""
_PERSON = r"[^\W\d_]+( [^\W\d_]\.?)? [^\W\d_]{2,}"
_MASKED = r".*\*.*"
_BOOLEAN = r"(?i)true|false|1|0|yes|no|y|n|t|f"
FROM_VALUES = "told from its values alone"
MOST_TELLING = 50
"""Values of a column that say what it may tell of others; and columns of dates that do."""
MOST_AMOUNTS = 500
MOST_BY_VALUES = 300
"""Columns whose values are looked at although their names are unknown: a dump of thousands is known by its names."""
NEVER_GUESSED = ("order_refund_amount",)
"""Columns that another one with a key says: ``refund_amount`` of the order."""
OF_LINES = (Column("line_total", "money"), Column("line_paid", "money"))
"""What a line costs in all, and what is left of that after discounts: no canonical columns, but read as ``unit_price`` where the dump has
no price of a piece, or one that doesn't explain what was paid."""


@dataclass(frozen=True)
class Guess:
    """A column of the dump for a canonical one. ``keys``: further keys of its mapping; ``doubt``: what a person has to answer."""

    source: str
    keys: tuple[str, ...] = ()
    doubt: str = ""
    is_typed: bool = True


def of_feed(feed: str, clues: "Clues", lines: str | None = None) -> dict[str, Guess]:
    """Canonical column → where it seems to come from. ``lines``: of JSON, the key under which a record has its lines."""
    return _Search(feed, clues, lines).found()


class _Search:
    def __init__(self, feed: str, clues: "Clues", lines: str | None) -> None:
        self.columns = tuple(column for column in FEEDS[feed] if column.name not in NEVER_GUESSED)
        if any(column.name == "unit_price" for column in self.columns):
            self.columns = (*self.columns, *OF_LINES)
        self.seen, self.others, self.lines = clues.seen, clues, lines
        self.free = dict(clues.forms)
        self.parts = _parts(clues.seen.names, lines)

    def found(self) -> dict[str, Guess]:
        found: dict[str, Guess] = {}
        for column in self.columns:
            candidates = [guess for name in self._named(column) if (guess := self._read(column, name))]
            is_wanted = column.required and column.name != "customer_id"  # which may be empty: then an address is the customer's
            best = next((guess for guess in candidates if guess.is_typed), candidates[0] if candidates and is_wanted else None)
            if best:
                found[column.name] = best
                self._take(best.source)
        for column in self.columns:
            if column.name not in found and (guess := self._by_values(column)):
                found[column.name] = guess
                self._take(guess.source)
        return found

    def _take(self, name: str) -> None:
        self.free = {form: free for form, free in self.free.items() if free != name}
        self.parts = {form: free for form, free in self.parts.items() if free != name}

    def _named(self, column: Column) -> Iterator[str]:
        nested = {
            "order_id": ["id"],
            "order_line_id": [f"{self.lines}.id"],
            "product_name": [f"{self.lines}.name", f"{self.lines}.title"],
        }
        for form in (*vocabulary.names_of(column.name), *(map(plain, nested.get(column.name, ())) if self.lines else ())):
            if name := self.free.get(form) or self.parts.get(form):
                yield name
        for form, pattern in vocabulary.patterns_of(column.name).items():
            if (name := self.free.get(form)) and mostly(self.seen.filled(name), pattern):
                yield name

    def _read(self, column: Column, name: str) -> Guess | None:
        values = self.seen.filled(name)
        guess = self._typed(column, name, values)
        blanks = self.seen.words_for_none(name)
        if blanks and column.kind not in ("text", "key") and guess.is_typed:
            guess = replace(guess, keys=(*guess.keys, f"blanks: {blanks!r}"))
        return guess

    def _typed(self, column: Column, name: str, values: list[str]) -> Guess:
        if not values:
            return Guess(name, is_typed=not column.required)
        match column.kind:
            case "timestamp" | "date":
                form = dates.written(values, self.others.dates)
                if form is None:
                    return Guess(name, doubt=f"no date that is known here, such as {shortened(values[0])!r}", is_typed=False)
                return Guess(name, form.keys, dates.EITHER_ORDER if form.is_open else "")
            case "money" | "quantity" | "rate" | "integer":
                keys = numbers.written(values, self.others.amounts if column.kind == "money" else ())
                if keys is None:
                    odd = next(value for value in values if not re.fullmatch(numbers.PLAIN_NUMBER, value))
                    return Guess(name, doubt=f"no plain number, such as {shortened(odd)!r}", is_typed=False)
                is_in_range = column.name != "rating" or mostly(values, r"[1-5](\.0+)?")
                return Guess(name, keys, is_typed=is_in_range)
            case "boolean":
                return Guess(name, is_typed=mostly(values, _BOOLEAN))
            case "key":
                return self._key(column, name, values)
        return Guess(name)

    def _key(self, column: Column, name: str, values: list[str]) -> Guess:
        if column.name in ("email", "phone"):
            pattern = EMAIL if column.name == "email" else PHONE
            return Guess(name, is_typed=sum(1 for value in values if re.fullmatch(pattern, value)) >= len(values) / 2)
        if column.name == "customer_id":
            if all(re.fullmatch(_MASKED, value) for value in values):
                return Guess(name, is_typed=False)  # shared by strangers
            if mostly(values, _PERSON):
                return Guess(name, doubt="it seems to hold names, and two people may have the same")
        return Guess(name, ("reads: integer_text",) if mostly(values, r"\d+\.0") else ())

    def _by_values(self, column: Column) -> Guess | None:
        """A column without a known name whose values can hardly be anything else."""
        free = set(self.free.values())
        names = [name for name in self.seen.names[:MOST_BY_VALUES] if name in free]
        if column.name in ("email", "phone"):
            pattern = re.compile(EMAIL if column.name == "email" else _SPEAKING_PHONE)
            if column.name == "phone":
                names = [name for name in names if not re.fullmatch(_NUMBERED, plain(name))]
            speaking = (name for name in names if (found := self.seen.filled(name)) and all(map(pattern.fullmatch, found)))
            return next(map(Guess, speaking), None)
        if column.name in ("ordered_at", "created_at"):
            dated = [name for name in names if name in self.others.dated]
            if len(dated) == 1:
                guess = self._typed(column, dated[0], self.seen.filled(dated[0]))
                return replace(guess, doubt="; ".join(filter(None, (FROM_VALUES, guess.doubt))))
        return None


@dataclass(frozen=True, eq=False)
class Clues:
    """What the columns of a dump tell of each other, whatever the feed."""

    seen: Seen

    @cached_property
    def forms(self) -> Mapping[str, str]:
        """A column's name as it is looked up → the first column with such a name."""
        return {form: name for name in reversed(self.seen.names) for form in reversed(list(vocabulary.forms(name)))}

    @cached_property
    def dated(self) -> list[str]:
        """Columns that hold dates, but for those that are plain numbers."""
        forms = ((name, dates.written(values)) for name, values in self._starts.items() if values)
        return [name for name, form in forms if form and not any("reads" in key for key in form.keys)][:MOST_TELLING]

    @cached_property
    def dates(self) -> list[list[str]]:
        return [self.seen.filled(name) for name in self.dated]

    @cached_property
    def amounts(self) -> list[str]:
        """Texts of numbers with points and commas."""
        signs = {name: found for name, values in self._starts.items() if (found := [value for value in values if re.search("[.,]", value)])}
        telling = (value for name, found in signs.items() if numbers.written(self._starts[name]) is not None for value in found)
        return list(islice(telling, MOST_AMOUNTS))

    @cached_property
    def _starts(self) -> dict[str, list[str]]:
        return {name: self.seen.filled(name)[:MOST_TELLING] for name in self.seen.names[:MOST_BY_VALUES]}


def _parts(names: list[str], lines: str | None) -> Mapping[str, str]:
    """Of columns of objects within objects, the last part of the name: ``sku`` of ``line_items.sku``. Those of an order's lines win."""
    nested = [name for name in names if "." in name]
    first = sorted(nested, key=lambda name: (name.split(".", 1)[0] == lines, -name.count(".")))
    return {plain(name.rsplit(".", 1)[1]): name for name in first}
