"""What lists did: intervals as published, verdicts that keep their promise, and nothing told where groups are small."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats

from transforms import schemas
from transforms.results import RESULT_COUNTS, VERDICTS_ZH, results

DAY, HORIZON = date(2026, 3, 1), 30
LATER = DAY + timedelta(days=200)


def counts(**columns: object) -> pl.LazyFrame:
    """Counts with 0 where nothing is given; a list of numbers makes as many rows, each a day."""
    rows = max((len(value) for value in columns.values() if isinstance(value, list | np.ndarray)), default=1)
    nothing = {"list_name": "fans", "as_of_date": pl.date_range(DAY, DAY + timedelta(days=rows - 1), eager=True), "channel": "email"}
    frame = pl.DataFrame({**nothing, **columns})
    missing = {name: pl.lit(0) for name in RESULT_COUNTS if name not in frame.columns}
    return frame.with_columns(**missing).select(RESULT_COUNTS.names()).cast(dict(RESULT_COUNTS)).lazy()


def bought(sent: tuple[object, object], held_out: tuple[object, object]) -> pl.LazyFrame:
    """Counts of buyers among customers, of either group."""
    return counts(sent_bought_count=sent[0], sent_count=sent[1], held_out_bought_count=held_out[0], held_out_count=held_out[1])


def a_day(given_counts: pl.LazyFrame, as_of: date = LATER) -> dict[str, object]:
    return results(given_counts, HORIZON, as_of).filter(pl.col("as_of_date").is_not_null()).row(0, named=True)


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10, examples a to h.
@pytest.mark.parametrize(
    ("sent", "held_out", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_lift_has_newcombes_interval_as_published(sent: tuple, held_out: tuple, low: float, high: float) -> None:
    found = a_day(bought(sent, held_out))
    assert found["bought_share_lift"] == pytest.approx(sent[0] / sent[1] - held_out[0] / held_out[1])
    assert (found["bought_share_lift_low"], found["bought_share_lift_high"]) == (
        pytest.approx(low, abs=6e-5),
        pytest.approx(high, abs=6e-5),
    )


def test_the_ratio_has_katzs_interval_as_published() -> None:
    """Sahai & Khurshid (1996), Statistics in Epidemiology, 3.1.2, as in SciPy's documentation of ``relative_risk``."""
    found = a_day(bought((10, 75), (12, 225)))
    names = ("bought_share_ratio", "bought_share_ratio_low", "bought_share_ratio_high")
    assert [found[name] for name in names] == pytest.approx([2.5, 1.1261564003469628, 5.549850800541033])


@pytest.mark.parametrize(("sent", "held_out", "ratio"), [((5, 50), (0, 50), None), ((0, 50), (5, 50), 0.0), ((0, 9), (0, 9), None)])
def test_a_ratio_without_buyers_on_a_side_has_no_interval(sent: tuple, held_out: tuple, ratio: float | None) -> None:
    found = a_day(bought(sent, held_out))
    assert (found["bought_share_ratio"], found["bought_share_ratio_low"], found["bought_share_ratio_high"]) == (ratio, None, None)


@pytest.mark.parametrize(
    ("sent", "held_out"),
    [
        pytest.param([27.5, 21.0, 19.0, 23.6, 17.0, 17.9], [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8], id="alike"),
        pytest.param([0.0, 0.0, 0.0, 1234.56, 99.99, 0.0], [0.0, 12.0], id="most bought nothing"),
        pytest.param([5.0, 15.0], [-3.0, 8.0], id="two customers each"),
    ],
)
def test_the_money_has_welchs_interval(sent: list[float], held_out: list[float]) -> None:
    amounts = {"sent": sent, "held_out": held_out}
    found = a_day(
        counts(
            **{f"{group}_count": len(values) for group, values in amounts.items()},
            **{f"{group}_net_amount": round(sum(values), 2) for group, values in amounts.items()},
            **{f"{group}_net_squares": sum(value * value for value in values) for group, values in amounts.items()},
        )
    )
    expected = stats.ttest_ind(sent, held_out, equal_var=False).confidence_interval()
    ends = ("net_amount_per_customer_lift_low", "net_amount_per_customer_lift_high")
    assert [found[end] for end in ends] == pytest.approx([expected.low, expected.high])


@pytest.mark.parametrize(
    ("sent", "held_out"), [pytest.param(1, 9, id="one customer"), pytest.param(0, 9, id="nobody"), pytest.param(9, 9, id="nobody bought")]
)
def test_money_that_does_not_vary_has_no_interval(sent: int, held_out: int) -> None:
    found = a_day(counts(sent_count=sent, held_out_count=held_out))
    assert (found["net_amount_per_customer_lift_low"], found["net_amount_per_customer_lift_high"]) == (None, None)


