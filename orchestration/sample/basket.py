"""What is in an order: its lines, drawn from the order's key, so that every version of it has the same ones. Money is in whole cents."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.sample import draws, events
from orchestration.sample.catalogue import CATEGORY_WHEEL, PER_CATEGORY, PRICES, PRODUCT_WHEEL
from orchestration.sample.people import People
from orchestration.sample.season import DAY, Season

_LINES = draws.wheel((40, 27, 15, 8, 4, 2.5, 1.5, 1, 0.6, 0.4))
_QUANTITIES = draws.wheel((76, 15, 4, 3, 0.5, 1.5))
_PERCENTS = np.array((5, 10, 15, 20, 30))
MAX_LINES = 16
FREE_SHIPPING_FROM = 99_00
SHIPPING = 8_00


@dataclass(frozen=True)
class Basket:
    """Grain: one element per order line, the lines of an order side by side. ``order``: place of the order; ``line`` counts from 1."""

    order: NDArray[np.int64]
    line: NDArray[np.int64]
    product: NDArray[np.int64]
    quantity: NDArray[np.int64]
    price: NDArray[np.int64]
    discount: NDArray[np.int64]
    shipping: NDArray[np.int64]
    refund: NDArray[np.int64]

    @property
    def amount(self) -> NDArray[np.int64]:
        """quantity × unit price, in cents."""
        return self.quantity * self.price


def _first_key(orders: NDArray[np.void]) -> NDArray[np.uint64]:
    """The key of the order whose goods these are: a return receipt's is that of the order it belongs to."""
    return orders["key"] & np.uint64(~events.RETURN_KEY & 0xFFFFFFFFFFFFFFFF)


def people_of(seed: int, orders: NDArray[np.void]) -> People:
    """The buyers; a guest is a person whom no number tells apart, so the order's key stands in."""
    is_guest = events.has(orders["flags"], events.GUEST)
    return People(seed, np.where(is_guest, _first_key(orders), orders["person"].astype(np.uint64)))


def lines_count(seed: int, orders: NDArray[np.void]) -> NDArray[np.int64]:
    """How many lines each order has, before any of them is drawn."""
    drawn = draws.turn(_LINES, draws.bits(seed, "lines", _first_key(orders))).astype(np.int64) + 1
    return np.where(events.has(orders["flags"], events.RETURN), 1, drawn)


def products(seed: int, key: draws.Bits, line: NDArray[np.int64], taste: NDArray[np.uint16]) -> tuple[NDArray[np.int64], draws.Bits]:
    """The product of each line, and the bits it was drawn with; more than half come from the buyer's favourite category."""
    drawn = draws.bits(seed, "product", key * np.uint64(MAX_LINES) + line.astype(np.uint64))
    is_favourite = (drawn & np.uint64(0xFF)) < 140
    category = np.where(is_favourite, taste, draws.turn(CATEGORY_WHEEL, drawn, 8))
    return category.astype(np.int64) * PER_CATEGORY + draws.turn(PRODUCT_WHEEL, drawn, 20), drawn


def fill(seed: int, season: Season, orders: NDArray[np.void], people: People) -> Basket:
    """The lines of the orders. ``people``: their buyers."""
    flags, key = orders["flags"], _first_key(orders)
    counts = lines_count(seed, orders)
    order = np.repeat(np.arange(len(orders)), counts)
    starts = np.cumsum(counts) - counts
    line = np.arange(len(order)) - starts[order] + 1
    product, drawn = products(seed, key[order], line, people.taste[order])
    quantity = draws.turn(_QUANTITIES, drawn, 40).astype(np.int64) + 1
    quantity *= np.where(events.has(flags, events.RETURN), -1, 1)[order]
    price = PRICES[product]
    amount = quantity * price
    discount = np.maximum(amount * _percent(seed, season, orders, people)[order] // 100, 0)
    paid = amount - discount
    shipping, refund = _shipping(flags, starts, paid), _refund(flags, order, starts, paid)
    return Basket(order, line, product, quantity, price, discount, shipping, refund)


def _percent(seed: int, season: Season, orders: NDArray[np.void], people: People) -> NDArray[np.int64]:
    """The discount of each order, in percent. Goods brought back were sold, and are taken back, at the full price."""
    flags = orders["flags"]
    chance = draws.unit(seed, "discount", _first_key(orders))
    share = 0.18 + 0.5 * season.is_sale[orders["ordered"] // DAY] + 0.25 * people.is_thrifty
    percent = _PERCENTS[(chance / share * len(_PERCENTS)).astype(np.int64) % len(_PERCENTS)]
    at_full_price = events.has(flags, events.RETURN) | events.has(flags, events.BROUGHT_BACK)
    return np.where((chance < share) & ~at_full_price, percent, 0)


def _shipping(flags: NDArray[np.uint32], starts: NDArray[np.int64], paid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Online, on the first line of a small order."""
    shipping = np.zeros(len(paid), np.int64)
    if len(starts):
        pays = ~events.has(flags, events.SHOPS_BIT) & (np.add.reduceat(paid, starts) < FREE_SHIPPING_FROM)
        shipping[starts[pays]] = SHIPPING
    return shipping


def _refund(flags: NDArray[np.uint32], order: NDArray[np.int64], starts: NDArray[np.int64], paid: NDArray[np.int64]) -> NDArray[np.int64]:
    """Full: what was paid for every line. Part: the first line, or half of it when it is the only one."""
    refund = np.where(events.has(flags, events.FULL_REFUND)[order], paid, 0)
    first = starts[(in_part := events.has(flags, events.PART_REFUND))]
    is_only = np.bincount(order, minlength=len(flags))[in_part] == 1
    refund[first] = np.where(is_only, paid[first] // 2, paid[first])
    return refund
