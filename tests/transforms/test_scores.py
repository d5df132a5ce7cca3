"""All scores together: their schema, their parameters as JSON and as rows, and that no customer's scores hang on another's row."""

import json
from datetime import date
from decimal import Decimal
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import abc, lifecycle, rfm, scores
from transforms.schemas import CUSTOMER_FACTS, CUSTOMER_SCORES, MONEY, SCORES_THAT_MOVE

from .histories import Customer, bases, days_ago, facts_of

BASE = [
    Customer("a", days_ago(1, 40, 80, 120, 160), reviews=((days_ago(3)[0], 5),)),
    Customer("b", days_ago(90)),
    Customer("c"),
    Customer("d", days_ago(300, 320), complaints=((days_ago(2)[0], True),)),
]
RULES = st.builds(
    scores.Rules,
    rfm=st.sampled_from([rfm.Rules(preset) for preset in rfm.PRESETS]),
    abc=st.builds(abc.Rules, a_share=st.floats(0, 0.8), b_share=st.floats(0.8, 1)),
    lifecycle=st.builds(lifecycle.Rules, overdue_at=st.floats(1, 3), stable_purchase_days=st.integers(3, 5)),
)
MODELS = {"rfm", "abc", "clv", "quality", "credit", "preferences", "satisfaction", "lifecycle", "loyalty"}
for_every_base = settings(deadline=None, max_examples=40)


def scored(customers: list[Customer], parameters: scores.Parameters) -> pl.DataFrame:
    return scores.apply(facts_of(*customers), parameters).sort("customer_id").collect()


@pytest.mark.parametrize(
    "customers", [pytest.param(BASE, id="a base"), pytest.param(BASE[2:3], id="a prospect"), pytest.param([], id="nobody")]
)
def test_scores_have_exactly_the_schema_of_customer_scores(customers: list[Customer]) -> None:
    parameters = scores.fit(facts_of(*customers), scores.Rules())
    result = scored(customers, parameters)
    assert result.schema == CUSTOMER_SCORES
    assert result["customer_id"].to_list() == [customer.customer_id for customer in customers]


def test_apply_is_lazy_and_knows_its_schema_without_data() -> None:
    parameters = scores.fit(facts_of(*BASE), scores.Rules())
    result = scores.apply(pl.LazyFrame(schema=dict(CUSTOMER_FACTS)), parameters)
    assert result.collect_schema() == CUSTOMER_SCORES


@for_every_base
@given(customers=bases(), rules=RULES)
def test_parameters_read_back_from_json_are_the_same_and_give_the_same_scores(customers: list[Customer], rules: scores.Rules) -> None:
    parameters = scores.fit(facts_of(*customers), rules)
    read_back = scores.Parameters.from_json(parameters.to_json())
    assert read_back == parameters
    assert_frame_equal(scored(customers, read_back), scored(customers, parameters))


@for_every_base
@given(customers=bases(min_size=1), rules=RULES, randomly=st.randoms(use_true_random=False))
def test_the_scores_of_some_customers_are_some_of_the_scores(customers: list[Customer], rules: scores.Rules, randomly: Random) -> None:
    parameters = scores.fit(facts_of(*customers), rules)
    some = randomly.sample(customers, randomly.randint(0, len(customers)))
    ids = [customer.customer_id for customer in some]
    assert_frame_equal(scored(some, parameters), scored(customers, parameters).filter(pl.col("customer_id").is_in(ids)))


def test_portions_of_customers_are_together_the_scores_of_all() -> None:
    facts = facts_of(*(Customer(f"C{number}") for number in range(5)))
    parameters = scores.fit(facts, scores.Rules())
    portions = [portion.collect() for portion in scores.portions(facts, parameters, customers=2)]
    assert [portion.height for portion in portions] == [2, 2, 1]
    assert_frame_equal(pl.concat(portions), scores.apply(facts, parameters).collect())


def test_the_digest_is_another_where_a_score_is_but_for_those_that_move() -> None:
    def digest(**scored: object) -> int:
        return int(scores.with_digest(pl.LazyFrame([scored], schema=CUSTOMER_SCORES)).collect()["digest"].item())

    other = {pl.String: "x", pl.Boolean: True, pl.Date: date(2025, 1, 1), MONEY: Decimal(1)}
    same = {name for name, kind in CUSTOMER_SCORES.items() if digest(**{name: other.get(kind, 1)}) == digest()}
    assert same == SCORES_THAT_MOVE


@for_every_base
@given(customers=bases(), randomly=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_parameter(customers: list[Customer], randomly: Random) -> None:
    reordered = randomly.sample(customers, len(customers))
    fitted, refitted = (scores.fit(facts_of(*base), scores.Rules()) for base in (customers, reordered))
    assert refitted == fitted


@for_every_base
@given(customers=bases(min_size=1))
def test_no_score_is_nan(customers: list[Customer]) -> None:
    result = scored(customers, scores.fit(facts_of(*customers), scores.Rules()))
    assert result.select(pl.col(pl.Float64).is_nan().any()).row(0).count(True) == 0
    assert result.select(pl.col(pl.Float64).is_infinite().any()).row(0).count(True) == 0


def test_parameters_as_rows_name_model_and_path_with_the_value_as_json() -> None:
    rows = scores.fit(facts_of(*BASE), scores.Rules()).to_rows()
    values = {(model, parameter): json.loads(value) for model, parameter, value in rows}
    assert len(values) == len(rows)
    assert values["lifecycle", "rules.overdue_at"] == 3.0
    assert values["rfm", "frequency.thresholds"] == pytest.approx([1.4, 1.8, 2.6, 3.8])
    assert values["abc", "a_cut.customer_id"] == "d"
    assert values["rfm", "groups_zh"]["lost"] == "流失客户"
    assert {model for model, _ in values} == MODELS


def test_warnings_begin_with_the_name_of_their_model() -> None:
    warnings = scores.fit(facts_of(Customer()), scores.Rules()).warnings
    assert "rfm: no customer has a purchase: there is nothing to cut" in warnings
    assert {warning.split(":")[0] for warning in warnings} == MODELS


def changed(text: str, model: str, **changes: object) -> str:
    stored = json.loads(text)
    stored[model] |= changes
    return json.dumps(stored)


OUT_OF_RANGE = {"form": "money", "a_share": 7, "b_share": 8, "a_customers": 0.2, "b_customers": 0.5}


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        pytest.param("abc", {"colour": 1}, r"parameters.abc: expected rules, a_cut.*unknown: colour", id="unknown parameter"),
        pytest.param(
            "lifecycle", {"rules": {}}, r"parameters.lifecycle.rules: expected .*missing or unknown: base_gap_weight", id="no rules"
        ),
        pytest.param(
            "abc",
            {"rules": OUT_OF_RANGE},
            r"abc.a_share is 7; expected a number from 0 to 1",
            id="out of range",
        ),
        pytest.param("rfm", {"recency": 5}, r"parameters.rfm.recency: expected thresholds", id="not an object"),
    ],
)
def test_stored_parameters_that_are_wrong_are_refused(model: str, changes: dict[str, object], message: str) -> None:
    text = scores.fit(facts_of(*BASE), scores.Rules()).to_json()
    with pytest.raises(ValueError, match=message):
        scores.Parameters.from_json(changed(text, model, **changes))
