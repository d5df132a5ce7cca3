"""Who the customers are: every attribute of a person is drawn from the seed and the person's number alone.

A person reaches the merchant online, in the shops, or both ways, under one to three source ids. Ids of one person can be
found out to be one: the accounts of a person share an e-mail, and the two sources a phone or a membership number.
"""

from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.sample import draws, names
from orchestration.sample.catalogue import CATEGORY_WHEEL

SOURCES = ("online", "shops")
ONLINE, SHOPS = range(2)

PLACEHOLDER_PHONE = "00000000000"
"""What some shoppers type into a field that must be filled. It links nobody."""

PHONES = 200_000_000
_FIRST_PHONES = (14_500_000_000, 14_700_000_000)
_PHONE_STEP = 77_777_777  # shares no factor with PHONES, so no two people get the same phone
MAX_PEOPLE = 1 << 24


class People:
    """Attributes of the people of the given numbers, one element per number; a number may stand there more than once."""

    def __init__(self, seed: int, numbers: NDArray[np.uint64]) -> None:
        self._seed = seed
        self.numbers = numbers

    def _unit(self, stream: str) -> NDArray[np.float64]:
        return draws.unit(self._seed, stream, self.numbers)

    def _choice(self, stream: str, count: int) -> NDArray[np.int64]:
        return (self._unit(stream) * count).astype(np.int64)

    @cached_property
    def _reach(self) -> NDArray[np.float64]:
        return self._unit("reach")

    @property
    def has_online(self) -> NDArray[np.bool_]:
        return self._reach < 0.73

    @property
    def has_shops(self) -> NDArray[np.bool_]:
        return self._reach >= 0.58

    @property
    def has_both(self) -> NDArray[np.bool_]:
        return self.has_online & self.has_shops

    @cached_property
    def has_second_account(self) -> NDArray[np.bool_]:
        """A second online account with the same e-mail."""
        return self.has_online & (self._unit("second account") < 0.04)

    @cached_property
    def has_bound_card(self) -> NDArray[np.bool_]:
        """The online account knows the shops' membership number; it knows no phone then."""
        return self.has_both & (self._unit("card") < 0.3)

    @cached_property
    def _has_placeholder(self) -> NDArray[np.bool_]:
        return ~self.has_shops & ~self.has_second_account & (self._unit("placeholder") < 0.006)

    @cached_property
    def is_english(self) -> NDArray[np.bool_]:
        return self._unit("english") < 0.12

    @cached_property
    def is_thrifty(self) -> NDArray[np.bool_]:
        """Buys at a discount more often than others."""
        return self._unit("thrifty") < 0.25

    @cached_property
    def taste(self) -> NDArray[np.uint16]:
        """Number of the favourite category."""
        return draws.turn(CATEGORY_WHEEL, draws.bits(self._seed, "taste", self.numbers))

    @cached_property
    def city(self) -> NDArray[np.int64]:
        """Number of the city; the first ones are the largest."""
        return (self._unit("city") ** 1.7 * len(names.CITIES)).astype(np.int64)

    @cached_property
    def birth_year(self) -> NDArray[np.int64]:
        return 2008 - (8 + 50 * self._unit("age")).astype(np.int64)

    @cached_property
    def knows_birth_year(self) -> NDArray[np.bool_]:
        return self._unit("knows birth year") < 0.7

    @property
    def gender(self) -> pl.Series:
        """Null for one in five."""
        return pl.Series(["female", "male", "female", "male", None]).gather(self._choice("gender", 5))

    @cached_property
    def _name_parts(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "number": self.numbers,
                "is_english": self.is_english,
                "surname": pl.Series([name for name, _ in names.SURNAMES]).gather(surname := self._choice("surname", len(names.SURNAMES))),
                "given": pl.Series([name for name, _ in names.GIVEN_NAMES]).gather(given := self._choice("given", len(names.GIVEN_NAMES))),
                "pinyin": pl.Series([text for _, text in names.SURNAMES]).gather(surname),
                "given_pinyin": pl.Series([text for _, text in names.GIVEN_NAMES]).gather(given),
                "first": pl.Series(names.FIRST_NAMES).gather(self._choice("first", len(names.FIRST_NAMES))),
                "last": pl.Series(names.LAST_NAMES).gather(self._choice("last", len(names.LAST_NAMES))),
                "domain": pl.Series(names.DOMAINS).gather(self._choice("domain", len(names.DOMAINS))),
            }
        )

    def name(self) -> pl.Series:
        english, chinese = pl.concat_str("first", pl.lit(" "), "last"), pl.concat_str("surname", "given")
        return self._name_parts.select(pl.when("is_english").then(english).otherwise(chinese)).to_series()

    def email(self) -> pl.Series:
        """The person's e-mail, null for some. Online accounts know it, the shops don't ask for it."""
        has_email = self.has_second_account | (self._unit("email") < 0.9)
        address = pl.concat_str("pinyin", "given_pinyin", pl.col("number").cast(pl.String), pl.lit("@"), "domain")
        return self._name_parts.select(pl.when(pl.Series(has_email)).then(address)).to_series()

    def phone(self, source: int) -> pl.Series:
        """The phone that the person's first account at the source knows, 11 digits; null for some."""
        shift = draws.bits(self._seed, "phones", np.zeros(1, np.uint64))[0] % np.uint64(PHONES)
        number = (self.numbers * np.uint64(_PHONE_STEP) + shift) % np.uint64(PHONES)
        digits = number % np.uint64(PHONES // 2) + np.array(_FIRST_PHONES, np.uint64)[number // np.uint64(PHONES // 2)]
        if source == ONLINE:
            knows = self.has_online & ~self.has_bound_card & (self.has_both | (self._unit("online phone") < 0.85))
        else:
            knows = self.has_shops & (self.has_both | (self._unit("shops phone") < 0.9))
        parts = pl.DataFrame({"digits": digits, "knows": knows, "placeholder": self._has_placeholder & knows})
        known = pl.when("placeholder").then(pl.lit(PLACEHOLDER_PHONE)).when("knows").then(pl.col("digits").cast(pl.String))
        return parts.select(known).to_series()

    def membership_no(self) -> pl.Series:
        return pl.DataFrame({"n": self.numbers + np.uint64(100_000_000)}).select(pl.format("VIP{}", "n")).to_series()

    def account_id(self, source: int, is_second: NDArray[np.bool_] | None = None) -> pl.Series:
        """The source's customer id: ``U…`` online, ``M…`` in the shops."""
        if source == SHOPS:
            letter, numbers = "M", self.numbers + np.uint64(1)
        else:
            letter, numbers = "U", self.numbers * np.uint64(2) + np.uint64(1)
            numbers = numbers if is_second is None else numbers + is_second.astype(np.uint64)
        digits = pl.DataFrame({"n": numbers}).with_columns(pl.col("n").cast(pl.String).str.zfill(8))
        return digits.select(pl.concat_str(pl.lit(letter), "n")).to_series()
