"""Local time of a dump's zone → UTC, as SQL: the zone's few changes of the clocks as steps, instead of a calendar library per row."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from orchestration.dumps.steps import stepwise
from orchestration.sql import quoted

FIRST, LAST = datetime(1989, 12, 1), datetime(2100, 2, 1)
"""Clocks are looked up between these days; rows outside of them are refused by their date anyway."""

SkippedHour = Literal["refuse", "forward"]
RepeatedHour = Literal["earlier", "later", "refuse"]


@dataclass(frozen=True)
class Change:
    """A change of the clocks: the UTC instant, and the zone's distance from UTC before and after."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def is_forward(self) -> bool:
        return self.after > self.before

    @property
    def touched(self) -> tuple[datetime, datetime]:
        """Local times from, up to but without, that did not exist (forward) or came twice (back)."""
        return self.at + min(self.before, self.after), self.at + max(self.before, self.after)


@lru_cache
def changes(zone: str) -> tuple[Change, ...]:
    """Every change of the zone's distance from UTC between ``FIRST`` and ``LAST``."""
    return tuple(_changes(ZoneInfo(zone)))


def _changes(zone: ZoneInfo) -> Iterator[Change]:
    step, now = timedelta(days=5), FIRST
    while now < LAST:
        before, after = _offset(zone, now), _offset(zone, now + step)
        if before != after:
            low, high = now, now + step
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            yield Change(high, before, after)
        now += step


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()


def to_utc(local: str, zone: str, skipped: SkippedHour, repeated: RepeatedHour) -> str:
    """SQL of the UTC timestamp of a local one; null where the policies refuse it."""
    steps = [("", _microseconds(_offset(ZoneInfo(zone), FIRST)))]
    for change in changes(zone):
        start, end = change.touched
        kept = {"refuse": None, "forward": change.before, "earlier": change.before, "later": change.after}[
            skipped if change.is_forward else repeated
        ]
        steps += [(_literal(start), _microseconds(kept)), (_literal(end), _microseconds(change.after))]
    if steps == [("", "0")]:
        return local
    return f"make_timestamp(epoch_us({local}) - {stepwise(local, steps)})"


def is_touched(local: str, zone: str, forward: bool) -> str:
    """SQL: whether a local timestamp was skipped (``forward``) or came twice."""
    steps = [("", "false")]
    for change in changes(zone):
        if change.is_forward == forward:
            start, end = change.touched
            steps += [(_literal(start), "true"), (_literal(end), "false")]
    return stepwise(local, steps)


def _literal(moment: datetime) -> str:
    return f"timestamp {quoted(moment.isoformat(sep=' '))}"


def _microseconds(offset: timedelta | None) -> str:
    return "null" if offset is None else str(offset // timedelta(microseconds=1))
