"""Order events become the text of daily order files, whole days at a time.

The columns of an order line are put together before they are written: neighbours that always stand together (all that
belongs to the order, all that belongs to the product) are one text. Polars then joins ten texts a line and not twenty-two,
and none of them needs a quote.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.sample import basket, catalogue, draws, events, names
from orchestration.sample.basket import Basket
from orchestration.sample.events import has
from orchestration.sample.pages import by_day, written
from orchestration.sample.people import SHOPS, People
from orchestration.sample.season import DAY, Season

COLUMNS = (
    "order_id", "order_line_id", "customer_id", "ordered_at", "paid_at", "status", "channel", "product_id", "product_name", "category",
    "quantity", "unit_price", "discount_amount", "shipping_amount", "tax_amount", "refund_amount", "refunded_at", "currency", "email",
    "phone", "city", "is_test",
)  # fmt: skip
HEADER = (",".join(COLUMNS) + "\n").encode()

BATCH_LINES = 200_000
"""Whole days are drawn and written together up to about this many lines."""

_CHANNELS = ("app", "mini_program", "web", "group_leader")
_CHANNEL_WHEEL = draws.wheel((45, 30, 18, 7))
_NUMBER_BITS = 40
_NUMBER_STEP = 0x9E3779B97F | 1  # odd, so that two orders never share a number
_MOST_CENTS = 1 << 20


def days_together(seed: int, orders: NDArray[np.void]) -> Iterator[NDArray[np.void]]:
    """Portions of sorted orders that end with a day."""
    lines = np.cumsum(basket.lines_count(seed, orders))
    day = orders["delivered"] // DAY
    ends = np.append(np.flatnonzero(np.diff(day)) + 1, len(orders))
    low, written = 0, 0
    for end, following in zip(ends, np.append(ends[1:], -1), strict=True):
        if following < 0 or lines[following - 1] - written > BATCH_LINES:
            yield orders[low:end]
            low, written = end, lines[end - 1]


def pages(
    seed: int, season: Season, source: int, orders: NDArray[np.void], people: People, lines: Basket
) -> Iterator[tuple[int, bytes, slice]]:
    """Per day: its number, the text of its file with the header, and which of the basket's lines are in it."""
    text = written(_frame(seed, season, source, orders, people, lines), header=False, is_plain=True)
    return by_day(HEADER, text, (orders["delivered"] // DAY).astype(np.int64)[lines.order])


def order_id(key: NDArray[np.uint64], source: int) -> pl.Series:
    """A number that tells nothing about who ordered when, behind the letter of the source."""
    number = key * np.uint64(_NUMBER_STEP) & np.uint64((1 << _NUMBER_BITS) - 1)
    digits = pl.DataFrame({"n": number + np.uint64(10**13)}).select(pl.col("n").cast(pl.String).str.slice(1))
    return digits.select(pl.concat_str(pl.lit("OS"[source]), "n")).to_series()


def _frame(seed: int, season: Season, source: int, orders: NDArray[np.void], people: People, lines: Basket) -> pl.DataFrame:
    """The lines as texts; written one after the other with commas between they have the columns of ``COLUMNS``."""
    heads = _order_texts(seed, season, source, orders, people)
    cents = _cents_texts()
    refunds = lines.refund > 0
    return pl.DataFrame(
        {
            "order_id": heads["order_id"].gather(lines.order),
            "order_line_id": lines.line,
            "upto_channel": heads["upto_channel"].gather(lines.order),
            "product": catalogue.LABELS.gather(lines.product),
            "quantity": lines.quantity,
            "unit_price": cents.gather(lines.price),
            "discount_amount": cents.gather(lines.discount),
            "shipping_and_tax": _shipping_texts().gather((lines.shipping > 0).astype(np.int64)),
            "refund_amount": cents.gather(np.where(refunds, lines.refund, _MOST_CENTS)),
            "refunded_to_test": heads["refunded_to_test"].gather(lines.order * 2 + refunds),
        }
    )


def _order_texts(seed: int, season: Season, source: int, orders: NDArray[np.void], people: People) -> dict[str, pl.Series]:
    """Texts per order. Those behind the refund amount come twice: for lines without and with a refund."""
    flags = orders["flags"]
    ordered = orders["ordered"].astype(np.int64)
    known = ~has(flags, events.GUEST)
    bits = draws.bits(seed, "order", orders["key"])
    if source == SHOPS:
        channel = pl.Series(["shop"]).gather(np.zeros(len(orders), np.int64))
    else:
        channel = pl.Series(_CHANNELS).gather(draws.turn(_CHANNEL_WHEEL, bits))
    table = pl.DataFrame(
        {
            "order_id": order_id(orders["key"], source),
            "customer_id": people.account_id(source, has(flags, events.SECOND_ACCOUNT)),
            "ordered_at": season.text(ordered),
            "paid_at": season.text(_paid(bits, source, ordered)),
            "is_paid": _is_paid(bits, flags),
            "status": pl.Series(events.STATUSES).gather(events.status(flags)),
            "channel": channel,
            "refunded_at": season.text(orders["delivered"].astype(np.int64)),
            "email": people.email(),
            "phone": people.phone(source),
            "city": pl.Series(names.CITIES).gather(people.city),
            "is_test": has(flags, events.TEST),
            "knows_email": known & (source != SHOPS),
            "knows_phone": known & ~has(flags, events.SECOND_ACCOUNT),
            "known": known,
        }
    )
    filled = {
        column: pl.when(condition).then(column).fill_null("")
        for column, condition in {"customer_id": "known", "paid_at": "is_paid", "email": "knows_email", "phone": "knows_phone"}.items()
    }
    tail = pl.concat_str(pl.lit("CNY"), filled["email"], filled["phone"], "city", pl.col("is_test").cast(pl.String), separator=",")
    texts = table.select(
        "order_id",
        pl.concat_str(filled["customer_id"], "ordered_at", filled["paid_at"], "status", "channel", separator=",").alias("upto_channel"),
        pl.concat_str(pl.lit(","), tail).alias("without_refund"),
        pl.concat_str("refunded_at", pl.lit(","), tail).alias("with_refund"),
    )
    both = pl.concat([texts["without_refund"], texts["with_refund"]]).gather(np.arange(2 * len(orders)).reshape(2, -1).T.ravel())
    return {"order_id": texts["order_id"], "upto_channel": texts["upto_channel"], "refunded_to_test": both}


def _paid(bits: draws.Bits, source: int, ordered: NDArray[np.int64]) -> NDArray[np.int64]:
    """When it was paid: in a shop at once, online within half an hour and within the day that the file covers."""
    if source == SHOPS:
        return ordered
    return np.minimum(ordered + 20 + ((bits >> np.uint64(20)) % np.uint64(1780)).astype(np.int64), (ordered // DAY + 1) * DAY - 1)


def _is_paid(bits: draws.Bits, flags: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Half of the cancelled orders had been paid."""
    state = events.status(flags)
    had_paid = ((bits >> np.uint64(50)) & np.uint64(1)).astype(np.bool_)
    return np.not_equal(state, events.PENDING) & (np.not_equal(state, events.CANCELLED) | had_paid)


@cache
def _cents_texts() -> pl.Series:
    """Cents as yuan with two decimals; the last text is empty."""
    cents = pl.DataFrame({"cents": np.arange(_MOST_CENTS)})
    texts = cents.select(pl.format("{}.{}", pl.col("cents") // 100, (pl.col("cents") % 100).cast(pl.String).str.zfill(2))).to_series()
    return pl.concat([texts, pl.Series([""])])


@cache
def _shipping_texts() -> pl.Series:
    return pl.Series([f"{cents // 100}.{cents % 100:02},0.00" for cents in (0, basket.SHIPPING)])
