"""Suppression beyond consent on record: opt-outs, personalisation, caps across lists, cool-downs, and the second look at download time."""

import dataclasses
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import schemas
from transforms.contact import ALL, CHANNELS, PERSONALISATION, STATUSES, ContactRules, last_words, opted_out
from transforms.lists import build, general, still_allowed

from .marketing import AS_OF, IDS, NO_HOLDOUT, a_list, contacts, customers_360, statuses, touches

OUT = {"customer_id": pl.String, "channel": pl.String}
SAID = {"customer_id": pl.String, "channel": pl.String, "is_granted": pl.Boolean, "changed_at": schemas.TIMESTAMP}
OPTED = {"customer_id": pl.String, "channel": pl.String, "opted_out_at": schemas.TIMESTAMP}
HISTORY = schemas.PAST_LISTS
EVERY_LIST = dataclasses.replace(NO_HOLDOUT, one_list_per="list")


def out(*rows: tuple[str, str]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=OUT, orient="row")


def days_before(days: int) -> datetime:
    return datetime(AS_OF.year, AS_OF.month, AS_OF.day, 8) - timedelta(days=days)


ALWAYS = {"customer_id": "c1", "has_open_complaint": True}
EVERYTHING = {
    "erased": pl.LazyFrame({"customer_id": ["c1"]}),
    "contact": {"email_consent": False, "email": None},
    "opt_outs": out(("c1", ALL), ("c1", PERSONALISATION)),
    "touches": touches(*[("c1", days_before(day)) for day in range(4)]),
    "history": pl.LazyFrame([("all", "c1", date(2024, 6, 29))], schema=HISTORY, orient="row"),
}


@pytest.mark.parametrize("step", range(9))
def test_of_all_reasons_at_once_the_first_in_the_stated_order_counts_and_then_the_next(step):
    """Takes the reasons away one by one, from the first on."""
    given_up, customer, contact, rules = dict(EVERYTHING), dict(ALWAYS), dict(EVERYTHING["contact"]), EVERY_LIST
    order = ["erased", "no_consent", "unsubscribed", "no_personalisation", "no_address", "complaint_cool_down"]
    order += ["contacted_recently", "frequency_cap", "list_cool_down"]
    gone = order[:step]
    if "erased" in gone:
        given_up["erased"] = None
    if "no_consent" in gone:
        contact["email_consent"] = True
    if "unsubscribed" in gone:
        given_up["opt_outs"] = out(("c1", PERSONALISATION))
    if "no_personalisation" in gone:
        given_up["opt_outs"] = None
    if "no_address" in gone:
        contact["email"] = "ann@example.com"
    if "complaint_cool_down" in gone:
        customer["has_open_complaint"] = False
    if "contacted_recently" in gone:
        rules = dataclasses.replace(rules, quiet_days=0)
    if "frequency_cap" in gone:
        rules = dataclasses.replace(rules, max_campaigns=5)
    members = build(
        customers_360(customer),
        contacts({"customer_id": "c1", **contact}),
        given_up["touches"],
        [a_list(cool_down_days=30)],
        rules,
        AS_OF,
        given_up["erased"],
        given_up["opt_outs"],
        given_up["history"],
    )
    assert statuses(members) == {"c1": order[step]}
    assert [status for status in STATUSES if status in order] == order


@pytest.mark.parametrize(
    ("opted", "said", "expected"),
    [
        pytest.param([("email", 5)], [], {"email"}, id="of one channel"),
        pytest.param([(ALL, 5)], [], set(CHANNELS), id="of all channels"),
        pytest.param([("email", 5)], [("email", True, 4)], {"email"}, id="a consent from before does not count"),
        pytest.param([("email", 5)], [("email", True, 5)], {"email"}, id="nor one at the same moment"),
        pytest.param([("email", 5)], [("email", True, 6)], set(), id="a later consent takes it back"),
        pytest.param([(ALL, 5)], [("sms", True, 6)], set(CHANNELS) - {"sms"}, id="for its own channel only"),
        pytest.param([("email", 5), ("email", 7)], [("email", True, 6)], {"email"}, id="and who opts out again is out again"),
        pytest.param([], [("email", False, 5)], set(), id="a refusal is told by the consents themselves"),
        pytest.param([], [(PERSONALISATION, False, 5)], {PERSONALISATION}, id="but for personalisation"),
        pytest.param([], [(PERSONALISATION, False, 5), (PERSONALISATION, True, 6)], set(), id="which can be granted again"),
        pytest.param([(PERSONALISATION, 5)], [("email", True, 9)], {PERSONALISATION}, id="by nothing but its own word"),
    ],
)
def test_an_opt_out_holds_until_consent_to_the_same_is_given_later(opted, said, expected):
    at = datetime(2024, 6, 1)
    found = opted_out(
        pl.LazyFrame([("c1", channel, at + timedelta(days=day)) for channel, day in opted], schema=OPTED, orient="row"),
        pl.LazyFrame(
            [("c1", channel, is_granted, at + timedelta(days=day)) for channel, is_granted, day in said], schema=SAID, orient="row"
        ),
    ).collect()
    assert found["customer_id"].to_list() == ["c1"] * len(expected)
    assert set(found["channel"]) == expected


