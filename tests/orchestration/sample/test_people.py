"""One person under several ids can be found out, strangers stay strangers, and who buys how is as it was drawn."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from orchestration.sample.buying import DROP_OUT_A, DROP_OUT_B, RATE_MEAN, World, simulate
from orchestration.sample.people import PLACEHOLDER_PHONE, People
from orchestration.sample.season import DAY, Season
from orchestration.sample.write import _calendar
from tests.orchestration.sample.conftest import END, SOURCES, Sample, records

SEASON, DAYS = _calendar(24, END)


@pytest.fixture(scope="module")
def chunk():
    return simulate(World(7, 30_000, DAYS, SEASON), 0)


def people_by_shared_contact(sample: Sample) -> set[frozenset[tuple[str, str]]]:
    """Source ids that share an e-mail, a phone or a membership number, found without any knowledge of the truth."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}
    seen: dict[tuple[str, str], tuple[str, str]] = {}

    def root(account: tuple[str, str]) -> tuple[str, str]:
        while parent[account] != account:
            account = parent[account]
        return account

    for source in SOURCES:
        for _, row in records(sample.folder("inbox", source) / "customers.csv"):
            account = (source, row["customer_id"])
            parent[account] = account
            phone = "".join(filter(str.isdigit, row["phone"]))[-11:]
            keys = [("email", row["email"].lower()), ("phone", phone), ("card", row["membership_no"])]
            for key in keys:
                if key[1] and phone_is_real(key):
                    parent[root(account)] = root(seen.setdefault(key, account))
    groups = defaultdict(set)
    for account in parent:
        groups[root(account)].add(account)
    return {frozenset(group) for group in groups.values()}


def phone_is_real(key: tuple[str, str]) -> bool:
    return key != ("phone", PLACEHOLDER_PHONE)


def test_shared_contacts_tell_exactly_which_ids_are_one_person(sample: Sample) -> None:
    truth = {
        frozenset([*(("online", account) for account in row["online_ids"]), *(("shops", account) for account in row["shops_ids"])])
        for row in sample.customers.iter_rows(named=True)
    }

    assert people_by_shared_contact(sample) == truth
    assert any({source for source, _ in person} == set(SOURCES) for person in truth)
    assert any(len([source for source, _ in person if source == "online"]) == 2 for person in truth)


def test_a_person_is_named_by_the_smallest_source_id(sample: Sample) -> None:
    for row in sample.customers.iter_rows(named=True):
        ids = [f"online:{account}" for account in row["online_ids"]] + [f"shops:{account}" for account in row["shops_ids"]]
        assert row["customer_id"] == min(ids)


def test_orders_and_reviews_name_accounts_that_have_a_profile(sample: Sample) -> None:
    for source in SOURCES:
        known = {row["customer_id"] for _, row in records(sample.folder("inbox", source) / "customers.csv")}
        for feed in ("orders", "reviews", "consents", "tickets"):
            named = {row["customer_id"] for _, row in sample.clean_rows(feed, source)}
            assert named - {""} <= known, feed


def test_names_are_chinese_and_english(sample: Sample) -> None:
    names = [row["name"] for _, row in records(sample.folder("inbox", "online") / "customers.csv")]
    english = sum(name.isascii() for name in names)

    assert 0.05 * len(names) < english < 0.25 * len(names)


def test_what_a_person_is_like_depends_on_the_seed_and_the_number_alone() -> None:
    some, all_of_them = People(7, np.array([5, 900, 12], np.uint64)), People(7, np.arange(1000, dtype=np.uint64))

    for attribute in (
        People.name,
        People.email,
        lambda people: people.phone(0),
        lambda people: people.phone(1),
        lambda people: people.account_id(0),
    ):
        assert attribute(some).to_list() == attribute(all_of_them).gather([5, 900, 12]).to_list()


def test_no_two_people_share_a_phone() -> None:
    phones = People(7, np.arange(200_000, dtype=np.uint64)).phone(1).drop_nulls()

    assert phones.is_unique().all()
    assert phones.str.contains(r"^14[57]\d{8}$").all()


def test_rates_and_drop_outs_are_those_that_were_drawn(chunk) -> None:
    truth = chunk.truth

    assert truth.rate.mean() == pytest.approx(RATE_MEAN, rel=0.03)
    assert truth.drop_out.mean() == pytest.approx(DROP_OUT_A / (DROP_OUT_A + DROP_OUT_B), rel=0.03)


