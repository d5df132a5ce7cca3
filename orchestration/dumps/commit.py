"""From what was read to what the ledger says: one transaction per portion, after its bytes are durable."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestration.dumps.candidates import Candidate
from orchestration.dumps.dialect import without_compression
from orchestration.dumps.ledger import Change, Delivery, File, Ledger
from orchestration.dumps.recognise import Recogniser
from orchestration.dumps.summary import Landing


@dataclass(frozen=True)
class Planned:
    """``to_read``: contents to be read now. ``known``: candidates whose content needs no reading, with its row. ``settled``: held,
    ignored or unpacked as a whole. ``twins``: further names of contents of this same portion."""

    to_read: list[Candidate]
    known: list[tuple[Candidate, File]]
    settled: list[Candidate]
    twins: list[Candidate]


@dataclass(frozen=True)
class Committer:
    ledger: Ledger
    run_id: str
    summary: Landing

    def plan(self, candidates: Iterable[Candidate]) -> Planned:
        """Sort a portion's candidates by what is to be done. A content is read once, under the first name that a feed takes."""
        planned = Planned([], [], [], [])
        by_content: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            by_content.setdefault(candidate.file.file_id, []).append(candidate)
        for alike in by_content.values():
            first, *others = sorted(alike, key=lambda candidate: (candidate.file.state != "live", candidate.file.file_name))
            file = self.ledger.by_content(first.file.source, first.file.sha256)
            if file and self._is_done_with(first, file):
                planned.known.extend((candidate, file) for candidate in alike)
            elif first.file.state == "live":
                planned.to_read.append(self._as_reading(first))
                planned.twins.extend(others)
            else:
                planned.settled.append(first)
                planned.twins.extend(others)
        return planned

    def _is_done_with(self, candidate: Candidate, known: File) -> bool:
        """Whether the content needs no reading: it was read, or rejected; or what was the matter with it still is."""
        if candidate.arrival.again:
            return False
        if known.state in ("live", "superseded", "rejected", "unpacked"):
            return True
        return candidate.file.state == known.state and known.file_name == candidate.file.file_name and known.reason == candidate.file.reason

    def _as_reading(self, candidate: Candidate) -> Candidate:
        """Under an id of its own, where rows of an earlier reading stand in a batch already."""
        again = candidate.arrival.again
        if not again:
            return candidate
        if not again.batch:
            return replace(candidate, file=replace(candidate.file, file_id=again.file_id, reading=again.reading))
        number = again.reading + 1
        identity = hashlib.sha256(f"{candidate.receipt.content_id}\0{number}".encode()).hexdigest()[:16]
        return replace(candidate, file=replace(candidate.file, file_id=identity, reading=number, replaces=again.file_id))

    def commit(self, planned: Planned, read: list[tuple[Candidate, File]]) -> None:
        """Write down what became of a portion, and choose what counts from now on."""
        names: dict[str, set[str]] = {}
        with self.ledger.transaction():
            rows: list[File] = []
            columns: Counter[tuple[str, str, str]] = Counter()
            for candidate, file in [*read, *((candidate, candidate.file) for candidate in planned.settled)]:
                names.setdefault(file.source, set()).add(candidate.arrival.name)
                if candidate.arrival.again:
                    self._record_again(candidate, file, candidate.arrival.again)
                else:
                    self.ledger.record(file)
                    self._deliver(candidate, file.file_id)
                    if file.is_mostly_refused:
                        self.ledger.leave(file.source, file.file_name, file.file_id)
                if file.state == "live":
                    columns.update((file.source, file.feed or "", name) for name in {"", *(name.strip() for name in candidate.header)})
                rows.append(file)
            self.ledger.saw_columns(columns)
            for candidate, file in [*planned.known, *((twin, twin.file) for twin in planned.twins)]:
                names.setdefault(file.source, set()).add(candidate.arrival.name)
                self._deliver(candidate, file.file_id)
            for source, touched in names.items():
                self.summary.changes += self.ledger.settle(source, touched, self.run_id)
        self._sum_up(planned, rows)

    def _deliver(self, candidate: Candidate, file_id: str) -> None:
        arrival, file = candidate.arrival, candidate.file
        is_taken = file.feed is not None or file.kind == "archive"
        self.ledger.deliver(
            Delivery(file.source, arrival.name, file_id, arrival.sighting.modified_ns, is_taken, arrival.archive, arrival.archive_name)
        )
        if not arrival.archive:
            self.ledger.saw(arrival.sighting, file_id)

    def _record_again(self, candidate: Candidate, file: File, former: File) -> None:
        """A new reading takes the former's place, unless the former counts and the new one doesn't."""
        change = Change(
            "retried", file.source, file.file_name, file.file_id, former.file_id, former.rows_delivered, file.rows_delivered,
            former.rows_clean, file.rows_clean, note=file.reason,
        )  # fmt: skip
        if former.batch and file.state != "live":
            if file.is_mostly_refused:
                self.ledger.leave(file.source, file.file_name, former.file_id)
            self.ledger.log(change, self.run_id)
            return
        if former.file_id == file.file_id:
            file = replace(file, released=max(file.released, former.released))
        self.ledger.record(file)
        if former.file_id != file.file_id:
            self.ledger.read_anew(former.file_id, file.file_id)
        if file.is_mostly_refused:
            self.ledger.leave(file.source, file.file_name, file.file_id)
        elif file.feed:
            self.ledger.take(file.source, file.file_name, file.file_id)
        self.ledger.log(change, self.run_id)

    def renamed(self, file: File, delivery: Delivery, recogniser: Recogniser) -> bool:
        """Put a content under another of its names, where that is all it takes: same feed, same business date."""
        profile = recogniser.profiles[file.source]
        base = delivery.file_name.rsplit("/", 1)[-1]
        feed = profile.feed_of(base) or profile.feed_of(without_compression(base))
        if feed is None or feed != file.feed:
            return feed is None
        date = profile.feeds[feed].dates(base).day or "0000-00-00"
        if not file.delivery_key.startswith(f"{date} "):
            return False
        with self.ledger.transaction():
            key = f"{date} {delivery.file_name} {file.sha256[:16]}"
            self.ledger.record(replace(file, file_name=delivery.file_name, delivery_key=key))
        return True

    def _sum_up(self, planned: Planned, rows: list[File]) -> None:
        for file in rows:
            now = self.ledger.file(file.file_id)
            self.summary.add(now if now and file.state != "held" else file)  # an earlier reading may count although this one is held
        for candidate, file in planned.known:
            now = self.ledger.file(file.file_id)
            if now and now.state == "live" and file.state == "superseded":
                self.summary.add(now)
            elif not candidate.arrival.archive:
                self.summary.add_known(f"{file.source}/{candidate.arrival.name}")
        for twin in planned.twins:
            self.summary.add_known(f"{twin.file.source}/{twin.arrival.name}")
