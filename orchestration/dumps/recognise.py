"""What an arrival is: its feed and header, what it is held or ignored for, and, of an archive, what it holds."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from orchestration.dumps import gates, headings
from orchestration.dumps.candidates import Candidate, dated
from orchestration.dumps.casts import Context
from orchestration.dumps.completeness import Claim
from orchestration.dumps.failures import held_for, is_of_the_machine
from orchestration.dumps.held import HeldError, UnfinishedError
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.ledger import File
from orchestration.dumps.profiles import Profile
from orchestration.dumps.receive import Receipt, keep, receive
from orchestration.settings import Settings

RESOURCE_FILES = "it belongs to the system that packed the archive, and holds no rows"


@dataclass(frozen=True)
class Recogniser:
    """What recognising depends on besides the file itself."""

    settings: Settings
    profiles: dict[str, Profile]
    memory: gates.Memory
    run_id: str
    headers: dict[tuple[str, str, tuple[str, ...]], tuple[Context, tuple[str, ...]]] = field(
        default_factory=dict, init=False, compare=False
    )
    """Source, feed and header that passed their gate → context and new columns: a source's files are mostly alike."""

    def candidates(self, arrival: Arrival, claim: Claim | None, work: Path) -> list[Candidate]:
        """The file as a candidate, and those of an archive behind it. What can't be read as a whole comes back held.

        ``work``: folder for what is unpacked and converted. Raises ``UnfinishedError`` for a file that is being written, and what
        ``is_of_the_machine``; of any other error the file is held.
        """
        try:
            return self._candidates(arrival, claim, work)
        except UnfinishedError:
            raise
        except Exception as error:
            if is_of_the_machine(error):
                raise
            return [self._failed(arrival, error, work)]

    def _failed(self, arrival: Arrival, error: Exception, work: Path) -> Candidate:
        """The file with its bytes kept and nothing else done to them, held for that error."""
        profile = self.profiles[arrival.source]
        receipt = keep(arrival, self._raw_folder(arrival), work, None, is_unpacked=False)
        file = self._file_row(arrival, receipt, profile, _feed_of(arrival, profile))
        why = held_for(error, self.settings.reading_errors / f"{file.file_id}.log", self.settings.memory_limit)
        return Candidate(arrival, replace(file, state="held", reason=why.sentence), receipt, profile, (), None)

    def _raw_folder(self, arrival: Arrival) -> Path | None:
        """Where the file's bytes are kept; None where they are already."""
        return None if arrival.again or arrival.archive else _made(self.settings.lake / "raw" / arrival.source)

    def _candidates(self, arrival: Arrival, claim: Claim | None, work: Path) -> list[Candidate]:
        profile = self.profiles[arrival.source]
        feed = _feed_of(arrival, profile)
        encodings = {mapping.encoding for mapping in profile.feeds.values()}
        names_in = "gb18030" if encodings & {"gb18030", "gbk"} else None
        receipt = receive(arrival, self._raw_folder(arrival), work, profile.feeds[feed] if feed else None, names_in)
        file = self._file_row(arrival, receipt, profile, feed)
        held = Candidate(arrival, file, receipt, profile, (), None)
        if profile.fault:
            return [replace(held, file=replace(file, state="held", reason=HeldError("broken_profile", profile.fault).sentence))]
        if why := _resource_file(arrival) or (None if feed else _ignored_because(arrival, profile)):
            return [replace(held, file=replace(file, state="ignored", reason=why))]
        try:
            if receipt.members and not receipt.damage:
                gates.keeps_its_promise(None, receipt, claim)
                archive = replace(file, state="unpacked", kind="archive", feed=None)
                return [replace(held, file=archive), *self._members(arrival, receipt, work)]
            return [self._recognised(arrival, claim, receipt, file)]
        except HeldError as error:
            return [replace(held, file=replace(file, state="held", reason=error.sentence))]

    def _members(self, arrival: Arrival, receipt: Receipt, work: Path) -> Iterator[Candidate]:
        for member in receipt.members:
            stem = arrival.base_name.rsplit(".", 1)[0]
            within = Arrival(
                source=arrival.source,
                name=f"{arrival.name}/{member.name}",
                path=member.path,
                sighting=arrival.sighting,
                archive=receipt.content_id,
                archive_name=arrival.name,
                stands_for=f"{stem}{os.path.splitext(member.name)[1]}" if len(receipt.members) == 1 else None,
            )
            yield from self.candidates(within, None, work)

    def _recognised(self, arrival: Arrival, claim: Claim | None, receipt: Receipt, file: File) -> Candidate:
        source, profile, feed = self.settings.source_of(arrival.source), self.profiles[arrival.source], file.feed
        gates.keeps_its_promise(None, receipt, claim)
        if receipt.damage:
            raise receipt.damage
        if feed is None:
            raise _unknown(arrival, profile)
        mapping, is_released = profile.feeds[feed], bool(file.released)
        candidate = Candidate(arrival, file, receipt, profile, (), None)
        header = gates.header_of_file(candidate)
        candidate = replace(candidate, header=header)
        alike = (arrival.source, feed, header)
        if alike not in self.headers:
            gates.columns_are_there(candidate)
            fresh = gates.new_columns(mapping, header, arrival.source, feed, self.memory)
            self.headers[alike] = (self._context(arrival, profile), fresh)
        context, fresh = self.headers[alike]
        candidate = replace(candidate, context=context, file=replace(file, new_columns="\n".join(fresh) or None))
        gates.keeps_its_promise(candidate, receipt, claim)
        if not is_released:
            if receipt.converted.doubt:
                raise receipt.converted.doubt
            gates.columns_are_still_there(feed, mapping, header, profile.name, self.memory.always_there(arrival.source, feed))
            gates.has_rows(candidate, source)
            headings.refuse_blank_in_delimiter(candidate)
            gates.is_of_usual_volume(candidate, source, self.memory)
        return candidate

    def _context(self, arrival: Arrival, profile: Profile) -> Context:
        settings, source = self.settings, self.settings.source_of(arrival.source)
        zone = profile.time_zone or source.time_zone or settings.time_zone
        return Context(zone, profile.currency or settings.currency, settings.currency, source.channel or arrival.source)

    def _file_row(self, arrival: Arrival, receipt: Receipt, profile: Profile, feed: str | None) -> File:
        date = dated(profile.feeds[feed], arrival).dates.day if feed else ""
        modified = datetime.fromtimestamp(arrival.sighting.modified_ns / 1e9, UTC)
        return File(
            file_id=receipt.content_id,
            source=arrival.source,
            file_name=arrival.name,
            sha256=receipt.sha256,
            size_bytes=receipt.size_bytes,
            delivered_at=modified.isoformat(timespec="seconds"),
            profile=profile.fingerprint,
            profile_name=profile.name,
            profile_version=profile.version,
            feed=feed,
            delivery_key=f"{date or '0000-00-00'} {arrival.name} {receipt.sha256[:16]}",
            state="live",
            run_id=self.run_id,
            released=arrival.again.released if arrival.again else 0,
        )


def _feed_of(arrival: Arrival, profile: Profile) -> str | None:
    return next((feed for name in arrival.names() if (feed := profile.feed_of(name))), None)


def _resource_file(arrival: Arrival) -> str | None:
    return RESOURCE_FILES if arrival.archive and (arrival.base_name.startswith(".") or "/__MACOSX/" in arrival.name) else None


def _ignored_because(arrival: Arrival, profile: Profile) -> str | None:
    return next((why for name in arrival.names() if (why := profile.ignored_because(name))), None)


def _unknown(arrival: Arrival, profile: Profile) -> HeldError:
    patterns = ", ".join(mapping.files[0] for mapping in profile.feeds.values())
    return HeldError(
        "unknown_file",
        f"no feed of profile '{profile.name}' takes a file of this name; expected a name like {patterns}. "
        f"Rename it, or set sources.{arrival.source}.profile in regulars.yaml",
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
