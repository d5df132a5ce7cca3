"""Who may be written to: the order of suppression, consent, and the holdout."""

import dataclasses
import hashlib
import re
from datetime import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.contact import ADDRESS_OF, CHANNELS, ContactRules, held_out, holdout
from transforms.lists import build

from .marketing import AS_OF, IDS, NO_HOLDOUT, a_list, contacts, customers_360, statuses, touches


@pytest.mark.parametrize(
    ("customer", "contact", "touched_at", "is_erased", "expected"),
    [
        pytest.param({}, {}, None, False, "send", id="nothing against it"),
        pytest.param({}, {"email_consent": False}, datetime(2024, 6, 29), True, "erased", id="erased goes before everything"),
        pytest.param({}, {"email_consent": False, "email": None}, None, False, "no_consent", id="consent goes before address"),
        pytest.param({}, {"email_consent": None}, None, False, "no_consent", id="consent that is not on record is none"),
        pytest.param(
            {}, {"email_consent": False, "sms_consent": True}, None, False, "no_consent", id="consent for another channel does not count"
        ),
        pytest.param({"has_open_complaint": True}, {"email": None}, None, False, "no_address", id="address goes before complaint"),
        pytest.param({}, {"email": "ann at example"}, None, False, "no_address", id="not an e-mail address"),
        pytest.param(
            {"has_open_complaint": True}, {}, datetime(2024, 6, 29), False, "complaint_cool_down", id="complaint goes before quiet days"
        ),
        pytest.param(
            {"has_open_complaint": True, "last_complaint_at": datetime(2023, 1, 1)},
            {},
            None,
            False,
            "complaint_cool_down",
            id="old but open",
        ),
        pytest.param({"last_complaint_at": datetime(2024, 6, 17)}, {}, None, False, "complaint_cool_down", id="13 days after a complaint"),
        pytest.param({"last_complaint_at": datetime(2024, 6, 16)}, {}, None, False, "send", id="14 days after a complaint"),
        pytest.param({"has_open_complaint": None}, {}, None, False, "send", id="complaints not known"),
        pytest.param({}, {}, datetime(2024, 6, 17), False, "contacted_recently", id="13 days after a message"),
        pytest.param({}, {}, datetime(2024, 6, 16, 23, 59), False, "send", id="14 days after a message"),
        pytest.param({}, {}, datetime(2024, 7, 1), False, "send", id="a message later than the as-of day is not known yet"),
    ],
)
def test_a_customer_is_dropped_for_the_first_reason_in_the_stated_order(customer, contact, touched_at, is_erased, expected):
    touched = touches(("c1", touched_at)) if touched_at else touches()
    erased = pl.LazyFrame({"customer_id": ["c1"] if is_erased else []}, schema={"customer_id": pl.String})
    members = build(
        customers_360({"customer_id": "c1", **customer}),
        contacts({"customer_id": "c1", **contact}),
        touched,
        [a_list()],
        NO_HOLDOUT,
        AS_OF,
        erased,
    )
    assert statuses(members) == {"c1": expected}


def test_days_are_cut_in_the_merchants_time_zone():
    touched = touches(("c1", datetime(2024, 6, 16, 16, 30)))  # already the 17th in Shanghai
    arguments = (customers_360({"customer_id": "c1"}), contacts({"customer_id": "c1"}), touched, [a_list()])
    assert statuses(build(*arguments, NO_HOLDOUT, AS_OF)) == {"c1": "send"}
    shanghai = dataclasses.replace(NO_HOLDOUT, time_zone="Asia/Shanghai")
    assert statuses(build(*arguments, shanghai, AS_OF)) == {"c1": "contacted_recently"}


@pytest.mark.parametrize(("consent", "expected"), [(None, "send"), (False, "no_consent"), (True, "send")])
def test_assumed_consent_never_overrules_a_refusal(consent, expected):
    rules = ContactRules(holdout_share=0, assume_consent_for=("email",))
    members = build(
        customers_360({"customer_id": "c1"}), contacts({"customer_id": "c1", "email_consent": consent}), touches(), [a_list()], rules, AS_OF
    )
    assert statuses(members) == {"c1": expected}


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_customer_without_contact_details_is_never_sent_to(channel):
    rules = ContactRules(holdout_share=0, assume_consent_for=CHANNELS)
    members = build(customers_360({"customer_id": "c1"}), contacts(), touches(), [a_list(channel=channel)], rules, AS_OF)
    assert statuses(members) == {"c1": "no_address"}


@given(
    people=st.lists(
        st.fixed_dictionaries(
            {
                "consents": st.fixed_dictionaries({f"{channel}_consent": st.sampled_from([True, False, None]) for channel in CHANNELS}),
                "email": st.sampled_from(["a@b.cn", "", None, "x"]),
                "phone": st.sampled_from(["13800138000", "+44 20 7946 0000", "-", None]),
                "has_open_complaint": st.sampled_from([True, False, None]),
            }
        ),
        max_size=8,
    ),
    assumed=st.sets(st.sampled_from(CHANNELS)),
)
@settings(deadline=None, max_examples=60)
def test_nobody_is_sent_to_without_consent_and_address_for_that_channel(people, assumed):
    rules = ContactRules(holdout_share=0, assume_consent_for=tuple(sorted(assumed)), one_list_per="list")
    base = customers_360(*({"customer_id": f"c{n}", "has_open_complaint": person["has_open_complaint"]} for n, person in enumerate(people)))
    book = contacts(*({"customer_id": f"c{n}", "email": p["email"], "phone": p["phone"], **p["consents"]} for n, p in enumerate(people)))
    definitions = [a_list(name=channel, channel=channel) for channel in CHANNELS]
    members = build(base, book, touches(), definitions, rules, AS_OF)
    assert members.height == len(CHANNELS) * len(people)
    assert not members.select("list_name", "customer_id").is_duplicated().any()
    for channel, customer_id, status in members.select("channel", "customer_id", "status").iter_rows():
        person = people[int(customer_id[1:])]
        consent = person["consents"][f"{channel}_consent"]
        may_send = (
            (consent or (consent is None and channel in assumed))
            and person[ADDRESS_OF[channel]] in ("a@b.cn", "13800138000", "+44 20 7946 0000")
            and not person["has_open_complaint"]
        )
        assert (status == "send") == bool(may_send)