@pytest.mark.parametrize(
    ("said", "consent"),
    [
        pytest.param([(True, 1)], True, id="granted"),
        pytest.param([(False, 1)], False, id="refused"),
        pytest.param([(False, 1), (True, 2)], True, id="granted later than refused"),
        pytest.param([(True, 1), (False, 2)], False, id="refused later than granted"),
        pytest.param([(True, 1), (False, 1)], False, id="both at one moment, the refusal delivered last"),
        pytest.param([(False, 1), (True, 1)], False, id="both at one moment, the grant delivered last"),
        pytest.param([(False, 1), (True, 2), (False, 2), (True, 2)], False, id="a moment that disagrees, after others"),
        pytest.param([(False, 2), (True, 2), (True, 3)], True, id="granted again after such a moment"),
    ],
)
def test_a_consent_holds_only_where_it_was_granted_later_than_it_was_last_refused(said, consent):
    rows = [("c1", "email", is_granted, datetime(2024, 6, day)) for is_granted, day in said]
    found = last_words(pl.LazyFrame(rows, schema=SAID, orient="row")).collect()
    assert found.row(0, named=True) == {
        "customer_id": "c1", "email_consent": consent, "sms_consent": None, "wechat_consent": None, "phone_consent": None
    }  # fmt: skip


MOMENTS = st.integers(0, 6)
PERSON = st.fixed_dictionaries(
    {
        "said": st.lists(st.tuples(st.sampled_from([*CHANNELS, PERSONALISATION]), st.booleans(), MOMENTS), max_size=6),
        "opted": st.lists(st.tuples(st.sampled_from([*CHANNELS, PERSONALISATION, ALL]), MOMENTS), max_size=3),
        "is_erased": st.booleans(),
    }
)


@given(people=st.lists(PERSON, min_size=1, max_size=25), one_list_per=st.sampled_from(["customer", "channel", "list"]))
@settings(deadline=None, max_examples=15)
def test_whatever_people_said_and_when_nobody_is_on_a_list_whose_channel_they_did_not_agree_to_last(people, one_list_per):
    at = datetime(2024, 6, 1)
    said = [(f"c{n}", c, yes, at + timedelta(days=day)) for n, person in enumerate(people) for c, yes, day in person["said"]]
    opted = [(f"c{n}", c, at + timedelta(days=day)) for n, person in enumerate(people) for c, day in person["opted"]]
    consents = pl.LazyFrame(said, schema=SAID, orient="row")
    book = contacts(*({"customer_id": f"c{n}"} for n in range(len(people)))).drop([f"{channel}_consent" for channel in CHANNELS])
    definitions = [
        a_list(name="email_any", channel="email", filter="true"),
        *(a_list(name=c, channel=c) for c in ("email", "sms", "wechat")),
    ]
    members = build(
        customers_360(*({"customer_id": f"c{n}"} for n in range(len(people)))),
        book.join(last_words(consents), on="customer_id", how="left"),
        touches(),
        definitions,
        ContactRules(holdout_share=0.2, one_list_per=one_list_per),
        AS_OF,
        pl.LazyFrame(
            {"customer_id": [f"c{n}" for n, person in enumerate(people) if person["is_erased"]]}, schema={"customer_id": pl.String}
        ),
        opted_out(pl.LazyFrame(opted, schema=OPTED, orient="row"), consents),
    )
    assert members.height == len(definitions) * len(people)  # chosen = sent + dropped: each stands there once, under one reason
    assert set(members["status"]) <= set(STATUSES)
    turns: set[tuple[str, str]] = set()
    for name, customer_id, channel, status in members.select("list_name", "customer_id", "channel", "status").iter_rows():
        if status not in ("send", "holdout"):
            continue
        person = people[int(customer_id[1:])]
        agreed = max([day for c, yes, day in person["said"] if c == channel and yes], default=-1)
        refused = [day for c, yes, day in person["said"] if c == channel and not yes]
        refused += [day for c, day in person["opted"] if c in (channel, ALL)]
        assert not person["is_erased"]
        assert agreed > max(refused, default=-1)
        if not name.endswith("_any"):
            yes = max([day for c, is_yes, day in person["said"] if c == PERSONALISATION and is_yes], default=-1)
            no = [day for c, is_yes, day in person["said"] if c == PERSONALISATION and not is_yes]
            no += [day for c, day in person["opted"] if c == PERSONALISATION]
            assert yes > max(no, default=-1) or not no
        turn = (customer_id, {"customer": "", "channel": channel, "list": name}[one_list_per])
        assert turn not in turns
        turns.add(turn)


