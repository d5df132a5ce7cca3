"""A day's text becomes the files that are delivered for it, with what the plan says happens to them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestration.sample.faults import FileFault, RowFault
from orchestration.sample.people import SOURCES
from orchestration.sample.planting import Numbered, Plan, oddities, spoil
from orchestration.sample.redelivery import correct
from orchestration.sample.season import Season
from orchestration.sample.tally import Tally
from orchestration.sample.truth import FaultRow


@dataclass
class Delivered:
    """What was written: counts, and the faults with their places."""

    tally: Tally = field(default_factory=Tally)
    faults: list[FaultRow] = field(default_factory=list)

    def merge(self, other: "Delivered") -> None:
        self.tally.merge(other.tally)
        self.faults += other.faults


@dataclass(frozen=True)
class Outbox:
    """Folders to deliver to. Days from ``period`` on are not delivered yet: they go to ``later``."""

    inbox: Path
    later: Path
    seed: int
    season: Season
    period: int
    plan: Plan

    def deliver(self, source: int, feed: str, day: int, page: bytes, rows: int, is_settled: NDArray[np.bool_] | None = None) -> Delivered:
        """Write the files of one source, feed and day. ``is_settled``: per row, whether a correction of it would last."""
        made, key, date = Delivered(), (source, feed, day), self.season.date(day).isoformat()
        if day >= self.period:
            self._write(made, "later", source, feed, f"{feed}_{date}.csv", page, "files_live")
            made.tally.add("later", SOURCES[source], feed, rows_clean=rows)
            return made
        name = f"{feed}_{date}.csv"
        made.tally.add("inbox", SOURCES[source], feed, rows_clean=rows)
        if rows_faults := self.plan.rows.get(key):
            page = self._spoilt(made, source, feed, name, page, rows_faults)
        if key in self.plan.corrected and is_settled is not None:
            self._redeliver(made, source, feed, name, page, is_settled)
        fault = self.plan.files.get(key)
        if fault is None or fault.is_extra:
            self._write(made, "inbox", source, feed, name, page, "files_live")
        if fault is not None:
            self._write_faulty(made, source, feed, date, page, fault)
        return made

    def with_oddities(self, made: Delivered, source: int, page: bytes, rows: int) -> bytes:
        """The opening of a profile file, ``rows`` rows of it, with its oddities."""
        return self._spoilt(made, source, "customers", "customers.csv", page, oddities(rows))

    def _spoilt(self, made: Delivered, source: int, feed: str, name: str, page: bytes, faults: list[Numbered]) -> bytes:
        page, planted = spoil(page, faults, self.seed, f"{SOURCES[source]}/{name}")
        made.faults += [_listed(source, feed, name, row.line, row.numbered.fault) for row in planted]
        made.tally.add("inbox", SOURCES[source], feed, rows_quarantined=sum(row.numbered.fault.reason is not None for row in planted))
        return page

    def _write_faulty(self, made: Delivered, source: int, feed: str, date: str, page: bytes, fault: FileFault) -> None:
        name = fault.name.format(feed=feed, day=date)
        measure = {"held": "files_held", "no_op": "files_no_op"}.get(fault.outcome, "files_live")
        self._write(made, "inbox", source, feed, name, fault.make(page), measure)
        made.faults.append(_listed(source, feed, name, None, fault))

    def _redeliver(self, made: Delivered, source: int, feed: str, name: str, page: bytes, is_settled: NDArray[np.bool_]) -> None:
        again = correct(page, is_settled, source + 1)
        self._write(made, "redelivered", source, feed, name, again.page, "files_live")
        changes = {"orders_change": again.orders_change, "rows_change": again.rows_change, "cents_change": again.cents_change}
        made.tally.add("redelivered", SOURCES[source], feed, **changes)
        description = "the day once more: corrected quantities, an order taken out, an order put in"
        made.faults.append(FaultRow("later", SOURCES[source], feed, name, None, "redelivered_day", "replaced", None, description))

    def _write(self, made: Delivered, place: str, source: int, feed: str, name: str, content: bytes, measure: str) -> None:
        folder = self.inbox if place == "inbox" else self.later
        (folder / SOURCES[source] / name).write_bytes(content)
        made.tally.add(place, SOURCES[source], feed, files=1, bytes=len(content), **{measure: 1})


def _listed(source: int, feed: str, name: str, line: int | None, fault: RowFault | FileFault) -> FaultRow:
    return FaultRow("inbox", SOURCES[source], feed, name, line, fault.kind, fault.outcome, fault.reason, fault.description)
