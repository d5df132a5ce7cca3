"""When people buy: the weight of each day and hour, and the passage from a customer's own time to the calendar.

Purchases are drawn in operational time, in which a customer's rate is constant, and then moved to the calendar
through the cumulated weights of the days. So the process per customer stays exact whatever the season.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

DAY = 86_400

SPRING_FESTIVAL = {
    year: date.fromisoformat(f"{year}-{day}")
    for year, day in {
        2018: "02-16", 2019: "02-05", 2020: "01-25", 2021: "02-12", 2022: "02-01", 2023: "01-22", 2024: "02-10", 2025: "01-29",
        2026: "02-17", 2027: "02-06", 2028: "01-26", 2029: "02-13", 2030: "02-03", 2031: "01-23", 2032: "02-11", 2033: "01-31",
    }.items()
}  # fmt: skip
"""First day of the lunar year. Years that are not listed have no festival."""

SALES = {(11, 11): 5.0, (11, 10): 2.2, (6, 18): 3.6, (6, 17): 1.8, (12, 12): 2.4}
"""Month and day of the big sales → weight of the day."""

_WEEKDAYS = (0.92, 0.92, 0.95, 0.97, 1.05, 1.18, 1.12)
_HOURS = (1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 4, 5, 5.5, 6, 5.5, 4.5, 4.5, 4.5, 5, 5.5, 6.5, 8, 8.5, 6, 3)
_GROWTH = 1.5
"""At the end of the period this much more new customers come per day than at its start, as a share of the start."""


def day_weight(day: date) -> float:
    """How many times an ordinary day's purchases the day sees."""
    weight = _WEEKDAYS[day.weekday()] * SALES.get((day.month, day.day), 1.25 if day.month == 11 and day.day < 11 else 1.0)
    if festival := SPRING_FESTIVAL.get(day.year):
        distance = (day - festival).days
        weight *= 1.5 if -20 <= distance < -2 else 0.4 if -2 <= distance <= 6 else 1.0
    return weight


@dataclass(frozen=True)
class Season:
    """``days`` days from ``start`` on; moments are whole seconds since midnight of ``start``, local time."""

    start: date
    days: int

    @cached_property
    def _weights(self) -> NDArray[np.float64]:
        return np.array([day_weight(self.start + timedelta(days=number)) for number in range(self.days)])

    @cached_property
    def _operational(self) -> NDArray[np.float64]:
        """Operational time at each midnight; over the whole period it runs as far as the calendar."""
        passed = np.concatenate([[0.0], np.cumsum(self._weights)])
        return np.asarray(passed * (self.days / passed[-1]), np.float64)

    @cached_property
    def is_sale(self) -> NDArray[np.bool_]:
        """Per day: whether one of the big sales is on."""
        days = [self.start + timedelta(days=number) for number in range(self.days)]
        return np.array([(day.month, day.day) in SALES for day in days])

    def arrivals(self, chance: NDArray[np.float64], days: int) -> NDArray[np.float64]:
        """Operational times of first purchases within the first ``days`` days: seasonal, and more of them each month."""
        density = self._weights[:days] * (1 + _GROWTH * np.arange(days) / days)
        passed = np.concatenate([[0.0], np.cumsum(density)])
        return np.interp(np.interp(chance, passed / passed[-1], np.arange(days + 1)), np.arange(self.days + 1), self._operational)

    def moments(self, operational: NDArray[np.float64]) -> NDArray[np.int64]:
        """Operational times → moments, most of them at the hours when people shop."""
        calendar = np.interp(operational, self._operational, np.arange(self.days + 1))
        day = np.minimum(calendar.astype(np.int64), self.days - 1)
        hours = np.concatenate([[0.0], np.cumsum(_HOURS)])
        second = np.interp(calendar - day, hours / hours[-1], np.arange(25) * 3600.0)
        return np.asarray(day * DAY + np.minimum(second.astype(np.int64), DAY - 1), np.int64)

    def date(self, day: int) -> date:
        return self.start + timedelta(days=day)

    def text(self, moments: NDArray[np.int64]) -> pl.Series:
        """Moments as ``YYYY-MM-DD HH:MM:SS``."""
        day, second = np.divmod(moments, DAY)
        parts = pl.DataFrame({"day": self._day_texts.gather(day), "clock": _clock_texts().gather(second)})
        return parts.select(pl.concat_str("day", "clock")).to_series()

    @cached_property
    def _day_texts(self) -> pl.Series:
        return pl.Series([self.date(number).isoformat() for number in range(self.days)])


@cache
def _clock_texts() -> pl.Series:
    return pl.Series([f" {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in range(DAY)])
