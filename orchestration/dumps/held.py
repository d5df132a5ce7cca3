"""Why a file as a whole does not count: codes with a sentence each."""

from collections.abc import Iterable

TOO_MANY_REFUSED = "too_many_refused"

JUDGEMENTS = frozenset(
    {"unusual_volume", "no_rows", TOO_MANY_REFUSED, "other_encoding", "column_gone", "blank_in_delimiter", "several_tables"}
)
"""Reasons that a person may overrule: the file can be read, it only looks wrong. Anything else is damage, or nothing to go by."""

MOST_CHARACTERS = 1_000
"""Of a message. It is kept in the ledger and shown in summaries, and a file's header may have a megabyte."""
MOST_NAMES = 20
LONGEST_NAME = 60


class HeldError(Exception):
    """The file as a whole can't be trusted. ``reason`` is a code, the message says what was seen and what to do.

    The message is bounded, and has no control characters, whatever of the file it quotes.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(shortened(message, MOST_CHARACTERS))
        self.reason = reason

    @property
    def sentence(self) -> str:
        """As the ledger keeps it."""
        return f"{self.reason}: {self}"


class UnreadableError(Exception):
    """Some files of a batch turned out to be unreadable as a whole: file id → why."""

    def __init__(self, files: dict[str, HeldError]) -> None:
        super().__init__(", ".join(files))
        self.files = files


class UnfinishedError(Exception):
    """The file is still being written. It is left alone until the next look."""


def shortened(text: str, most: int = LONGEST_NAME) -> str:
    """The text with its middle left out where it is longer, on one line, control characters spelt out."""
    if len(text) > most:
        end = most // 3
        text = f"{text[: most - end - 1]}…{text[len(text) - end :]}"
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def listed(names: Iterable[str], most: int = MOST_NAMES) -> str:
    """Names for a message: so many of them, each shortened, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(shortened, names[:most])) + more
