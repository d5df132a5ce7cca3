"""The order of work: simulate chunk by chunk, keep what happened in a spool, then write window by window.

Memory holds a few chunks or one window at a time, and a few numbers per customer, whatever the size of the sample.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from orchestration.sample import basket, events, order_files, planting, profile_feeds, review_files, truth
from orchestration.sample.buying import Chunk, World, simulate
from orchestration.sample.events import ORDER, REVIEW, Spool, has
from orchestration.sample.outbox import Delivered, Outbox
from orchestration.sample.people import SOURCES
from orchestration.sample.season import DAY
from orchestration.sample.tally import Money, Spent, account_for

Progress = Callable[[str, float], None]
Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 2
AHEAD = 2
"""Pieces of work that wait or are done ahead of the one that is taken next."""

_SIMULATED, _ORDERS_WRITTEN = 0.2, 0.9
"""Shares of the whole that are done when all has been simulated, and when the order files stand."""


def _in_order(pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Results in the order of the items, with only a few of either in memory."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@dataclass
class Sampler:
    """The state of one sample being written."""

    world: World
    work: Path
    report: Progress
    delivered: Delivered = field(default_factory=Delivered)

    def __post_init__(self) -> None:
        self.orders = Spool(self.work / "spool", "orders", ORDER, "delivered")
        self.reviews = Spool(self.work / "spool", "reviews", REVIEW, "created")
        self.money = Money(self.world.customers)
        self.lines_per_day = np.zeros((len(SOURCES), self.world.season.days), np.int64)
        self.reviews_per_day = np.zeros((len(SOURCES), self.world.season.days), np.int64)
        inbox, later = self.work / "inbox", self.work / "truth" / "later"
        self.outbox = Outbox(inbox, later, self.world.seed, self.world.season, self.world.days, planting.Plan())

    def write(self, arguments: dict[str, Any], faults: bool) -> Delivered:
        """Write inbox and truth below ``work``, and say what was written."""
        with ThreadPoolExecutor(THREADS) as pool:
            parts = self._simulate(pool, faults)
            if faults:
                self.outbox = replace(self.outbox, plan=planting.plan(self.world.seed, self._rows()))
            self._write_orders(pool)
            self._write_reviews(pool)
        self.report("truth", 0.97)
        folder = self.work / "truth"
        truth.write_people(parts, self.money, folder / "customers.parquet")
        truth.write_faults(self.delivered.faults, folder / "faults.parquet")
        truth.write_totals(truth.totals(self.delivered.tally, self.world, arguments), folder / "totals.json")
        return self.delivered

    def _simulate(self, pool: ThreadPoolExecutor, faults: bool) -> list[Path]:
        """Spool what happens, write the feeds about customers, and keep the truth about each person."""
        parts = []
        for number, (chunk, lines, feeds) in enumerate(_in_order(pool, self._chunk, range(self.world.chunks))):
            self.orders.add(chunk.orders)
            self.reviews.add(chunk.reviews)
            self._count_days(self.lines_per_day, chunk.orders, "delivered", lines)
            self._count_days(self.reviews_per_day, chunk.reviews, "created", None)
            for (feed, source), (text, rows) in feeds.items():
                if faults and feed == "customers" and number == 0:
                    text = self.outbox.with_oddities(self.delivered, source, text, rows)
                with (self.work / "inbox" / SOURCES[source] / f"{feed}.csv").open("ab") as file:
                    file.write(text)
                is_new = number == 0
                self.delivered.tally.add("inbox", SOURCES[source], feed, rows_clean=rows, bytes=len(text), files=is_new, files_live=is_new)
            parts.append(self.work / "spool" / f"people-{number:04d}.parquet")
            truth.people_frame(self.world, chunk).write_parquet(parts[-1])
            self.report("customers", _SIMULATED * (number + 1) / self.world.chunks)
        return parts

    def _count_days(self, per_day: NDArray[np.int64], happened: NDArray[np.void], moment: str, weights: NDArray[np.int64] | None) -> None:
        place = has(happened["flags"], events.SHOPS_BIT) * self.world.season.days + happened[moment] // DAY
        per_day += np.bincount(place, weights, per_day.size).astype(np.int64).reshape(per_day.shape)

    def _chunk(self, number: int) -> tuple[Chunk, NDArray[np.int64], dict[tuple[str, int], tuple[bytes, int]]]:
        chunk = simulate(self.world, number)
        return chunk, basket.lines_count(self.world.seed, chunk.orders), profile_feeds.texts(self.world, chunk, with_header=number == 0)

    @property
    def _is_rare(self) -> bool:
        return int(self.reviews_per_day[:, : self.world.days].sum()) < review_files.RARE * self.world.days

    def _rows(self) -> dict[planting.DayFile, int]:
        """Rows of every day's file of the period."""
        found: Counter[planting.DayFile] = Counter()
        days = np.arange(self.world.days)
        for feed, per_day in (("orders", self.lines_per_day), ("reviews", self.reviews_per_day)):
            delivered = review_files.delivery_day(days, self.world.days) if feed == "reviews" and self._is_rare else days
            for source, day in np.argwhere(per_day[:, : self.world.days]).tolist():
                found[source, feed, int(delivered[day])] += int(per_day[source, day])
        return found

    def _write_orders(self, pool: ThreadPoolExecutor) -> None:
        seed, season, written = self.world.seed, self.world.season, 0

        def write(source: int, orders: NDArray[np.void]) -> tuple[Delivered, Spent, int]:
            people = basket.people_of(seed, orders)
            lines = basket.fill(seed, season, orders, people)
            tally, spent = account_for(orders, lines, source, self.world.end)
            made = Delivered(tally)
            is_settled = events.is_settled(orders["flags"])
            for day, page, own in order_files.pages(seed, season, source, orders, people, lines):
                made.merge(self.outbox.deliver(source, "orders", day, page, own.stop - own.start, is_settled[lines.order[own]]))
            return made, spent, len(lines.order)

        portions = (
            (source, portion)
            for source in range(len(SOURCES))
            for spooled in self.orders.portions(source, season.days)
            for portion in order_files.days_together(seed, spooled)
        )
        for made, spent, count in _in_order(pool, lambda portion: write(*portion), portions):
            self.delivered.merge(made)
            self.money.add(spent)
            written += count
            self.report("orders", _SIMULATED + (_ORDERS_WRITTEN - _SIMULATED) * written / int(self.lines_per_day.sum()))

    def _write_reviews(self, pool: ThreadPoolExecutor) -> None:
        is_rare = self._is_rare

        def write(source: int, reviews: NDArray[np.void]) -> Delivered:
            made = Delivered()
            for day, page, own in review_files.pages(self.world.seed, self.world.season, source, reviews, self.world.days, is_rare):
                made.merge(self.outbox.deliver(source, "reviews", day, page, own.stop - own.start))
            return made

        portions = (
            (source, portion) for source in range(len(SOURCES)) for portion in self.reviews.portions(source, self.world.season.days)
        )
        for made in _in_order(pool, lambda portion: write(*portion), portions):
            self.delivered.merge(made)
        self.report("reviews", 0.96)
