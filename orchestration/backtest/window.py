"""The days of a backtest: the cut, up to which everything is known, and the horizon after it, which is hidden and then looked at."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from orchestration.errors import RegularsError
from orchestration.publication import current
from orchestration.settings import Settings

LONGEST_HORIZON = 3650


@dataclass(frozen=True)
class Window:
    """``published_as_of``: the day of the publication that tells what happened."""

    cut: date
    horizon_days: int
    published_as_of: date

    @property
    def end(self) -> date:
        """The last day of the horizon."""
        return self.cut + timedelta(days=self.horizon_days)

    def folder(self, settings: Settings) -> Path:
        return settings.home / "backtests" / f"{self.cut.isoformat()}_{self.horizon_days}"


def window(settings: Settings, cut: str, horizon_days: int) -> Window:
    """The window asked for. Raises ``RegularsError`` where what is published does not reach to its end, or nothing is."""
    published = current(settings.home)
    if not published:
        raise RegularsError("Nothing is published yet, so nobody knows what happened.", do="run `regulars run` first")
    if not 1 <= horizon_days <= LONGEST_HORIZON:
        raise RegularsError(f"A horizon of {horizon_days} days can't be looked at.", expected=f"1 to {LONGEST_HORIZON}")
    try:
        day = date.fromisoformat(cut)
    except ValueError:
        raise RegularsError(f"'{cut}' is not a day.", expected="an ISO date such as 2026-07-31", do="correct --cut") from None
    asked = Window(day, horizon_days, date.fromisoformat(published["as_of"]))
    if asked.end > asked.published_as_of:
        latest = asked.published_as_of - timedelta(days=horizon_days)
        raise RegularsError(
            f"{horizon_days} days after {asked.cut} end on {asked.end}, and what is published ends on {asked.published_as_of}.",
            do=f"cut on {latest} or earlier, or look at fewer days",
        )
    return asked
