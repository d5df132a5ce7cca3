"""Landing: what waits in the inbox becomes raw files, clean Parquet, quarantine and ledger rows.

rows delivered = rows clean + rows quarantined, for every file, checked against a count made apart from the parser.
A batch is one Parquet file of many delivered files of one feed; the ledger says which of them count.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from orchestration.dumps import batches
from orchestration.dumps.candidates import Batch, Candidate, Outcome
from orchestration.dumps.casts import Context
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.inbox import Arrival, waiting
from orchestration.dumps.ledger import File, Ledger
from orchestration.dumps.profiles import Profile, load_profile
from orchestration.dumps.receive import HeldError, Receipt, header_of, receive
from orchestration.io import remove_partials
from orchestration.settings import Settings

Item = TypeVar("Item")

BATCH_BYTES = 64 << 20
BATCH_FILES = 400


@dataclass
class Landing:
    """What one landing did. ``files`` counts what waited; every one of them is in exactly one of the others."""

    files: int = 0
    live: list[File] = field(default_factory=list)
    held: list[File] = field(default_factory=list)
    ignored: list[File] = field(default_factory=list)
    already_loaded: list[str] = field(default_factory=list)
    rows_delivered: int = 0
    rows_clean: int = 0
    rows_quarantined: int = 0

    def counts(self) -> dict[str, int]:
        """The figures, without names."""
        return {
            "files": self.files,
            "files_live": len(self.live),
            "files_held": len(self.held),
            "files_ignored": len(self.ignored),
            "files_already_loaded": len(self.already_loaded),
            "rows_delivered": self.rows_delivered,
            "rows_clean": self.rows_clean,
            "rows_quarantined": self.rows_quarantined,
        }

    def add(self, file: File) -> None:
        {"live": self.live, "held": self.held, "ignored": self.ignored}[file.state].append(file)
        if file.state == "live":
            self.rows_delivered += file.rows_delivered
            self.rows_clean += file.rows_clean
            self.rows_quarantined += file.rows_quarantined


def profiles_in_use(settings: Settings) -> dict[str, Profile]:
    """Source → the profile that reads it, for every source of the settings and every folder of the inbox."""
    folders = {entry.name for entry in settings.inbox.iterdir() if entry.is_dir()} if settings.inbox.is_dir() else set()
    names = sorted(folders | set(settings.sources))
    return {name: load_profile(settings.source_of(name).profile, settings.home, f"sources.{name}") for name in names}


def land(settings: Settings, ledger: Ledger, run_id: str, on_progress: Callable[[float], None]) -> Landing:
    """Land everything that waits. Safe to kill at any moment: what the ledger doesn't speak of is done again."""
    profiles = profiles_in_use(settings)
    _remove_leftovers(settings, ledger)
    batches.ensure_feeds(settings.lake)
    arrived = waiting(settings.inbox, ledger, {source: profile.fingerprint for source, profile in profiles.items()})
    summary = Landing(files=len(arrived))
    with ThreadPoolExecutor(settings.threads) as pool:
        landed = 0
        bounds = (
            4 * BATCH_BYTES * settings.threads,
            4 * BATCH_FILES * settings.threads,
        )  # what lies unpacked and unknown to the ledger at a time
        for group in _portions(arrived, *bounds, lambda arrival: arrival.sighting.size_bytes):
            candidates = pool.map(lambda arrival: _receive(arrival, settings, profiles[arrival.source], run_id), group)
            fresh = _settle_known(candidates, ledger, summary)
            work = list(_batched(fresh))
            for outcome in pool.map(lambda batch: batches.write(batch, settings), work):
                _commit(outcome, ledger, summary)
            _clear(settings.state / "work")
            landed += len(group)
            on_progress(landed / len(arrived))
    return summary


