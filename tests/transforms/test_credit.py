"""Credit: what failed, how few orders shrink toward the base, and that a further failure never helps."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transforms import credit, shares

from .histories import CUSTOMERS, Customer, days_ago, facts_of

PRIOR = shares.Prior(0.02, 8.0, is_fitted=True)
SCORE = 100 * 0.99 * 0.98 * 0.98 * 0.99
BASE = credit.Parameters(credit.Rules(), PRIOR, PRIOR, PRIOR, PRIOR, base_score=SCORE, warnings=())
UNPAID, CANCELLED, REFUSED, RETURNED = range(4)


def failing(kind: int, count: int = 1, orders: int = 3) -> Customer:
    failures = [0, 0, 0, 0]
    failures[kind] = count
    return Customer(purchases=days_ago(*range(1, orders + 1)), failures=(failures[0], failures[1], failures[2], failures[3]))


def graded(*customers: Customer, parameters: credit.Parameters = BASE) -> pl.DataFrame:
    return credit.apply(facts_of(*customers), parameters).collect()


CASES = [
    ("never ordered", Customer(), None, None),
    ("one good order", Customer(purchases=days_ago(1)), "B", "every order went well"),
    ("many good orders", Customer(purchases=days_ago(*range(30))), "A", "every order went well"),
    ("one of four unpaid", failing(UNPAID), "B", "orders left unpaid"),
    ("half returned", failing(RETURNED, 5, 10), "C", "orders returned"),
    ("two of five refused", failing(REFUSED, 2), "C", "orders refused at the door"),
    ("mostly cancelled after shipping", failing(CANCELLED, 8, 1), "D", "orders cancelled after shipping"),
    ("nothing but an unpaid order", failing(UNPAID, 1, 0), "B", "orders left unpaid"),
]


@pytest.mark.parametrize(("customer", "grade", "reasons"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_the_grade_and_its_reasons(customer: Customer, grade: str | None, reasons: str | None) -> None:
    found = graded(customer).row(0, named=True)
    assert (found["credit_grade"], found["credit_reasons"]) == (grade, reasons)
    assert (found["credit_reasons_zh"] is None) == (found["credit_score"] is None) == (grade is None)


def test_a_share_is_shrunk_toward_the_base_among_the_orders_that_went_well_or_failed_so() -> None:
    found = graded(failing(REFUSED, 1, 3)).row(0, named=True)
    assert found["credit_refused_share"] == pytest.approx((1 + 0.02 * 8) / (4 + 8))
    assert found["credit_unpaid_share"] == pytest.approx(0.02 * 8 / (3 + 8))
    left = [1 - 0.5 * 0.16 / 11, 1 - 0.16 / 11, 1 - 1.16 / 12, 1 - 0.5 * 0.16 / 11]
    assert found["credit_score"] == pytest.approx(100 * left[0] * left[1] * left[2] * left[3])


def test_what_the_base_has_none_of_is_unknown_and_takes_nothing_off() -> None:
    base = facts_of(failing(UNPAID), Customer("b", days_ago(1, 2, 3)))
    parameters = credit.fit(base, credit.Rules())
    assert parameters.refused is None
    found = credit.apply(base, parameters).collect()
    assert found["credit_refused_share"].to_list() == [None, None]
    assert found["credit_score"].is_not_null().all()
    assert "credit_refused_share is unknown for all: no such order is in the base" in parameters.warnings


def test_where_nothing_ever_failed_there_is_nothing_to_grade_by() -> None:
    base = facts_of(Customer(purchases=days_ago(1, 2)))
    parameters = credit.fit(base, credit.Rules())
    assert credit.apply(base, parameters).collect()["credit_grade"].to_list() == [None]
    assert "credit_grade is unknown for all: no order of the base failed in a way that has a weight" in parameters.warnings


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"refused_weight": 2}, "credit.refused_weight is 2; expected a number from 0 to 1", id="weight"),
        pytest.param({"b_line": 5}, "credit.c_line is 4.0; expected at least b_line, which is 5", id="lines crossed"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        credit.Rules(**rules)


# ── What holds for every customer ────────────────────────────────────────────────────────────────────────────────────

for_every_customer = settings(deadline=None, max_examples=60)
PRIORS = st.builds(shares.Prior, mean=st.floats(0.001, 0.9), strength=st.floats(0.5, 50), is_fitted=st.just(value=True))
PARAMETERS = st.builds(
    credit.Parameters,
    rules=st.builds(credit.Rules, unpaid_weight=st.floats(0, 1), returned_weight=st.floats(0, 1)),
    unpaid=PRIORS,
    cancelled_after_shipping=PRIORS,
    refused=st.one_of(st.none(), PRIORS),
    returned=PRIORS,
    base_score=st.floats(1, 99),
    warnings=st.just(()),
)


def _worse_or_equal(worse: Customer, better: Customer, parameters: credit.Parameters) -> bool:
    found = graded(better, worse, parameters=parameters)
    grades, scores = found["credit_grade"].to_list(), found["credit_score"].to_list()
    return bool(scores[1] <= scores[0] + 1e-9 and grades[1] >= grades[0])


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS, kind=st.sampled_from([UNPAID, CANCELLED, REFUSED]))
def test_one_more_order_that_failed_never_improves_the_grade(customer: Customer, parameters: credit.Parameters, kind: int) -> None:
    assume(customer.purchases or any(customer.failures[:3]))
    failures = tuple(count + (place == kind) for place, count in enumerate(customer.failures))
    assert _worse_or_equal(replace(customer, failures=failures), customer, parameters)


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS)
def test_a_return_of_what_was_bought_never_improves_the_grade(customer: Customer, parameters: credit.Parameters) -> None:
    assume(len(customer.purchases) > customer.failures[RETURNED])
    returned = (*customer.failures[:3], customer.failures[RETURNED] + 1)
    assert _worse_or_equal(replace(customer, failures=returned), customer, parameters)


@for_every_customer
@given(customer=CUSTOMERS, parameters=PARAMETERS)
def test_one_more_order_that_went_well_never_worsens_the_grade(customer: Customer, parameters: credit.Parameters) -> None:
    assume(len(customer.purchases) >= customer.failures[RETURNED] and (customer.purchases or any(customer.failures[:3])))
    assert _worse_or_equal(customer, replace(customer, purchases=(*customer.purchases, *days_ago(0.5))), parameters)
