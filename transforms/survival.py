"""How long until something happens, estimated from those to whom it has happened and those who still wait (censored).

The product-limit estimate of Kaplan & Meier, "Nonparametric estimation from incomplete observations", JASA 53 (1958).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Curve:
    """``days``: the days on which it happened to somebody, ascending. ``happened``: estimated share to whom it has happened by then."""

    days: tuple[int, ...]
    happened: tuple[float, ...]

    def days_until(self, share: float) -> int | None:
        """The day by which ``share`` of all cases that the curve expects have happened; None where it happened to nobody.

        What would happen later than the longest wait on record is not expected: the data say nothing about it.
        """
        if not self.days:
            return None
        reached = np.asarray(self.happened) >= share * self.happened[-1] * (1 - 1e-12)
        return self.days[int(np.argmax(reached))]


def kaplan_meier(waits: pl.DataFrame) -> Curve:
    """The curve of ``waits``: one row per distinct wait, with ``days`` (0 or more), ``happened`` (customers to whom it happened on that
    day) and ``waiting`` (customers who had waited so long when they were last seen, to whom it had not happened)."""
    by_day = waits.sort("days")
    days, happened, waiting = (by_day[name].cast(pl.Float64).to_numpy() for name in ("days", "happened", "waiting"))
    leaving = happened + waiting
    at_risk = leaving.sum() - np.concatenate([[0.0], np.cumsum(leaving)[:-1]]) if len(leaving) else leaving
    events = happened > 0
    remaining = np.cumprod(1 - happened[events] / at_risk[events])
    return Curve(tuple(int(day) for day in days[events]), tuple(float(share) for share in 1 - remaining))
