"""The rows of a look, column by column: what the values of a dump say, beside the names of its columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from orchestration.dumps.looks import Look
from orchestration.dumps.shapes import fields

_GUARDED = re.compile(r"\t.*|.*\t|'[0-9+].*|=\"[^\"]*\"", re.DOTALL)
NO_VALUES = frozenset({"-", "--", "—", "/", "n/a", "na", "null", "none", "\\n", "无"})
"""Words that stand where there is no value."""
MOST_ROWS = 1000
MOSTLY = 0.8
"""The share of values that has to speak for something; the others may be totals, notes or faults."""


@dataclass(frozen=True, eq=False)
class Seen:
    """``rows``: of the dump's width, texts as delivered; a header that comes again is none. ``begun_anew``: numbers of the rows below such
    a header."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    begun_anew: frozenset[int] = frozenset()

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: number for number, name in reversed(list(enumerate(self.columns))) if name}

    @property
    def names(self) -> list[str]:
        return [name for name in self.columns if name]

    @cached_property
    def _bare(self) -> dict[str, list[str]]:
        return {}

    @cached_property
    def _filled(self) -> dict[str, list[str]]:
        return {}

    def is_guarded(self, name: str) -> bool:
        """Whether values wear what keeps a spreadsheet from changing them: a tab, an apostrophe, ``="…"``."""
        place = self._places[name]
        return any(_GUARDED.fullmatch(value) for row in self.rows if (value := row[place]) and (value[0] in "\t'=" or value[-1] == "\t"))

    def first(self, name: str) -> str:
        """The first value as delivered, or an empty text: that of most columns of a wide dump says enough."""
        place = self._places[name]
        return next((row[place] for row in self.rows if row[place]), "")

    def bare(self, name: str) -> list[str]:
        """A value per row, without guards and blanks around it; empty where there is none."""
        if name not in self._bare:
            place = self._places[name]
            values = [row[place].strip() for row in self.rows]
            if self.is_guarded(name):
                values = [value[2:-1] if re.fullmatch(r'="[^"]*"', value) else value.removeprefix("'") for value in values]
            self._bare[name] = values
        return self._bare[name]

    def filled(self, name: str) -> list[str]:
        """Values that are some, words for none left out."""
        if name not in self._filled:
            self._filled[name] = [value for value in self.bare(name) if value and value.lower() not in NO_VALUES]
        return self._filled[name]

    def words_for_none(self, name: str) -> list[str]:
        return sorted({value for value in self.bare(name) if value and value.lower() in NO_VALUES})


def seen(look: Look) -> Seen:
    """The first rows of a look, those that have as many fields as the header."""
    names = tuple(look.columns)
    split = (fields(record, look.delimiter, look.quote, look.escape) for record in look.records[1 : MOST_ROWS + 1])
    rows: list[tuple[str, ...]] = []
    begun_anew = set()
    for row in split:
        if row[0].strip() == names[0] and tuple(value.strip() for value in row) == names:
            begun_anew.add(len(rows))
        elif len(row) == len(names) and any(map(str.strip, row)):
            rows.append(tuple(row))
    return Seen(names, tuple(rows), frozenset(begun_anew))


def mostly(values: Sequence[str], pattern: str) -> bool:
    """Whether there are values, and nearly all of them are of a form."""
    return bool(values) and sum(1 for value in values if re.fullmatch(pattern, value)) >= MOSTLY * len(values)
