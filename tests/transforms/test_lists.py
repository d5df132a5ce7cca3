"""Members of lists: order, size, reasons, and nothing that depends on how the input was ordered."""

from datetime import datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import lists, schemas
from transforms.contact import ContactRules
from transforms.lists import Wording, build

from .marketing import AS_OF, IDS, NO_HOLDOUT, a_list, contacts, customers_360, statuses, touches


def test_a_list_ends_with_the_last_customer_it_may_send_to_and_counts_whom_it_passed_over():
    base = customers_360(*({"customer_id": f"c{n}", "net_amount": Decimal(100 - n)} for n in range(6)))
    book = contacts(*({"customer_id": f"c{n}", "email_consent": n not in (0, 4)} for n in range(6)))
    members = build(base, book, touches(), [a_list(size_limit=2)], NO_HOLDOUT, AS_OF)
    assert list(statuses(members).items()) == [("c0", "no_consent"), ("c1", "send"), ("c2", "send")]


@given(order=st.permutations(range(6)))
@settings(deadline=None, max_examples=20)
def test_the_order_of_the_input_rows_changes_nothing(order):
    rows = [
        {"customer_id": f"c{n}", "net_amount": [None, Decimal(5), Decimal(5), Decimal("7.5"), Decimal(-1), Decimal(5)][n]} for n in range(6)
    ]
    book = contacts(*({"customer_id": f"c{n}"} for n in range(6)))
    members = build(customers_360(*(rows[n] for n in order)), book, touches(), [a_list()], NO_HOLDOUT, AS_OF)
    assert members["customer_id"].to_list() == ["c3", "c1", "c2", "c5", "c4", "c0"]  # most first, ties by id, unknown last


@pytest.mark.parametrize("at_a_time", [1, 3, 7])
def test_lists_are_the_same_however_many_customers_are_looked_at_at_a_time(monkeypatch, at_a_time):
    people = [{"customer_id": f"c{number}", "orders_count": number % 4, "net_amount": Decimal(number % 3)} for number in range(7)]
    known = contacts(*({"customer_id": row["customer_id"], "email": "a@b.c", "email_consent": True} for row in people))
    both = [
        a_list(name=name, filter="orders_count > 0", order_by=("net_amount desc",), size_limit=limit)
        for name, limit in [("a", 3), ("b", None)]
    ]
    wanted = build(customers_360(*people), known, touches(), both, NO_HOLDOUT, AS_OF)
    monkeypatch.setattr(lists, "CUSTOMERS_AT_A_TIME", at_a_time)
    assert_frame_equal(build(customers_360(*people), known, touches(), both, NO_HOLDOUT, AS_OF), wanted)
    assert wanted["list_name"].value_counts().height == 2


def test_members_of_no_list_and_of_no_customer_have_the_published_columns():
    for base, definitions in [(customers_360(), [a_list()]), (customers_360({"customer_id": "c1"}), [])]:
        members = build(base, contacts(), touches(), definitions, NO_HOLDOUT, AS_OF)
        assert members.schema == schemas.LIST_MEMBERS
        assert members.is_empty()


def test_a_customer_for_whom_the_condition_is_unknown_is_not_chosen():
    members = build(customers_360({"customer_id": "c1"}), contacts(), touches(), [a_list(filter="mean_rating < 3")], NO_HOLDOUT, AS_OF)
    assert members.is_empty()


def test_contact_details_given_twice_are_refused_instead_of_doubling_the_list():
    with pytest.raises(pl.exceptions.PolarsError, match="1:1"):
        build(
            customers_360({"customer_id": "c1"}),
            contacts({"customer_id": "c1"}, {"customer_id": "c1"}),
            touches(),
            [a_list()],
            NO_HOLDOUT,
            AS_OF,
        )


def test_the_reason_says_it_in_words():
    customer = {
        "customer_id": "c1",
        "orders_count": 12,
        "recency_days": 1,
        "net_amount": Decimal("1234.5650"),
        "mean_rating": 4.25,
        "last_order_at": datetime(2024, 6, 29, 8),
        "rfm_group": "loyal_customers",
        "previous_rfm_group": "at_risk",
    }
    reason = Wording(
        en="{rfm_group}, was {previous_rfm_group}; {orders_count:time}, {recency_days:day} ago ({last_order_at}); "
        "{net_amount} {mean_rating} {{}}; {preferred_category}",
        zh="{rfm_group}，原为{previous_rfm_group}；{orders_count} 次；{net_amount} {preferred_category}",
    )
    members = build(customers_360(customer), contacts(), touches(), [a_list(reason=reason)], NO_HOLDOUT, AS_OF)
    assert members["reason"].item() == "loyal customers, was at risk; 12 times, 1 day ago (2024-06-29); 1234.57 4.3 {}"
    assert members["reason_zh"].item() == "忠诚客户，原为流失风险客户；12 次"


def test_lists_are_built_in_the_order_given_and_the_same_each_time():
    base = customers_360(*({"customer_id": customer_id, "net_amount": Decimal(1)} for customer_id in IDS.head(50)))
    book = contacts(*({"customer_id": customer_id} for customer_id in IDS.head(50)))
    definitions = [a_list(name="second"), a_list(name="first")]
    members = build(base, book, touches(), definitions, ContactRules(), AS_OF)
    assert members["list_name"].unique(maintain_order=True).to_list() == ["second", "first"]
    assert_frame_equal(members, build(base, book, touches(), definitions, ContactRules(), AS_OF))