def test_people_buy_at_their_own_rate_while_they_are_customers(chunk) -> None:
    """Cancelled, unpaid and test orders, some five in a hundred, are occasions too, but no purchases."""
    truth = chunk.truth
    known = truth.first_purchase >= 0
    until = np.where(truth.dropped_out >= 0, truth.dropped_out, DAYS * DAY)
    days = (until - truth.first_purchase)[known] / DAY

    for slow, fast in ((0, 0.01), (0.01, 0.03), (0.03, 1)):
        chosen = (truth.rate[known] >= slow) & (truth.rate[known] < fast)
        expected = (truth.rate[known] * days)[chosen].sum()
        assert 0.85 < (truth.purchases[known] - 1)[chosen].sum() / expected < 1.02


def test_people_drop_out_with_their_own_probability_after_each_purchase(chunk) -> None:
    truth = chunk.truth

    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 1)):
        chosen = (truth.drop_out >= low) & (truth.drop_out < high)
        expected = (truth.drop_out * truth.purchases)[chosen].sum()
        assert 0.95 < (truth.dropped_out[chosen] >= 0).sum() / expected < 1.15


def test_a_share_of_customers_is_gone_and_a_share_bought_once(chunk) -> None:
    truth = chunk.truth

    assert 0.4 < (truth.dropped_out >= 0).mean() < 0.6
    assert 0.25 < (truth.purchases == 1).mean() < 0.45
    assert (truth.purchases == 0).mean() < 0.08


def test_more_customers_come_as_time_goes_on(chunk) -> None:
    first_half = (chunk.truth.signed_up < DAYS * DAY // 2).mean()

    assert 0.3 < first_half < 0.45


def test_who_leaves_has_rated_worse(chunk) -> None:
    dropped = chunk.truth.dropped_out[chunk.reviews["person"]]
    is_last_word = (dropped >= 0) & (chunk.reviews["created"] >= dropped)
    rating = chunk.reviews["rating"].astype(float)

    assert rating[is_last_word].mean() < rating[~is_last_word].mean() - 1


def test_some_loyal_customers_rate_badly_before_they_leave(sample: Sample, chunk) -> None:
    truth = chunk.truth
    loyal = (truth.purchases >= 5) & (truth.dropped_out >= 0)
    bad = np.zeros(len(loyal), bool)
    bad[chunk.reviews["person"][chunk.reviews["rating"] <= 2]] = True

    assert (bad & loyal & truth.is_angry).sum() / (loyal & truth.is_angry).sum() > 0.4
    assert (bad & loyal & ~truth.is_angry).sum() / (loyal & ~truth.is_angry).sum() < 0.3


@pytest.mark.parametrize(
    ("day", "ordinary"),
    [
        pytest.param("2025-11-11", 3.0, id="11.11"),
        pytest.param("2025-06-18", 2.0, id="6.18"),
        pytest.param("2025-01-20", 1.1, id="before spring festival"),
    ],
)
def test_the_season_lifts_a_day(chunk, day: str, ordinary: float) -> None:
    per_day = pl.Series(chunk.orders["ordered"] // DAY).value_counts().sort(pl.first())
    counts = dict(zip(per_day.to_series(0), per_day["count"], strict=True))
    number = (pl.Series([day]).str.to_date()[0] - SEASON.start).days
    around = [counts[other] for other in (*range(number - 42, number - 28), *range(number + 28, number + 42))]

    assert counts[number] > ordinary * sum(around) / len(around)


def test_spring_festival_is_quiet(chunk) -> None:
    number = (pl.Series(["2026-02-18"]).str.to_date()[0] - SEASON.start).days
    counts = np.bincount(chunk.orders["ordered"] // DAY, minlength=DAYS)

    assert counts[number] < 0.6 * counts[number + 30]


def test_operational_time_runs_forward_whatever_the_season() -> None:
    season = Season(SEASON.start, SEASON.days)
    moments = season.moments(np.linspace(0, SEASON.days, 5000))

    assert all(low <= high for low, high in pairwise(moments))
    assert moments[0] >= 0
    assert moments[-1] < SEASON.days * DAY
