"""What a conversion leaves beside the text: where its rows stood in the delivered file, and what could not become a row."""

import csv
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.dumps.careful import Refusal
from orchestration.dumps.held import HeldError
from orchestration.dumps.patterns import is_found

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_REFUSALS = 100_000
"""A file with more records than this that are no rows at all is not what its profile says it is."""


@dataclass(frozen=True)
class Converted:
    """``lines``: per row of the text, the line of the delivered file; None where the n-th row stands on line n + 1 + ``skipped``.

    ``doubt``: why the file should not count unless a person says so.
    """

    lines: "NDArray[np.int64] | None" = None
    skipped: int = 0
    refusals: tuple[Refusal, ...] = ()
    doubt: HeldError | None = None

    @property
    def is_renumbered(self) -> bool:
        """Whether the text was rewritten as RFC 4180: its lines are then no longer the lines of the delivered file."""
        return self.lines is not None

    @property
    def is_in_place(self) -> bool:
        """Whether every row is in the text, on the line that it was delivered on."""
        return self.lines is None and not self.skipped and not self.refusals

    @property
    def counts_from_two(self) -> bool:
        """Whether the rows stand on lines 2, 3, 4, … of the delivered file."""
        return self.lines is None or len(self.lines) == 0 or bool(self.lines[0] == 2 and self.lines[-1] == len(self.lines) + 1)


class RowWriter:
    """Writes rows as CSV text in which nothing depends on what a field holds: every field is quoted."""

    def __init__(self, target: Path) -> None:
        self._file = target.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._lines = array("q")
        self._refusals: list[Refusal] = []

    def __enter__(self) -> "RowWriter":
        return self

    def __exit__(self, *_: Any) -> None:
        self._file.close()

    def header(self, names: Iterable[str]) -> None:
        self._writer.writerow(names)

    def row(self, line: int, fields: Iterable[str]) -> None:
        self._writer.writerow(fields)
        self._lines.append(line)

    def refuse(self, line: int, reason: str, original: str) -> None:
        self._refusals.append(Refusal(line, reason, original))
        if len(self._refusals) > MOST_REFUSALS:
            raise unreadable_rows(self._refusals[-1])

    def converted(self) -> Converted:
        import numpy as np

        return Converted(np.frombuffer(self._lines, dtype=np.int64) if self._lines else np.zeros(0, np.int64), 0, tuple(self._refusals))


def unreadable_rows(last: Refusal) -> HeldError:
    """Why a file is held of which so many records could not be split into columns."""
    return HeldError(
        "unreadable_rows",
        f"more than {MOST_REFUSALS:,} of its records can't be split into its columns (line {last.line}: {last.reason}); "
        "is its format another one?",
    )


def is_footer(line: str, footer: str | None) -> bool:
    """Whether a line is one of those that the profile says stand behind the last row."""
    return footer is not None and is_found(footer, line)
