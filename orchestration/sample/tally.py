"""What was written, counted on the way: the totals that the pipeline must publish, in rows and in whole cents."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orchestration.sample import events
from orchestration.sample.basket import Basket
from orchestration.sample.events import has
from orchestration.sample.people import SOURCES

Place = str
"""``inbox``, or ``later`` for what comes after it."""

Measure = tuple[Place, str, str, str]
"""Where it is delivered, source, feed, and what is counted."""


@dataclass
class Tally:
    """Sums of everything written so far. Names that end in ``_cents`` are money."""

    counts: Counter[Measure] = field(default_factory=Counter)

    def add(self, place: Place, source: str, feed: str, **measures: int) -> None:
        for name, value in measures.items():
            self.counts[place, source, feed, name] += int(value)

    def merge(self, other: "Tally") -> None:
        self.counts.update(other.counts)  # Counter.update adds, and keeps sums below zero

    def total(self, place: Place, feed: str | None, name: str, source: str | None = None) -> int:
        """Sum over sources, and over feeds, where none is named."""
        return sum(
            value
            for (at, of, kind, measure), value in self.counts.items()
            if (at, measure) == (place, name) and feed in (None, kind) and source in (None, of)
        )


class Money:
    """Grain: one element per person. Money of counted orders, each in its version as of the end, in cents."""

    def __init__(self, people: int) -> None:
        self.gross = np.zeros(people, np.int64)
        self.discount = np.zeros(people, np.int64)
        self.refund = np.zeros(people, np.int64)

    def add(self, spent: "Spent") -> None:
        np.add.at(self.gross, spent.person, spent.gross)
        np.add.at(self.discount, spent.person, spent.discount)
        np.add.at(self.refund, spent.person, spent.refund)


@dataclass(frozen=True)
class Spent:
    """Grain: one element per order that counts for a person."""

    person: NDArray[np.int64]
    gross: NDArray[np.int64]
    discount: NDArray[np.int64]
    refund: NDArray[np.int64]


def account_for(orders: NDArray[np.void], basket: Basket, source: int, end: int) -> tuple[Tally, Spent]:
    """Count the orders and their lines: as delivered, and once per order in its latest version.

    Of an order's money, gross is what its lines cost, and a negative quantity is a refund.
    """
    flags, tally = orders["flags"], Tally()
    is_inbox = orders["delivered"] < end
    is_latest = is_inbox & ~has(flags, events.SUPERSEDED)
    is_latest_after = ~has(flags, events.SUPERSEDED) & ~has(flags, events.SUPERSEDED_LATER)
    name = SOURCES[source]

    def per_order(cents: NDArray[np.int64]) -> NDArray[np.int64]:
        passed = np.concatenate([[0], np.cumsum(cents)])
        edges = np.searchsorted(basket.order, np.arange(len(orders) + 1))
        return np.asarray(passed[edges[1:]] - passed[edges[:-1]], np.int64)

    amount = basket.amount
    delivered, lines = per_order(amount), np.bincount(basket.order, minlength=len(orders))
    gross, discount = per_order(np.maximum(amount, 0)), per_order(basket.discount)
    refund, shipping = per_order(basket.refund + np.maximum(-amount, 0)), per_order(basket.shipping)
    for place, chosen in (("inbox", is_inbox), ("later", ~is_inbox)):
        tally.add(place, name, "orders", clean_cents=delivered[chosen].sum())
    for place, chosen in (("inbox", is_latest), ("later", is_latest_after)):
        found = {"latest_orders": chosen.sum(), "latest_rows": lines[chosen].sum(), "latest_cents": delivered[chosen].sum()}
        tally.add(place, name, "orders", **found)
    counts = is_latest & events.is_counted(flags)
    known = counts & ~has(flags, events.GUEST)
    for whose, chosen in (("identified", known), ("unidentified", counts & ~known)):
        sums = {"gross": gross, "discount": discount, "refund": refund, "shipping": shipping, "net": gross - discount - refund}
        tally.add("inbox", name, "orders", **{f"{whose}_{kind}_cents": cents[chosen].sum() for kind, cents in sums.items()})
        tally.add("inbox", name, "orders", **{f"{whose}_purchases": (gross[chosen] > 0).sum()})
    person = orders["person"].astype(np.int64)
    return tally, Spent(person[known], gross[known], discount[known], refund[known])
