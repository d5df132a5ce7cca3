"""ABC classes: where the cuts fall, on cases and against the rule written out row by row."""

from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import abc

from .histories import Customer, bases, days_ago, facts_of

for_every_base = settings(deadline=None, max_examples=60)


def base_of(*net_amounts: str | int) -> pl.LazyFrame:
    """Customers ``c0``, ``c1``, … with one purchase and these net amounts."""
    return facts_of(*(Customer(f"c{number}", days_ago(9), net_amount=Decimal(amount)) for number, amount in enumerate(net_amounts)))


def classes(facts: pl.LazyFrame, rules: abc.Rules = abc.Rules()) -> dict[str, str]:  # noqa: B008 (frozen)
    """Customer id → class."""
    result = abc.apply(facts, abc.fit(facts, rules)).select("customer_id", "abc_class").sort("customer_id").collect()
    return dict(result.rows())


@pytest.mark.parametrize(
    ("net_amounts", "expected"),
    [
        pytest.param([70, 20, 6, 4], "AABC", id="the customer who crosses 80 % is still A, the one who crosses 95 % still B"),
        pytest.param([80, 15, 5], "ABC", id="at exactly 80 % before him a customer is B, at exactly 95 % C"),
        pytest.param([40, 40, 15, 5], "AABC", id="exactly at the lines, in more steps"),
        pytest.param([5, 80, 15], "CAB", id="the order of rows is not the order of money"),
        pytest.param([100], "A", id="one customer"),
        pytest.param([99, 1], "AC", id="no B"),
        pytest.param([10, 10, 10, 10, 10], "AAAAB", id="equal amounts are cut by customer id"),
        pytest.param([60, 40, 0, -50], "AAZZ", id="nothing and less are Z and take no share"),
        pytest.param([0, -1], "ZZ", id="nobody brings money"),
        pytest.param([], "", id="nobody"),
        pytest.param(["0.8001", "0.1499", "0.0500"], "ABC", id="to the last digit"),
        pytest.param(["33333333333333.3333", "0.0001"], "AC", id="large next to small"),
    ],
)
def test_a_class_is_cut_by_the_share_of_those_before(net_amounts: list[str | int], expected: str) -> None:
    assert "".join(classes(base_of(*net_amounts)).values()) == expected


def test_a_customer_without_a_purchase_is_z_whatever_the_money() -> None:
    assert classes(facts_of(Customer("a", (), net_amount=Decimal(500)), Customer("b", days_ago(1)))) == {"a": "Z", "b": "A"}


def test_every_class_has_its_chinese_name() -> None:
    facts = base_of(80, 15, 5, 0)
    result = abc.apply(facts, abc.fit(facts, abc.Rules())).collect()
    assert result.select("abc_class", "abc_class_zh").rows() == [("A", "重点"), ("B", "一般"), ("C", "普通"), ("Z", "—")]


def test_the_measured_pareto_shares_are_kept() -> None:
    shares = abc.fit(base_of(70, 20, 6, 4, 0, -10), abc.Rules()).shares
    assert shares == {
        "A": {"customers_count": 2, "customers_share": 0.5, "net_amount": "90.0000", "net_share": 0.9},
        "B": {"customers_count": 1, "customers_share": 0.25, "net_amount": "6.0000", "net_share": 0.06},
        "C": {"customers_count": 1, "customers_share": 0.25, "net_amount": "4.0000", "net_share": 0.04},
    }


def test_the_curve_says_what_the_best_of_each_per_cent_bring() -> None:
    curve = abc.fit(base_of(70, 20, 6, 4, 0, -10), abc.Rules()).curve
    assert len(curve) == 101
    assert [curve[percent] for percent in (0, 1, 25, 26, 50, 75, 76, 100)] == [0, 0.7, 0.7, 0.9, 0.9, 0.96, 1, 1]
    assert abc.fit(base_of(0, -1), abc.Rules()).curve == ()


@for_every_base
@given(customers=bases(min_size=1, max_size=20))
def test_the_curve_never_falls_and_never_bends_upwards_but_by_whole_customers(customers: list[Customer]) -> None:
    curve = abc.fit(facts_of(*customers), abc.Rules()).curve
    assert list(curve) == sorted(curve)
    assert not curve or (curve[0], curve[-1]) == (0, 1)
    assert all(share >= percent / 100 - 1e-12 for percent, share in enumerate(curve))


