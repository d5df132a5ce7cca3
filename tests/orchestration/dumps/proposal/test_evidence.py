"""A feed is proposed only where its required columns are there and hold what they should."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.proposal import vocabulary
from orchestration.dumps.proposal.draft import BY_ADDRESS, NOBODY, ONE_AT_A_TIME, ONE_EACH, REVIEWS_ALIKE, Draft, NoEvidence
from tests.orchestration.dumps.proposal.conftest import Propose

DUMPS = {
    "order lines": ("orders", "order no,customer no,order date,sku,qty,price\n1,C1,2026-03-01,P,2,9.90\n"),
    "order lines under German names": ("orders", "Bestellnr;Kundennr;Bestelldatum;Artikel;Menge;Einzelpreis\n1;K1;31.03.2026;Tee;2;9,90\n"),
    "order lines under Chinese names": ("orders", "订单号,买家账号,下单时间,商品名称,数量,单价\n1,a,2026-03-01 10:00:00,茶,1,9.9\n"),
    "lines apart from their orders, with a date of their own": (
        "order_items",
        "order id,product id,quantity,price,ship until\n1,P,2,9.90,2026-03-01\n",
    ),
    "lines apart from their orders": ("order_items", "order id,product id,quantity,price\n1,P,2,9.90\n"),
    "orders apart from their lines": ("order_headers", "order id,customer id,order date,status\n1,C1,2026-03-01,paid\n"),
    "payments": ("payments", "payment id,order id,customer email,amount,payment method,paid at\n1,7,a@x.com,5.00,card,2026-03-01\n"),
    "reviews": ("reviews", "review id,product id,stars,review,review date\nr1,p1,5,good,2026-03-01\n"),
    "customers without an id": ("customers", "name,email,registered at\nAnn,a@x.com,2026-03-01\n"),
    "customers": ("customers", "customer id,name,email,registered at\nC1,Ann,a@x.com,2026-03-01\n"),
    "products": ("products", "sku,product name,category\nP,Tea,Drinks\n"),
    "consents": ("consents", "customer id,channel,is granted,changed at\nC1,email,yes,2026-03-01\n"),
    "opt-outs": ("opt_outs", "email address,unsubscribe time,reason\na@x.com,2026-03-01 10:00:00,none\n"),
    "tickets": ("tickets", "ticket id,customer id,subject,created at\nT,C1,late,2026-03-01\n"),
    "contacts": ("contacts", "customer id,channel,campaign,sent at\nC1,email,spring,2026-03-01\n"),
    "exchange rates": ("exchange_rates", "date,from currency,to currency,rate\n2026-03-01,USD,CNY,7.1\n"),
}


@pytest.mark.parametrize(("feed", "dump"), DUMPS.values(), ids=DUMPS)
def test_a_dump_is_the_feed_whose_columns_it_has(propose: Propose, feed: str, dump: str) -> None:
    made = propose(dump)
    assert isinstance(made, Draft)
    assert (made.feed, made.open_marks) == (feed, ())


TOO_LITTLE = {
    "charges that name no order": "id,Created (UTC),Amount,Customer Email,Status\nch_1,2026-03-01 10:00:00,5.00,a@x.com,Paid\n",
    "stock": "warehouse,shelf,checked at\nA,7,2026-03-01\n",
    "a price list": "order date,sku,qty,price\n2026-03-01,P,2,9.90\n",
    "visits": "session,page,visited at\n1,/tea,2026-03-01\n",
    "a list of words": "word\nalpha\nbeta\n",
}


@pytest.mark.parametrize("dump", TOO_LITTLE.values(), ids=TOO_LITTLE)
def test_nothing_is_proposed_without_evidence(propose: Propose, dump: str) -> None:
    assert isinstance(propose(dump), NoEvidence)


NOT_TYPED = {
    "a price": ("price", "1,C1,2026-03-01,P,2,cheap"),
    "a quantity": ("qty", "1,C1,2026-03-01,P,some,9.90"),
    "a date": ("order date", "1,C1,soon,P,2,9.90"),
}


@pytest.mark.parametrize(("column", "row"), NOT_TYPED.values(), ids=NOT_TYPED)
def test_a_required_column_that_holds_something_else_is_marked(propose: Propose, column: str, row: str) -> None:
    made = propose(f"order no,customer no,order date,sku,qty,price\n{row}\n")
    assert isinstance(made, Draft)
    assert made.feed == "orders"
    assert [guess.source for guess in made.columns.values() if re.match("no (date|plain number)", guess.doubt)] == [column]


ABSENT = {
    "who bought": ("order no,order date,sku,qty,price\n1,2026-03-01,P,2,9.90\n", (), (NOBODY,)),
    "who bought, but for an address": ("order no,email,order date,sku,qty,price\n1,a@x.com,2026-03-01,P,2,9.90\n", (), (BY_ADDRESS,)),
    "how many pieces": ("order no,customer no,order date,sku,price\n1,C1,2026-03-01,P,9.90\n", (ONE_EACH,), ()),
    "an order": ("customer no,order date,sku,qty,price\nC1,2026-03-01,P,2,9.90\n", (ONE_AT_A_TIME,), ()),
    "a price": (
        "order no,customer no,order date,sku,qty\n1,C1,2026-03-01,P,2\n",
        ("unit_price is required, and no column seems to hold it",),
        (),
    ),
}


@pytest.mark.parametrize(("dump", "marks", "notes"), ABSENT.values(), ids=ABSENT)
def test_what_an_order_file_lacks_is_marked_or_said(propose: Propose, dump: str, marks: tuple[str, ...], notes: tuple[str, ...]) -> None:
    made = propose(dump)
    assert isinstance(made, Draft)
    assert (made.feed, made.open_marks, made.notes) == ("orders", marks, notes)


def test_what_a_customer_buys_at_one_time_is_an_order_where_none_is_named(propose: Propose) -> None:
    made = propose(
        "customer no,order date,sku,qty,price,shipping\nC1,2026-03-01,P,2,9.90,6\nC1,2026-03-01,Q,1,5,6\nC2,2026-03-01,P,1,9.90,4\n"
    )
    assert isinstance(made, Draft)
    assert made.layout == {"made": {"order": {"join": ["customer no", "order date"]}}}
    assert (made.columns["order_id"].source, made.columns["shipping_amount"].keys) == ("order", ("of: order",))


def test_ids_that_look_like_phones_are_none(propose: Propose) -> None:
    reviews = "{},stars,review,review date\n15874302841,5,good,2026-03-01\n15874302842,1,bad,2026-03-02\n"
    for name, feed_has_phone in (("review no", False), ("comment serial 编号", False), ("who", True)):
        made = propose(reviews.format(f"product id,{name}").replace("\n1", "\np,1"))
        assert isinstance(made, Draft)
        assert ("phone" in made.columns) == feed_has_phone


@pytest.mark.parametrize("place", [10, 1000], ids=["first", "later"])
def test_of_a_wide_dump_the_first_columns_are_judged_by_their_values_and_all_by_their_names(propose: Propose, place: int) -> None:
    names = [f"col {number}" for number in range(1100)]
    values = ["7"] * len(names)
    names[place], values[place] = "who", "a@x.com"
    names[1050:1050], values[1050:1050] = ["order no", "order date", "sku", "qty", "price"], ["1", "2026-03-01", "P", "2", "9.90"]
    made = propose(f"{','.join(names)}\n{','.join(values)}\n")
    assert isinstance(made, Draft)
    assert (made.columns["unit_price"].source, "email" in made.columns) == ("price", place == 10)


NAMES = sorted({name for feed in FEEDS.values() for column in feed for name in vocabulary.names_of(column.name)})
VALUES = st.sampled_from(["a@x.com", "2026-03-01", "yes", "email", "9.90", "7", "C1", "paid", "Tea", ""])


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_file_of_orders_or_payments_becomes_a_refusal_a_consent_or_a_catalogue(propose: Propose, data: st.DataObject) -> None:
    others = data.draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    header = [*others, data.draw(st.sampled_from(["order id", "订单号", "Bestellnummer"]))]
    row = [*(data.draw(VALUES) for _ in others), "100234"]
    made = propose(f"{','.join(header)}\n{','.join(row)}\n{','.join(row)}\n")
    assert isinstance(made, NoEvidence) or made.feed not in ("consents", "opt_outs", "products", "customers")


def test_words_that_a_column_does_not_know_are_left(propose: Propose) -> None:
    made = propose("payment id,order id,amount,state\n1,7,5.00,Paid\n2,8,5.00,bounced\n")
    assert isinstance(made, Draft)
    assert made.words == {"state": ("bounced",)}


REVIEWS = {
    "of other products or days": (
        "p1,5,2026-03-01,a@x.com\np2,5,2026-03-01,a@x.com\n",
        {"review": {"join": ["product id", "date", "stars"]}},
    ),
    "of other persons": (
        "p1,5,2026-03-01,a@x.com\np1,5,2026-03-01,b@x.com\n",
        {
            "writer": {"first_of": ["email", "stars"]},
            "review": {"join": ["product id", "date", "stars", "writer"], "hashed": True},
        },
    ),
}


@pytest.mark.parametrize(("rows", "layout"), REVIEWS.values(), ids=REVIEWS)
def test_reviews_without_an_id_get_one_that_tells_them_apart(propose: Propose, rows: str, layout: dict[str, object]) -> None:
    made = propose(f"product id,stars,date,email\n{rows}")
    assert isinstance(made, Draft)
    assert (made.feed, made.layout, made.open_marks) == ("reviews", {"made": layout}, ())


def test_reviews_that_nothing_tells_apart_are_marked(propose: Propose) -> None:
    made = propose("product id,stars,date\np1,5,2026-03-01\np1,5,2026-03-01\n")
    assert isinstance(made, Draft)
    assert made.open_marks == (REVIEWS_ALIKE,)
