"""Why a file as a whole does not count: codes with a sentence each."""

JUDGEMENTS = frozenset({"unusual_volume", "no_rows", "too_many_refused", "other_encoding", "column_gone"})
"""Reasons that a person may overrule: the file can be read, it only looks wrong. Anything else is damage, or nothing to go by."""


class HeldError(Exception):
    """The file as a whole can't be trusted. ``reason`` is a code, the message says what was seen and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
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