@pytest.mark.parametrize(
    ("net_amounts", "expected"),
    [
        pytest.param(range(100, 0, -10), "AABBBCCCCC", id="ten customers: 20, 30, 50 %"),
        pytest.param([9, 8, 7], "ABC", id="three: the one who crosses a line is still above it"),
        pytest.param([9], "A", id="one"),
        pytest.param([5, 5, 5, 5, 0, -3], "ABCCZZ", id="equals by customer id; nothing and less are no part of the shares"),
        pytest.param([0], "Z", id="nobody"),
    ],
)
def test_in_the_form_of_customers_a_class_is_a_share_of_them(net_amounts: list[int], expected: str) -> None:
    assert "".join(classes(base_of(*net_amounts), abc.Rules(form="customers")).values()) == expected


def test_the_shares_of_customers_are_settings() -> None:
    rules = abc.Rules(form="customers", a_customers=0.1, b_customers=0.9)
    assert "".join(classes(base_of(*range(100, 0, -10)), rules).values()) == "ABBBBBBBBC"


def test_a_base_without_money_is_a_warning() -> None:
    assert abc.fit(base_of(0, -1), abc.Rules()).warnings == ("no customer has a purchase and a net amount above zero: all are Z",)


def test_a_customer_who_was_not_in_the_base_is_classed_by_its_cuts() -> None:
    parameters = abc.fit(base_of(70, 20, 6, 4), abc.Rules())
    newcomers = facts_of(*(Customer(f"n{amount}", days_ago(1), net_amount=Decimal(amount)) for amount in (900, 21, 7, 5)))
    assert abc.apply(newcomers, parameters).collect()["abc_class"].to_list() == ["A", "A", "B", "C"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"a_share": 1.2}, r"abc.a_share is 1.2; expected a number from 0 to 1", id="above one"),
        pytest.param({"b_share": float("nan")}, r"abc.b_share is nan; expected a number from 0 to 1", id="not a number"),
        pytest.param({"a_share": "0.8"}, r"abc.a_share is '0.8'; expected a number", id="text"),
        pytest.param({"form": "orders"}, r"abc.form is 'orders'; expected money or customers", id="unknown form"),
        pytest.param({"a_customers": 0.6}, r"abc.b_customers is 0.5; expected at least a_customers, which is 0.6", id="crossed, too"),
        pytest.param({"a_share": 0.96}, r"abc.b_share is 0.95; expected at least a_share, which is 0.96", id="lines crossed"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        abc.Rules(**rules)


def classes_row_by_row(customers: list[Customer], rules: abc.Rules) -> dict[str, str]:
    """The rule of the domain, word for word."""
    amounts = {c.customer_id: c.net_amount or Decimal(0) for c in customers if c.purchases and (c.net_amount or 0) > 0}
    total, before, expected = sum(amounts.values()), Decimal(0), {c.customer_id: "Z" for c in customers}
    for customer_id, amount in sorted(amounts.items(), key=lambda item: (-item[1], item[0])):
        is_a, is_b = (before < Decimal(str(share)) * total for share in (rules.a_share, rules.b_share))
        expected[customer_id] = "A" if is_a else "B" if is_b else "C"
        before += amount
    return dict(sorted(expected.items()))


@for_every_base
@given(customers=bases(max_size=20), lines=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_classes_are_those_of_the_rule_row_by_row(customers: list[Customer], lines: list[float]) -> None:
    rules = abc.Rules(a_share=lines[0], b_share=lines[1])
    assert classes(facts_of(*customers), rules) == classes_row_by_row(customers, rules)


@for_every_base
@given(customers=bases(), factor=st.sampled_from([Decimal("0.01"), Decimal(3), Decimal(1000)]))
def test_the_currency_money_is_counted_in_changes_no_class(customers: list[Customer], factor: Decimal) -> None:
    whole = [customer.but(net_amount=round(customer.net_amount or Decimal(0), 2)) for customer in customers]
    scaled = [customer.but(net_amount=(customer.net_amount or Decimal(0)) * factor) for customer in whole]
    assert classes(facts_of(*scaled)) == classes(facts_of(*whole))


@for_every_base
@given(customers=bases(), randomly=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(customers: list[Customer], randomly: Random) -> None:
    reordered = randomly.sample(customers, len(customers))
    assert abc.fit(facts_of(*reordered), abc.Rules()) == abc.fit(facts_of(*customers), abc.Rules())
    assert classes(facts_of(*reordered)) == classes(facts_of(*customers))
