"""How people buy and leave: purchase rate and drop-out drawn per person, purchases followed until they end.

The process is the one BG/NBD assumes (Fader, Hardie & Lee 2005), with a drop-out also after the first purchase (MBG/NBD,
Batislam et al. 2007): while a person is a customer, purchases come at the person's own rate; after each one the person
leaves for good with the person's own probability. What attitude does to it is the other way round: who leaves has rated badly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestration.sample import draws, events
from orchestration.sample.events import ORDER, REVIEW
from orchestration.sample.people import MAX_PEOPLE, People
from orchestration.sample.season import DAY, Season

CHUNK = 65_536
"""People simulated together. A chunk's draws depend on the seed, the chunk's number and how many people are in it."""

RATE_SHAPE, RATE_MEAN = 0.9, 1 / 42
"""Gamma distribution of the purchase rate, purchases a day."""
DROP_OUT_A, DROP_OUT_B = 0.9, 3.8
"""Beta distribution of the probability to leave after a purchase."""

PROSPECTS = 0.02
"""Share of people who signed up and never bought."""
GUESTS = 0.13
"""Orders of nobody known, per order of a known person."""
ANGRY = 0.3
"""Share of people who don't leave silently: if they had bought often, they rate badly first."""
OFTEN = 3
MAX_PURCHASES = (1 << events.NTH_BITS) - 1

_STARS_STAYING = draws.wheel((3, 4, 10, 28, 55))
_STARS_LEAVING = draws.wheel((20, 15, 20, 20, 25))