def of_lists(definitions, rules, **options) -> dict[str, dict[str, str]]:
    members = build(customers_360({"customer_id": "c1"}), contacts({"customer_id": "c1"}), touches(), definitions, rules, AS_OF, **options)
    return {name: statuses(part) for (name,), part in members.partition_by("list_name", as_dict=True).items()}


FOUR = [
    a_list(name="calls", channel="phone"), a_list(name="news", priority=60), a_list(name="offer"), a_list(name="thanks", priority=40)
]  # fmt: skip


@pytest.mark.parametrize(
    ("one_list_per", "sent"),
    [("customer", {"thanks"}), ("channel", {"thanks", "calls"}), ("list", {"calls", "news", "offer", "thanks"})],
)
def test_who_is_on_several_lists_is_sent_the_first_by_priority_then_by_order(one_list_per, sent):
    found = of_lists(FOUR, dataclasses.replace(NO_HOLDOUT, one_list_per=one_list_per))
    assert list(found) == ["calls", "news", "offer", "thanks"]
    assert {name for name, members in found.items() if members == {"c1": "send"}} == sent
    assert {name for name, members in found.items() if members == {"c1": "other_list"}} == set(found) - sent


def test_who_is_held_out_of_a_list_gets_no_other_one_in_its_place():
    base = customers_360(*({"customer_id": customer_id} for customer_id in IDS.head(200)))
    book = contacts(*({"customer_id": customer_id} for customer_id in IDS.head(200)))
    members = build(base, book, touches(), [a_list(name="a", holdout_share=0.5), a_list(name="b")], NO_HOLDOUT, AS_OF)
    assert set(members.filter(list_name="a")["status"]) == {"send", "holdout"}
    assert set(members.filter(list_name="b")["status"]) == {"other_list"}


def test_who_is_cut_off_by_a_size_limit_is_free_for_the_next_list():
    base, book = customers_360({"customer_id": "c1"}, {"customer_id": "c2"}), contacts({"customer_id": "c1"}, {"customer_id": "c2"})
    members = build(base, book, touches(), [a_list(name="a", size_limit=1), a_list(name="b")], NO_HOLDOUT, AS_OF)
    assert members.select("list_name", "customer_id", "status").rows() == [
        ("a", "c1", "send"), ("b", "c1", "other_list"), ("b", "c2", "send")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "day", "expected"),
    [
        ("all", date(2024, 6, 24), "list_cool_down"),
        ("all", date(2024, 6, 23), "send"),
        ("other", date(2024, 6, 29), "send"),
        ("all", AS_OF, "send"),
        ("all", date(2024, 7, 1), "send"),
    ],
    ids=["6 days ago", "7 days ago", "on another list", "a run of the same day done again", "later"],
)
def test_who_was_on_a_list_is_not_on_it_again_within_its_cool_down(name, day, expected):
    past = pl.LazyFrame([(name, "c1", day)], schema=HISTORY, orient="row")
    assert of_lists([a_list(cool_down_days=7)], NO_HOLDOUT, history=past) == {"all": {"c1": expected}}
    assert of_lists([a_list()], NO_HOLDOUT, history=past) == {"all": {"c1": "send"}}