def test_the_holdout_can_be_recomputed_with_nothing_but_a_hash():
    def bucket(customer_id: str) -> int:
        return int.from_bytes(hashlib.blake2b(f"salt\x1fchampions\x1f{customer_id}".encode(), digest_size=8).digest(), "big")

    assert held_out(IDS, "champions", 0.05, "salt").to_list() == [bucket(customer_id) < 0.05 * 2**64 for customer_id in IDS]


def test_the_holdout_has_its_share_and_another_one_for_each_list_and_salt():
    draws = {draw: held_out(IDS, *draw) for draw in [("champions", 0.05, "a"), ("win_back", 0.05, "a"), ("champions", 0.05, "b")]}
    for draw in draws.values():
        assert draw.mean() == pytest.approx(0.05, abs=0.008)
    for draw, other in [(("champions", 0.05, "a"), ("win_back", 0.05, "a")), (("champions", 0.05, "a"), ("champions", 0.05, "b"))]:
        assert (draws[draw] & draws[other]).mean() == pytest.approx(0.05**2, abs=0.002)


@given(ids=st.lists(st.text(min_size=1), unique=True), share=st.floats(0, 0.5), larger=st.floats(0, 0.5))
def test_who_is_held_out_depends_on_nobody_else_and_a_larger_share_only_adds(ids, share, larger):
    alone = [held_out(pl.Series([customer_id], dtype=pl.String), "l", share, "s")[0] for customer_id in ids]
    together = held_out(pl.Series(ids, dtype=pl.String), "l", share, "s").to_list()
    assert alone == together
    wider = held_out(pl.Series(ids, dtype=pl.String), "l", max(share, larger), "s").to_list()
    assert all(later or not earlier for earlier, later in zip(together, wider, strict=True))


def test_only_those_who_would_be_sent_to_are_held_out():
    base = customers_360(*({"customer_id": customer_id} for customer_id in IDS.head(400)))
    book = contacts(*({"customer_id": customer_id, "email_consent": number % 2 == 0} for number, customer_id in enumerate(IDS.head(400))))
    counts = dict(build(base, book, touches(), [a_list(holdout_share=0.5)], NO_HOLDOUT, AS_OF).group_by("status").len().iter_rows())
    assert counts["no_consent"] == 200
    assert counts["holdout"] + counts["send"] == 200
    assert 60 < counts["holdout"] < 140


@given(share=st.floats(0, 0.5), larger=st.floats(0, 0.5))
@settings(deadline=None, max_examples=10)
def test_who_is_in_the_global_holdout_is_on_no_list_and_a_larger_share_only_adds(share, larger):
    people = IDS.head(60)
    base, book = customers_360(*({"customer_id": c} for c in people)), contacts(*({"customer_id": c} for c in people))
    definitions = [a_list(name=name, holdout_share=0.3) for name in ("one", "two")]

    def drawn(of_all: float) -> dict[str, set[str | None]]:
        members = build(base, book, touches(), definitions, ContactRules(global_holdout_share=of_all, one_list_per="list"), AS_OF)
        assert (members["status"] == "holdout").to_list() == members["holdout"].is_not_null().to_list()
        return dict(members.group_by("customer_id").agg(pl.col("holdout").unique()).iter_rows())

    fewer, more = drawn(share), drawn(max(share, larger))
    for customer_id, holdouts in fewer.items():
        assert holdouts == ["global"] or "global" not in holdouts
        if "global" in holdouts:
            assert more[customer_id] == ["global"]


def test_the_global_holdout_has_its_share_and_is_drawn_apart_from_that_of_any_list():
    drawn = holdout(IDS, "champions", 0.1, ContactRules(global_holdout_share=0.2))
    counts = {which: (drawn == which).sum() for which in ("global", "list")}
    assert counts["global"] / len(IDS) == pytest.approx(0.2, abs=0.01)
    assert counts["list"] / (len(IDS) - counts["global"]) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"global_holdout_share": 0.6}, "global_holdout_share = 0.6, expected 0 to 0.5"),
        ({"results_horizon_days": 0}, "results_horizon_days = 0, expected 1 to 365 days"),
        ({"quiet_days": -1}, "quiet_days = -1, expected 0 to 365 days"),
        ({"complaint_cool_down_days": 366}, "complaint_cool_down_days = 366"),
        ({"max_campaigns": 0}, "max_campaigns = 0, expected 1 to 100"),
        ({"max_campaigns_days": 366}, "max_campaigns_days = 366, expected 1 to 365"),
        ({"one_list_per": "day"}, "one_list_per = 'day', expected customer, channel or list"),
        ({"holdout_share": 0.6}, "holdout_share = 0.6, expected 0 to 0.5"),
        ({"assume_consent_for": ("email", "fax")}, "assume_consent_for = ['fax'], expected channels among email"),
        ({"time_zone": "Mars/Base"}, "time_zone = 'Mars/Base'"),
    ],
)
def test_contact_rules_out_of_range_say_what_is_allowed(fields, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        ContactRules(**fields)
