"""The rows of the ledger: readings of delivered contents, what was seen in the inbox, under which names contents came, what changed."""

import json
from dataclasses import dataclass
from typing import Literal

from orchestration.dumps.held import TOO_MANY_REFUSED

State = Literal["live", "superseded", "held", "rejected", "ignored", "unpacked"]


@dataclass(frozen=True)
class File:
    """Grain: one reading of one delivered content of one source. Row counts are of data rows, headers aside.

    ``kind``: ``file`` or ``archive``. ``reading``: 0, and one more each time the content is read again. ``released``: 1 where a person
    lets it count in spite of what it looks like. ``new_columns``: names that this source and feed hadn't brought before, one a line.
    ``left_out_by``: rule → rows that it left out, as JSON.
    """

    file_id: str
    source: str
    file_name: str
    sha256: str
    size_bytes: int
    delivered_at: str
    profile: str
    feed: str | None
    delivery_key: str
    state: State
    run_id: str
    reason: str | None = None
    batch: str | None = None
    rows_delivered: int = 0
    rows_clean: int = 0
    rows_quarantined: int = 0
    first_event_at: str | None = None
    last_event_at: str | None = None
    replaces: str | None = None
    profile_name: str = ""
    profile_version: int = 0
    kind: Literal["file", "archive"] = "file"
    reading: int = 0
    released: int = 0
    new_columns: str | None = None
    rows_left_out: int = 0
    left_out_by: str | None = None

    @property
    def is_mostly_refused(self) -> bool:
        """Whether it is held for its refused rows: under another name, with other dates, they may be right."""
        return self.state == "held" and (self.reason or "").startswith(TOO_MANY_REFUSED)

    @property
    def left_out(self) -> dict[str, int]:
        """Rule → how many rows it left out."""
        return json.loads(self.left_out_by) if self.left_out_by else {}


@dataclass(frozen=True)
class Sighting:
    """What the inbox showed at a path: enough to know, without reading it, that nothing changed."""

    path: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Delivery:
    """A content that came under a name. ``is_taken``: whether a feed takes files of that name, or it is an archive.

    ``archive``, ``archive_name``: content id and name of the archive it came in.
    """

    source: str
    file_name: str
    file_id: str
    modified_ns: int
    is_taken: bool
    archive: str | None = None
    archive_name: str | None = None


@dataclass(frozen=True)
class Change:
    """What became of a name, or what a person decided: rows before and after, as they counted."""

    action: str
    source: str
    file_name: str
    file_id: str
    former_file_id: str | None = None
    rows_before: int = 0
    rows_after: int = 0
    clean_before: int = 0
    clean_after: int = 0
    note: str | None = None