@pytest.mark.parametrize(("ago", "expected"), [([20, 25, 29], "frequency_cap"), ([20, 25, 30], "send"), ([20, 25], "send")])
def test_no_more_than_so_many_campaigns_within_so_many_days_over_all_lists(ago, expected):
    rules = dataclasses.replace(NO_HOLDOUT, max_campaigns=3)
    touched = touches(*(("c1", days_before(days)) for days in ago))
    members = build(customers_360({"customer_id": "c1"}), contacts({"customer_id": "c1"}), touched, [a_list()], rules, AS_OF)
    assert statuses(members) == {"c1": expected}


def test_an_internal_list_holds_everybody_but_the_erased_and_is_nobodys_turn():
    base = customers_360({"customer_id": "c1", "has_open_complaint": True}, {"customer_id": "c2"})
    members = build(
        base,
        contacts({"customer_id": "c1", "email_consent": False}),
        touches(("c1", days_before(1))),
        [a_list(name="watch", channel="none", priority=1, holdout_share=0.5), a_list()],
        dataclasses.replace(NO_HOLDOUT, quiet_days=0, complaint_cool_down_days=0),
        AS_OF,
        pl.LazyFrame({"customer_id": ["c2"]}),
        out(("c1", ALL)),
    )
    assert statuses(members.filter(list_name="watch")) == {"c1": "listed", "c2": "erased"}
    assert statuses(members.filter(list_name="all"))["c1"] == "no_consent"


def test_the_general_form_of_a_list_looks_at_nobody_and_takes_those_who_refused_personalisation():
    chosen = a_list(filter="abc_class = 'A'", columns=("city",), size_limit=1, order_by=("clv_365d desc",), offers_price=True)
    form = general(chosen)
    assert (chosen.traits, form.traits, form.price_varies_by) == (("abc_class", "clv_365d"), (), ())
    assert (form.suggested_action, form.channel) == (chosen.suggested_action, chosen.channel)
    base = customers_360(*({"customer_id": f"c{n}", "abc_class": "ABA"[n]} for n in range(3)))
    book = contacts(*({"customer_id": f"c{n}", "email_consent": n != 2} for n in range(3)))
    refused = out(("c0", PERSONALISATION))
    of_form, of_chosen = (statuses(build(base, book, touches(), [each], NO_HOLDOUT, AS_OF, opt_outs=refused)) for each in (form, chosen))
    assert of_form == {"c0": "send", "c1": "send", "c2": "no_consent"}
    assert of_chosen == {"c0": "no_personalisation", "c2": "no_consent"}
    with pytest.raises(ValueError, match="internal"):
        general(a_list(channel="none"))


def test_the_second_look_keeps_the_order_and_counts_whatever_is_known_by_then_also_of_later_days():
    ids = [f"c{n}" for n in (5, 3, 1, 4, 2, 0)]
    built = build(
        customers_360(*({"customer_id": customer_id} for customer_id in ids)),
        contacts(*({"customer_id": customer_id} for customer_id in ids)),
        touches(),
        [a_list(order_by=("customer_id desc",))],
        NO_HOLDOUT,
        AS_OF,
    )
    sent = built.filter(status="send").drop("status")
    schema = {"customer_id": pl.String, "has_open_complaint": pl.Boolean, "last_complaint_at": schemas.TIMESTAMP}
    judged = still_allowed(
        sent,
        a_list(),
        pl.LazyFrame([("c4", False, datetime(2024, 7, 1)), ("c0", False, days_before(90))], schema=schema, orient="row"),
        contacts(*({"customer_id": customer_id, "email_consent": customer_id != "c3"} for customer_id in ids if customer_id != "c1")),
        touches(("c5", datetime(2024, 7, 2))),
        NO_HOLDOUT,
        AS_OF,
        opt_outs=out(("c2", "email")),
    )
    assert list(statuses(judged).items()) == [
        ("c5", "contacted_recently"),
        ("c4", "complaint_cool_down"),
        ("c3", "no_consent"),
        ("c2", "unsubscribed"),
        ("c1", "no_consent"),
        ("c0", "send"),
    ]
