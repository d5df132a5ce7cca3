"""Review events become the text of review files."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.sample import basket, catalogue, draws, phrases
from orchestration.sample.events import SECOND_ACCOUNT, has
from orchestration.sample.order_files import order_id
from orchestration.sample.pages import by_day, written
from orchestration.sample.people import People
from orchestration.sample.season import DAY, Season

COLUMNS = ("review_id", "order_id", "customer_id", "product_id", "rating", "title", "body", "created_at", "helpful_votes", "has_picture")
HEADER = (",".join(COLUMNS) + "\n").encode()

RARE = 6.0
"""With fewer reviews a day than this over both sources, a source sends its reviews every ``RARE_DAYS`` days and not daily. Few as they are,
the spool hands them all over at once."""
RARE_DAYS = 91

_TITLED = 0.6


def pages(
    seed: int, season: Season, source: int, reviews: NDArray[np.void], period: int, is_rare: bool
) -> Iterator[tuple[int, bytes, slice]]:
    """Per delivery day: its number, the text of its file with the header, and which of the reviews are in it.

    ``period``: its days, without the further one.
    """
    frame = _frame(seed, season, source, reviews)
    day = (reviews["created"] // DAY).astype(np.int64)
    if is_rare:
        day = np.where(day < period, delivery_day(day, period), day)
    return by_day(HEADER, written(frame, header=False), day)


def delivery_day(day: NDArray[np.int64], period: int) -> NDArray[np.int64]:
    """Where reviews are rare: the day on which the reviews of a day are sent."""
    return np.minimum(day // RARE_DAYS * RARE_DAYS + RARE_DAYS, period) - 1


def _frame(seed: int, season: Season, source: int, reviews: NDArray[np.void]) -> pl.DataFrame:
    key, rating = reviews["key"], reviews["rating"].astype(np.int64)
    people = People(seed, reviews["person"].astype(np.uint64))
    bits = draws.bits(seed, "review", key)
    product, _ = basket.products(seed, key, np.ones(len(key), np.int64), people.taste)
    title, body = _texts(rating, people.is_english, bits)
    number = order_id(key, source)
    return pl.DataFrame(
        {
            "review_id": pl.select(pl.concat_str(pl.lit("R"), number)).to_series(),
            "order_id": number,
            "customer_id": people.account_id(source, has(reviews["flags"], SECOND_ACCOUNT)),
            "product_id": catalogue.IDS.gather(product),
            "rating": rating,
            "title": title,
            "body": body,
            "created_at": season.text(reviews["created"].astype(np.int64)),
            "helpful_votes": np.maximum((np.log2((bits >> np.uint64(44)).astype(np.float64) + 1) * -1 + 20).astype(np.int64), 0),
            "has_picture": (bits >> np.uint64(40) & np.uint64(0xF)) < 3,
        }
    )


def _texts(rating: NDArray[np.int64], is_english: NDArray[np.bool_], bits: draws.Bits) -> tuple[pl.Series, pl.Series]:
    """Title (null for some) and body: an opening, a point or two, and a closing; some with line breaks inside."""
    tone = np.where(rating <= 2, phrases.NEGATIVE, np.where(rating == 3, phrases.MIXED, phrases.POSITIVE)) + 3 * is_english
    tables = (*phrases.CHINESE, *phrases.ENGLISH)

    def pick(part: str, shift: int) -> pl.Series:
        options = [getattr(table, part) for table in tables]
        sizes = np.array([len(option) for option in options])
        starts = np.cumsum(sizes) - sizes
        chosen = starts[tone] + (bits >> np.uint64(shift) & np.uint64(0xFF)).astype(np.int64) % sizes[tone]
        return pl.Series([text for option in options for text in option]).gather(chosen)

    breaks = pl.Series(["", "\n", "\n\n"]).gather(np.searchsorted([230, 246], (bits & np.uint64(0xFF)).astype(np.int64), side="right"))
    ends = pl.Series(["。", ". "]).gather(is_english.astype(np.int64))
    parts = pl.DataFrame(
        {
            "title": pick("titles", 8), "opening": pick("openings", 16), "break": breaks, "point": pick("points", 24), "end": ends,
            "second": pick("points", 32), "closing": pick("closings", 48),
            "has_title": (bits >> np.uint64(56)) < int(256 * _TITLED), "has_second": (bits >> np.uint64(52) & np.uint64(0xF)) < 5,
        }
    )  # fmt: skip
    second = pl.when("has_second").then(pl.concat_str("second", "end")).otherwise(pl.lit(""))
    body = pl.concat_str("opening", "break", "point", "end", second, "break", "closing")
    written = parts.select(pl.when("has_title").then("title").alias("title"), body.alias("body"))
    return written["title"], written["body"]