def _portions(items: Iterable[Item], most_bytes: int, most_items: int, size_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items in their order, as lists that end with the first item to reach either bound."""
    portion: list[Item] = []
    size = 0
    for item in items:
        portion.append(item)
        size += size_of(item)
        if size >= most_bytes or len(portion) >= most_items:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _receive(arrival: Arrival, settings: Settings, profile: Profile, run_id: str) -> Candidate:
    """Copy the file into the lake and say what it is; a file that can't be read as a whole comes back held."""
    feed = profile.feed_of(arrival.path.name)
    delimiter = profile.feeds[feed].delimiter if feed else ","
    receipt = receive(arrival, _made(settings.lake / "raw" / arrival.source), _made(settings.state / "work"), delimiter)
    file = _file_row(arrival, receipt, profile, feed, run_id)
    if (why := profile.ignored_because(arrival.path.name)) and not feed:
        return Candidate(arrival, replace(file, state="ignored", reason=why), receipt, profile, (), None)
    try:
        header, context = _recognise(arrival, receipt, profile, feed, settings)
    except HeldError as error:
        return Candidate(arrival, replace(file, state="held", reason=f"{error.reason}: {error}"), receipt, profile, (), None)
    return Candidate(arrival, file, receipt, profile, header, context)


def _recognise(
    arrival: Arrival, receipt: Receipt, profile: Profile, feed: str | None, settings: Settings
) -> tuple[tuple[str, ...], Context]:
    if feed is None:
        patterns = ", ".join(pattern for mapping in profile.feeds.values() for pattern in mapping.files)
        raise HeldError(
            "unknown_file",
            f"no feed of profile '{profile.name}' takes a file of this name; expected one of {patterns}. "
            f"Rename it, or set sources.{arrival.source}.profile in regulars.yaml",
        )
    if receipt.damage:
        raise receipt.damage
    mapping = profile.feeds[feed]
    header = header_of(receipt.text, mapping.delimiter)
    if missing := mapping.missing(feed, header):
        wanted = "; ".join(f"{column} (looked for {' or '.join(map(repr, names))})" for column, names in missing.items())
        raise HeldError("missing_column", f"feed '{feed}' needs {wanted}; the file has {', '.join(header)}")
    source = settings.source_of(arrival.source)
    currency = profile.currency or settings.currency
    if "currency" in {column.name for column in FEEDS[feed]} and "currency" not in mapping.locate(header) and currency != settings.currency:
        raise HeldError(
            "no_exchange_rate",
            f"amounts are in {currency}, the warehouse reports in {settings.currency}; set currency: {currency} in regulars.yaml",
        )
    zone = profile.time_zone or source.time_zone or settings.time_zone
    return header, Context(zone, currency, settings.currency, source.channel or arrival.source)


def _file_row(arrival: Arrival, receipt: Receipt, profile: Profile, feed: str | None, run_id: str) -> File:
    date = profile.feeds[feed].business_date(arrival.path.name) if feed else ""
    modified = datetime.fromtimestamp(arrival.sighting.modified_ns / 1e9, UTC)
    return File(
        file_id=receipt.file_id,
        source=arrival.source,
        file_name=arrival.name,
        sha256=receipt.sha256,
        size_bytes=arrival.sighting.size_bytes,
        delivered_at=modified.isoformat(timespec="seconds"),
        profile=profile.fingerprint,
        feed=feed,
        delivery_key=f"{date or '0000-00-00'} {arrival.name} {receipt.sha256[:16]}",
        state="live",
        run_id=run_id,
    )


def _settle_known(candidates: Iterable[Candidate], ledger: Ledger, summary: Landing) -> list[Candidate]:
    """What still has to be read: neither known content nor held or ignored as a whole."""
    fresh: dict[str, Candidate] = {}
    for candidate in candidates:
        file = candidate.file
        known = ledger.file(file.file_id)
        if file.file_id in fresh or (known and _is_settled(known, file)):
            with ledger.transaction():
                if known and known.state == "superseded" and known.file_name == file.file_name:
                    _make_live(known, ledger)
                    summary.live.append(known)
                else:
                    summary.already_loaded.append(f"{file.source}/{file.file_name}")
                ledger.saw(candidate.arrival.sighting, file.file_id)
        elif file.state == "live":
            fresh[file.file_id] = candidate
        else:
            with ledger.transaction():
                ledger.record(file)
                ledger.saw(candidate.arrival.sighting, file.file_id)
            summary.add(file)
    return list(fresh.values())


def _is_settled(known: File, file: File) -> bool:
    return known.state != "held" or known.profile == file.profile


def _make_live(file: File, ledger: Ledger) -> File:
    """Record the file as the content that counts under its name; what counted before is superseded."""
    before = ledger.live_version(file.source, file.file_name)
    if before and before.file_id != file.file_id:
        ledger.supersede(before.file_id)
        file = replace(file, replaces=before.file_id)
    file = replace(file, state="live")
    ledger.record(file)
    return file


def _batched(candidates: list[Candidate]) -> Iterator[Batch]:
    """Candidates that are read alike, together, as far as a batch goes."""
    alike: dict[tuple[object, ...], list[Candidate]] = {}
    for candidate in candidates:
        key = (candidate.file.source, candidate.file.feed, candidate.header, candidate.context, candidate.is_regular)
        alike.setdefault(key, []).append(candidate)
    for group in alike.values():
        for portion in _portions(group, BATCH_BYTES, BATCH_FILES, lambda candidate: candidate.receipt.census.size):
            yield Batch(tuple(portion), is_regular=portion[0].is_regular)


def _commit(outcome: Outcome, ledger: Ledger, summary: Landing) -> None:
    """One transaction per batch: its Parquet is durable by now, and from here on it counts."""
    os.sync()
    with ledger.transaction():
        for candidate, file in outcome.files:
            if file.state == "live":
                file = _make_live(file, ledger)
            else:
                ledger.record(file)
            ledger.saw(candidate.arrival.sighting, file.file_id)
            summary.add(file)


def _remove_leftovers(settings: Settings, ledger: Ledger) -> None:
    """What killed runs left: Parquet of batches that the ledger never came to speak of, and files half written."""
    known = ledger.batches() | {batches.EMPTY}
    for folder in (settings.lake / "clean", settings.quarantine):
        for path in (*folder.glob("*/*.parquet"), *folder.glob("*/*.csv")):
            if path.stem.split("-")[0] not in known:
                path.unlink()
    for path in (settings.lake / "raw").glob("*/.*.tmp"):
        path.unlink()
    for folder in settings.lake.iterdir():
        if folder.name != "raw":  # as many files as were ever delivered, none of them written this way
            remove_partials(folder)
    _clear(settings.state / "work")


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
