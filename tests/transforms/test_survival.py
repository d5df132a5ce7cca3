"""The product-limit estimate against a published table, and what holds for every set of waits."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.survival import Curve, kaplan_meier


def curve_of(happened: list[int], waiting: list[int]) -> Curve:
    rows = [(day, happened.count(day), waiting.count(day)) for day in {*happened, *waiting}]
    return kaplan_meier(pl.DataFrame(rows, schema={"days": pl.Int64, "happened": pl.UInt32, "waiting": pl.UInt32}, orient="row"))


def test_the_estimate_of_a_published_trial() -> None:
    """Remission of 21 leukaemia patients under 6-MP, weeks; + still in remission. Freireich et al., Blood 21 (1963); Kaplan and Meier's
    estimate of it as in Kleinbaum & Klein, "Survival Analysis" (2012), table 2.1."""
    curve = curve_of([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
    assert curve.days == (6, 7, 10, 13, 16, 22, 23)
    assert [round(1 - share, 4) for share in curve.happened] == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]


@pytest.mark.parametrize(("share", "day"), [(0.0, 2), (0.5, 2), (0.51, 4), (0.75, 4), (1.0, 9)])
def test_the_day_by_which_a_share_of_the_cases_has_happened(share: float, day: int) -> None:
    assert curve_of([2, 2, 4, 9], []).days_until(share) == day


def test_a_share_is_one_of_the_cases_that_the_data_can_tell_of() -> None:
    assert curve_of([2, 2, 4, 9], [50] * 96).days_until(0.5) == 2


@pytest.mark.parametrize("waiting", [[], [3, 4]], ids=["nobody", "all still wait"])
def test_where_it_happened_to_nobody_no_day_is_known(waiting: list[int]) -> None:
    assert curve_of([], waiting).days_until(0.5) is None


@given(happened=st.lists(st.integers(0, 60), max_size=30), waiting=st.lists(st.integers(0, 60), max_size=30))
def test_the_share_rises_with_time_and_is_the_plain_share_where_nobody_waits(happened: list[int], waiting: list[int]) -> None:
    curve = curve_of(happened, waiting)
    assert list(curve.happened) == sorted(curve.happened)
    assert all(0 < share <= 1 + 1e-12 for share in curve.happened)
    plain = curve_of(happened, [])
    assert list(plain.happened) == pytest.approx([sum(day <= end for day in happened) / len(happened) for end in sorted(set(happened))])