@pytest.mark.parametrize(
    ("sent", "held_out", "as_of", "verdict"),
    [
        pytest.param((300, 1000), (10, 100), LATER, "better", id="more bought"),
        pytest.param((50, 1000), (20, 100), LATER, "worse", id="fewer bought"),
        pytest.param((110, 1000), (10, 100), LATER, "no difference shown", id="may be chance"),
        pytest.param((300, 1000), (10, 100), DAY + timedelta(days=30), "better", id="the horizon ends today"),
        pytest.param((300, 1000), (10, 100), DAY + timedelta(days=29), "still running", id="the horizon ends tomorrow"),
        pytest.param((49, 980), (0, 20), LATER, "too small to say", id="one buyer to be expected among the held out"),
        pytest.param((95, 1900), (5, 100), LATER, "no difference shown", id="five to be expected"),
        pytest.param((94, 1900), (5, 100), LATER, "too small to say", id="fewer than five"),
        pytest.param((990, 1000), (90, 100), LATER, "too small to say", id="fewer than five who don't buy"),
        pytest.param((300, 1000), (0, 0), LATER, "too small to say", id="nobody held out"),
        pytest.param((0, 0), (5, 10), LATER, "too small to say", id="nobody written to"),
        pytest.param((0, 0), (0, 0), LATER, "too small to say", id="nobody new"),
    ],
)
def test_a_difference_is_told_only_beyond_chance_and_of_groups_that_are_large_enough(
    sent: tuple, held_out: tuple, as_of: date, verdict: str
) -> None:
    found = a_day(bought(sent, held_out), as_of)
    assert (found["verdict"], found["verdict_zh"]) == (verdict, VERDICTS_ZH[verdict])


@pytest.mark.parametrize(
    ("sent", "held_out", "share", "effect"),
    [
        pytest.param(950, 50, 0.12, 0.0, id="few held out, no effect"),
        pytest.param(1900, 100, 0.1, 0.0, id="no effect"),
        pytest.param(9500, 500, 0.02, 0.0, id="seldom bought, no effect"),
        pytest.param(4750, 250, 0.1, 0.05, id="half more"),
        pytest.param(1900, 100, 0.3, -0.1, id="a third less"),
    ],
)
def test_intervals_hold_the_truth_as_often_as_they_say_and_no_effect_is_seldom_called_better(
    sent: int, held_out: int, share: float, effect: float
) -> None:
    draws, campaigns = np.random.default_rng(20260301), 2000
    buyers = draws.binomial(sent, share + effect, campaigns), draws.binomial(held_out, share, campaigns)
    found = results(bought((buyers[0], sent), (buyers[1], held_out)), HORIZON, LATER + timedelta(days=campaigns))
    days = found.filter(pl.col("as_of_date").is_not_null())
    holds = (days["bought_share_lift_low"] <= effect) & (days["bought_share_lift_high"] >= effect)
    assert 0.93 <= holds.mean() <= 0.97
    told = days["verdict"].value_counts(normalize=True)
    shares = {verdict: told.filter(verdict=verdict)["proportion"].sum() for verdict in VERDICTS_ZH}
    if effect == 0:
        assert shares["better"] <= 0.03
        assert shares["worse"] <= 0.04
    else:
        assert shares["better" if effect > 0 else "worse"] > 0.4
        assert shares["worse" if effect > 0 else "better"] == 0


def test_welchs_interval_holds_the_truth_for_money_of_which_most_is_none() -> None:
    draws, campaigns, truth = np.random.default_rng(7), 400, {"sent": (2000, 0.12), "held_out": (200, 0.10)}
    columns: dict[str, object] = {}
    for group, (customers, share) in truth.items():
        money = draws.binomial(1, share, (campaigns, customers)) * draws.gamma(2.0, 50.0, (campaigns, customers))
        columns |= {f"{group}_count": customers, f"{group}_net_amount": money.sum(axis=1), f"{group}_net_squares": (money**2).sum(axis=1)}
    days = results(counts(**columns), HORIZON, LATER + timedelta(days=campaigns)).filter(pl.col("as_of_date").is_not_null())
    holds = (days["net_amount_per_customer_lift_low"] <= 2.0) & (days["net_amount_per_customer_lift_high"] >= 2.0)
    assert 0.92 <= holds.mean() <= 0.98


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(6)), finished=st.integers(0, 6))
def test_the_row_over_all_days_adds_up_the_finished_ones_whatever_the_order(order: list[int], finished: int) -> None:
    customers = {"listed_count": [9] * 6, "sent_count": [5, 6, 0, 7, 8, 9], "held_out_count": [1, 0, 2, 1, 3, 1]}
    one = counts(**customers, sent_bought_count=[1, 2, 0, 3, 0, 5], sent_net_squares=[0.1, 0.2, 0.3, 0.7, 1e9, 1e-9]).collect()
    as_of = DAY + timedelta(days=HORIZON + finished - 1)
    found = results(one[order].lazy(), HORIZON, as_of)
    assert_frame_equal(found, results(one.lazy(), HORIZON, as_of), check_exact=True)
    assert found.schema == schemas.LIST_RESULTS
    assert found.filter("is_complete", pl.col("as_of_date").is_not_null()).height == finished
    together = found.filter(pl.col("as_of_date").is_null())
    expected = one.head(finished).select("sent_count", "held_out_count", "sent_bought_count", "listed_count").sum()
    assert together.select("days_count", *expected.columns).rows() == ([(finished, *expected.row(0))] if finished else [])


def test_a_list_that_changed_its_channel_has_one_row_over_all_days_and_no_channel_there() -> None:
    found = results(counts(channel=["email", "sms"]), HORIZON, LATER)
    assert found.select("channel", "days_count").rows() == [(None, 2), ("sms", 1), ("email", 1)]


def test_no_days_have_no_results() -> None:
    assert results(counts().filter(False), HORIZON, LATER).is_empty()