@dataclass(frozen=True)
class World:
    """``days``: of the period; one further day is simulated, for the delivery after it. Moments count from ``season.start``."""

    seed: int
    customers: int
    days: int
    season: Season

    def __post_init__(self) -> None:
        if not 1 <= self.customers < MAX_PEOPLE:
            raise ValueError(f"customers = {self.customers:,}, expected 1 to {MAX_PEOPLE - 1:,}")

    @property
    def end(self) -> int:
        """The first moment after the period."""
        return self.days * DAY

    @property
    def horizon(self) -> int:
        return self.season.days * DAY

    @property
    def chunks(self) -> int:
        return -(-self.customers // CHUNK)


@dataclass(frozen=True)
class Truth:
    """Grain: one element per person of a chunk, as of the end of the period. Moments are -1 where nothing happened."""

    numbers: NDArray[np.uint64]
    rate: NDArray[np.float64]
    drop_out: NDArray[np.float64]
    signed_up: NDArray[np.int64]
    dropped_out: NDArray[np.int64]
    first_purchase: NDArray[np.int64]
    last_purchase: NDArray[np.int64]
    purchases: NDArray[np.int64]
    is_angry: NDArray[np.bool_]
    is_prospect: NDArray[np.bool_]


@dataclass(frozen=True)
class Complaints:
    """Grain: one element per ticket. ``closed`` is -1 while open; ``topic`` is a number."""

    key: NDArray[np.uint64]
    person: NDArray[np.uint64]
    flags: NDArray[np.uint32]
    opened: NDArray[np.int64]
    closed: NDArray[np.int64]
    topic: NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    people: People
    truth: Truth
    orders: NDArray[np.void]
    reviews: NDArray[np.void]
    complaints: Complaints


@dataclass(frozen=True)
class _Visits:
    """Grain: one element per purchase occasion. ``person`` counts within the chunk, ``left`` says how many more came."""

    person: NDArray[np.int64]
    nth: NDArray[np.int64]
    moment: NDArray[np.int64]
    is_last: NDArray[np.bool_]
    left: NDArray[np.int64]


@dataclass(frozen=True)
class _Drawn:
    """Grain: one element per person of a chunk. ``arrival``: operational time of the first purchase."""

    rate: NDArray[np.float64]
    drop_out: NDArray[np.float64]
    arrival: NDArray[np.float64]
    is_angry: NDArray[np.bool_]
    is_prospect: NDArray[np.bool_]


def simulate(world: World, number: int) -> Chunk:
    """Everything that the people of one chunk do up to the end of the further day."""
    rng = draws.generator(world.seed, "buying", number)
    low = number * CHUNK
    people = People(world.seed, np.arange(low, min(low + CHUNK, world.customers), dtype=np.uint64))
    count = len(people.numbers)
    rate = rng.gamma(RATE_SHAPE, RATE_MEAN / RATE_SHAPE, count)
    drop_out = rng.beta(DROP_OUT_A, DROP_OUT_B, count)
    arrival = world.season.arrivals(rng.random(count), world.days)
    is_prospect = rng.random(count) < PROSPECTS
    is_angry = rng.random(count) < ANGRY
    drawn = _Drawn(rate, drop_out, arrival, is_angry, is_prospect)
    visits = _visits(rng, world, drawn)
    orders = _orders(rng, world, people, visits)
    truth = _truth(rng, world, people, drawn, visits, orders)
    reviews, rating = _reviews(rng, world, visits, orders, is_angry)
    complaints = _complaints(rng, world, visits, orders, rating)
    guests = _guest_orders(rng, world, number, len(orders))
    return Chunk(people, truth, _with_later_versions(rng, world, np.concatenate([orders, guests])), reviews, complaints)


def _visits(rng: np.random.Generator, world: World, drawn: _Drawn) -> _Visits:
    """One round per purchase: who is still there buys once more."""
    active = np.flatnonzero(~drawn.is_prospect)
    now = drawn.arrival[active]
    rounds = [(active[:0], active[:0], now[:0], np.zeros(0, bool))]
    while active.size and len(rounds) <= MAX_PURCHASES:
        leaves = rng.random(active.size) < drawn.drop_out[active]
        rounds.append((active, np.full(active.size, len(rounds) - 1), now, leaves))
        following = now + rng.exponential(1.0, active.size) / np.maximum(drawn.rate[active], 1e-12)
        stays = ~leaves & (following < world.season.days)
        active, now = active[stays], following[stays]
    persons, nths, moments, leaving = zip(*rounds, strict=True)
    person, nth = np.concatenate(persons), np.concatenate(nths)
    left = np.bincount(person, minlength=len(drawn.arrival))[person] - 1 - nth
    return _Visits(person, nth, world.season.moments(np.concatenate(moments)), np.concatenate(leaving), left)


def _orders(rng: np.random.Generator, world: World, people: People, visits: _Visits) -> NDArray[np.void]:
    """The first version of each order, delivered on the day it was made."""
    at = visits.person
    goes_online = people.has_online[at] & (~people.has_shops[at] | (rng.random(len(at)) < 0.55))
    second = goes_online & people.has_second_account[at] & (rng.random(len(at)) < 0.4)
    chance = rng.random(len(at))
    delivered = np.where(rng.random(len(at)) < 0.55, events.COMPLETED, np.where(rng.random(len(at)) < 0.5, events.SHIPPED, events.PAID))
    online = np.select([chance < 0.05, chance < 0.09], [events.CANCELLED, events.PENDING], delivered)
    shops = np.where(chance < 0.004, events.CANCELLED, events.COMPLETED)
    is_test = goes_online & (chance > 0.997)
    orders = np.zeros(len(at), ORDER)
    orders["key"] = (people.numbers[at] << np.uint64(events.NTH_BITS)) | visits.nth.astype(np.uint64)
    orders["person"] = people.numbers[at]
    orders["ordered"] = orders["delivered"] = visits.moment
    orders["flags"] = np.where(goes_online, online, shops)
    orders["flags"] |= (
        ~goes_online * np.uint32(events.SHOPS_BIT) | second * np.uint32(events.SECOND_ACCOUNT) | is_test * np.uint32(events.TEST)
    )
    return orders


def _guest_orders(rng: np.random.Generator, world: World, number: int, known_orders: int) -> NDArray[np.void]:
    """Orders without a customer, most of them in the shops."""
    count = rng.poisson(GUESTS * known_orders)
    orders = np.zeros(count, ORDER)
    orders["key"] = np.uint64(events.GUEST_KEY) | np.uint64(number << 20) | np.arange(count, dtype=np.uint64)
    orders["ordered"] = orders["delivered"] = world.season.moments(world.season.arrivals(rng.random(count), world.season.days))
    orders["flags"] = events.COMPLETED | events.GUEST | (rng.random(count) < 0.85) * events.SHOPS_BIT
    return orders


def _with_later_versions(rng: np.random.Generator, world: World, orders: NDArray[np.void]) -> NDArray[np.void]:
    """The orders, with refunds (the whole order again, online) and goods brought back (a receipt of its own, in the shops)."""
    flags, chance = orders["flags"], rng.random(len(orders))
    may_return = events.is_counted(flags) & ~events.has(flags, events.GUEST)
    is_shops = events.has(flags, events.SHOPS_BIT)
    days = 1 + np.where(rng.random(len(orders)) < 0.6, rng.exponential(5.0, len(orders)), rng.exponential(25.0, len(orders)))
    returned = orders["ordered"] + (days * DAY).astype(np.int64)
    comes = may_return & (chance < np.where(is_shops, 0.03, 0.055)) & (returned < world.horizon)
    is_full = rng.random(len(orders)) < 0.5

    refunded = comes & ~is_shops
    versions = orders[refunded].copy()
    versions["delivered"] = returned[refunded]
    kept = versions["flags"] & np.uint32(~events.STATUS & 0xFFFFFFFF)
    versions["flags"] = kept | np.where(is_full[refunded], events.FULL_REFUND, events.PART_REFUND) | events.REFUNDED
    orders["flags"][refunded] |= np.where(returned[refunded] < world.end, events.SUPERSEDED, events.SUPERSEDED_LATER).astype(np.uint32)

    brought = comes & is_shops
    receipts = orders[brought].copy()
    receipts["key"] |= np.uint64(events.RETURN_KEY)
    receipts["ordered"] = receipts["delivered"] = returned[brought]
    receipts["flags"] |= np.uint32(events.RETURN)
    orders["flags"][brought] |= np.uint32(events.BROUGHT_BACK)
    return np.concatenate([orders, versions, receipts])


def _truth(rng: np.random.Generator, world: World, people: People, drawn: _Drawn, visits: _Visits, orders: NDArray[np.void]) -> Truth:
    count = len(people.numbers)
    is_past = visits.moment < world.end
    bought = is_past & events.is_counted(orders["flags"])
    first, last, dropped = np.full(count, np.iinfo(np.int64).max), np.full(count, -1), np.full(count, -1)
    np.minimum.at(first, visits.person[bought], visits.moment[bought])
    np.maximum.at(last, visits.person[bought], visits.moment[bought])
    leaving = is_past & visits.is_last
    dropped[visits.person[leaving]] = visits.moment[leaving]
    signed_up = np.maximum(world.season.moments(drawn.arrival) - (rng.exponential(1.0, count) * DAY).astype(np.int64), 0)
    purchases = np.bincount(visits.person[bought], minlength=count)
    first[last < 0] = -1
    is_angry, is_prospect = drawn.is_angry, drawn.is_prospect
    return Truth(people.numbers, drawn.rate, drawn.drop_out, signed_up, dropped, first, last, purchases, is_angry, is_prospect)


def _reviews(
    rng: np.random.Generator, world: World, visits: _Visits, orders: NDArray[np.void], is_angry: NDArray[np.bool_]
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """The reviews, and per order the stars that its buyer has in mind, whether or not a review is written."""
    flags, count = orders["flags"], len(orders)
    leaves = visits.is_last
    mind = rng.integers(0, 1 << 12, count, dtype=np.uint64)
    stars = np.where(leaves, draws.turn(_STARS_LEAVING, mind), draws.turn(_STARS_STAYING, mind)).astype(np.int64) + 1
    will_leave = np.zeros(len(is_angry), bool)
    will_leave[visits.person[leaves]] = True
    speaks = will_leave[visits.person] & is_angry[visits.person] & (visits.left <= 1) & (visits.nth + visits.left + 1 >= OFTEN)
    stars = np.where(speaks & (rng.random(count) < 0.8), 1 + (rng.random(count) < 0.4), stars)
    share = np.where(speaks, 0.6, np.where(events.has(flags, events.SHOPS_BIT), 0.05, 0.2))
    created = visits.moment + ((1.5 + rng.exponential(5.0, count)) * DAY).astype(np.int64)
    written = events.is_counted(flags) & (rng.random(count) < share) & (created < world.horizon)
    reviews = np.zeros(int(written.sum()), REVIEW)
    for field in ("key", "person", "flags"):
        reviews[field] = orders[field][written]
    reviews["created"], reviews["rating"] = created[written], stars[written]
    return reviews, stars


def _complaints(rng: np.random.Generator, world: World, visits: _Visits, orders: NDArray[np.void], stars: NDArray[np.int64]) -> Complaints:
    """Tickets opened by the end of the period: by some of those who are not content, and now and then by others."""
    count = len(orders)
    opened = visits.moment + ((0.5 + rng.exponential(4.0, count)) * DAY).astype(np.int64)
    asks = events.is_counted(orders["flags"]) & (rng.random(count) < np.where(stars <= 2, 0.3, 0.006)) & (opened < world.end)
    closed = opened + ((0.2 + rng.exponential(3.0, count)) * DAY).astype(np.int64)
    closed = np.where((closed < world.end) & (rng.random(count) < 0.93), closed, -1)
    topic = rng.integers(0, 6, count)
    person = orders["person"].astype(np.uint64)
    return Complaints(orders["key"][asks], person[asks], orders["flags"][asks], opened[asks], closed[asks], topic[asks])
