"""Lists as configuration: what a filter may be, what an error says, and the lists that are shipped."""

import re
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from transforms import schemas
from transforms.contact import ContactRules
from transforms.lifecycle import STAGE_NAMES_ZH
from transforms.lists import Wording, build, check, load_definitions, unavailable
from transforms.loyalty import TYPE_NAMES_ZH
from transforms.rfm_presets import GROUP_NAMES_ZH

from .marketing import AS_OF, CUSTOMER_360, NO_HOLDOUT, SHIPPED, a_list, contacts, customers_360, touches


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("sum(orders_count) > 1", "looks beyond one row"),
        ("orders_count > max(orders_count) - 1", "looks beyond one row"),
        ("count(*) > 1", "looks beyond one row"),
        ("median(net_amount) < net_amount", "looks beyond one row"),
        ("string_agg(rfm_group) = 'x'", "looks beyond one row"),
        ("row_number() over () = 1", "looks beyond one row"),
        ("rank() over (order by net_amount) < 10", "the filter holds 'ORDER BY', which can't be part of it"),
        ("lag(orders_count) over (order by customer_id) > 1", "the filter holds 'ORDER BY'"),
        ("orders_count > (select 1)", "looks beyond one row"),
        ("orders_count in (select 1)", "looks beyond one row"),
        ("exists (select 1)", "looks beyond one row"),
        ("unnest(orders_count) > 1", "looks beyond one row"),
        ("orders_count > 1 as x", "not a SQL condition"),
        ("columns('a') > 1", "looks beyond one row"),
        ("orders_count > 1; drop table customer_360", "the filter holds ';'"),
        ("orders_count > 1 from customer_360", "not a SQL condition"),
        ("read_csv('/etc/passwd') is null", "the filter holds READ_CSV('/etc/passwd'), which is not allowed"),
        ("preferred_category in (select column_1 from read_csv('/etc/passwd'))", "looks beyond one row"),
        ("preferred_category in (select preferred_category from customer_360)", "looks beyond one row"),
        ("(orders_count, recency_days) = (1, 2)", "the filter holds (orders_count, recency_days), which is not allowed"),
        ("customer_360.orders_count > 1", "the filter holds '.'"),
        ("orders_count > 1 union select 1", "not a SQL condition"),
        ("ntile(4) over (order by orders_count) = 1", "the filter holds 'ORDER BY'"),
        ("random() > 0.5", "the filter holds RANDOM(), which is not allowed"),
        ("*", "looks beyond one row"),
        ("last_order_date > current_date", "reads the clock"),
        ("last_order_at > NOW()", "reads the clock"),
        ("orders_count", "orders_count is a number, expected true or false"),
        ("rfm_group > 1", "rfm_group is a text and 1 is a number: they can't be compared. Write for example rfm_group = 'a text'"),
        ("orders_cuont > 1", "no column 'orders_cuont' in customer_360. Nearest: orders_count, orders_count_12m, unpaid_orders_count."),
    ],
)
def test_nothing_but_a_condition_on_one_row_of_known_columns_gets_through(condition, complaint):
    with pytest.raises(ValueError, match="List 'all'") as error:
        check([a_list(filter=condition)], CUSTOMER_360)
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("rfm_group in ('champions', 'lost') and not is_lost", True),
        ("net_amount >= 99.5 and orders_count between 2 and 9", True),
        ("preferred_category like '%书' or rfm_group = 'now()'", True),
        ("last_order_date > as_of_date - interval '30 days'", True),
        ("case when loyalty_score > 50 then true else coalesce(mean_rating, 0) > 3 end", True),
        ("abs(net_amount) > 100 and upper(rfm_group) = 'CHAMPIONS' and length(preferred_category) = 1", True),
        ("rfm_group is distinct from previous_rfm_group", True),
        ("net_amount < 99.5", False),
    ],
)
def test_conditions_on_one_row_choose_as_sql_would(condition, expected):
    customer = {
        "customer_id": "c1",
        "rfm_group": "champions",
        "is_lost": False,
        "net_amount": Decimal("100.01"),
        "orders_count": 2,
        "preferred_category": "书",
        "last_order_date": date(2024, 6, 1),
        "loyalty_score": 20.0,
        "mean_rating": 3.5,
    }
    members = build(customers_360(customer), contacts(), touches(), [a_list(filter=condition)], NO_HOLDOUT, AS_OF)
    assert members.height == expected


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"name": "Champions!"}, "'Champions!': a name is lower case"),
        ({"name": "../escape"}, "a name is lower case"),
        ({"name": "customers"}, "not customers or manifest"),
        ({"channel": "fax"}, "channel = 'fax', expected email, none, phone, sms or wechat"),
        ({"filter": " "}, "the filter is empty"),
        ({"size_limit": 0}, "size_limit = 0, expected 1 or more"),
        ({"size_limit": "many"}, "size_limit = 'many', expected 1 or more"),
        ({"holdout_share": 0.9}, "List 'all': holdout_share = 0.9, expected 0 to 0.5"),
        ({"order_by": ("net_amount; drop",)}, "order_by = 'net_amount; drop', expected a column name"),
        ({"cool_down_days": -1}, "cool_down_days = -1, expected 0 to 730 days"),
        ({"cool_down_days": "week"}, "cool_down_days = 'week', expected 0 to 730 days"),
        ({"priority": 0}, "priority = 0, expected 1 (first) to 100"),
        ({"priority": True}, "priority = True, expected 1 (first) to 100"),
        ({"offers_price": "no"}, "offers_price = 'no', expected true or false"),
        ({"columns": ("email",)}, "columns = 'email', expected columns of customer_360 beside the standard ones"),
        ({"columns": ("city", "city")}, "columns = 'city', expected columns of customer_360"),
    ],
)
def test_a_definition_out_of_range_says_what_is_allowed(fields, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        a_list(**fields)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"order_by": ("net_amuont",)}, "Nearest: net_amount, net_amount_12m, tax_amount."),
        ({"reason": Wording("{recency_day}", "")}, "Nearest: recency_days, "),
        ({"reason": Wording("{}", "")}, "no column ''"),
        ({"reason": Wording("{recency_days", "")}, "List 'all': "),
        ({"reason": Wording("{customer_id.__class__}", "")}, "no column 'customer_id.__class__'"),
        ({"columns": ("net_amuont",)}, "Nearest: net_amount, net_amount_12m, tax_amount."),
        ({"filter": "points > 1", "needs": ("point",)}, "no column 'points' in customer_360"),
    ],
)
def test_an_order_reason_or_file_of_unknown_columns_is_refused(fields, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        check([a_list(**fields)], CUSTOMER_360)


def test_the_shipped_lists_fit_customer_360():
    definitions = load_definitions(SHIPPED)
    assert len(definitions) >= 15
    check(definitions, CUSTOMER_360)
    members = build(customers_360({"customer_id": "c1"}), contacts({"customer_id": "c1"}), touches(), definitions, ContactRules(), AS_OF)
    assert members.schema == schemas.LIST_MEMBERS


def test_only_lists_that_wait_for_points_tiers_and_pick_ups_are_not_available_where_all_else_is_known():
    there = {"reviews_count": 1, "helpful_votes_count": 0, "previous_rfm_group": "lost", "is_quality_customer": False, "discontent": "x"}
    known = {**there, "city": "c", "preferred_category": "a", "preferred_channel": "b", "has_shop_in_city": True}
    lacking = unavailable(load_definitions(SHIPPED), customers_360({"customer_id": "c1", **known}), ["reviews"])
    assert lacking == {
        "points_expiring": ("points_balance", "points_expiring", "points_expire_on"),
        "near_next_tier": ("tier", "next_tier", "amount_to_next_tier"),
        "uncollected_pickups": ("pickups", "open_pickups_count", "oldest_open_pickup_date"),
    }


@pytest.mark.parametrize(
    ("needs", "feeds", "lacking"),
    [
        pytest.param(("reviews",), [], ("reviews",), id="a feed that was never delivered"),
        pytest.param(("reviews",), ["reviews"], None, id="a feed that was delivered"),
        pytest.param(("mean_rating",), [], ("mean_rating",), id="a column that says nothing of anybody"),
        pytest.param(("net_amount",), [], None, id="a column that says something of somebody"),
        pytest.param(("points", "net_amount", "tiers"), ["reviews"], ("points", "tiers"), id="all that is missing is named"),
    ],
)
def test_a_list_whose_columns_or_feeds_are_not_there_is_not_available_and_never_empty(needs, feeds, lacking):
    base = customers_360({"customer_id": "c1", "net_amount": Decimal(1)}, {"customer_id": "c2"})
    definitions = [a_list(name="needy", needs=needs), a_list()]
    assert unavailable(definitions, base, feeds).get("needy") == lacking
    members = build(base, contacts(), touches(), definitions, NO_HOLDOUT, AS_OF, feeds=feeds)
    assert set(members["list_name"]) == ({"all"} if lacking else {"all", "needy"})


def test_a_filter_may_name_a_column_that_is_not_there_yet_if_the_list_says_that_it_needs_it():
    waiting = a_list(filter="points > 100", columns=("points",), order_by=("points desc",), needs=("points",))
    check([waiting], CUSTOMER_360)
    assert build(customers_360({"customer_id": "c1"}), contacts(), touches(), [waiting], NO_HOLDOUT, AS_OF).is_empty()


@pytest.mark.parametrize(
    ("fields", "varies_by"),
    [
        ({"filter": "abc_class = 'A' and net_amount > 9", "offers_price": True}, ("abc_class", "net_amount")),
        ({"filter": "abc_class = 'A'"}, ()),
        ({"filter": "true", "offers_price": True}, ()),
        ({"filter": "true", "offers_price": True, "size_limit": 9, "order_by": ("clv_365d desc",)}, ("clv_365d",)),
    ],
    ids=["by what it filters by", "no price offer", "for everybody", "by what decides who is cut off"],
)
def test_a_price_offer_says_by_which_columns_the_price_varies(fields, varies_by):
    assert a_list(**fields).price_varies_by == varies_by


def test_the_shipped_lists_name_only_codes_that_the_scores_give():
    codes = {*GROUP_NAMES_ZH, *STAGE_NAMES_ZH, *TYPE_NAMES_ZH, "A", "B", "C", "D", "Z"}
    for name, fields in SHIPPED.items():
        named = set(fields["filter"].split("'")[1::2])
        assert {code for code in named if not code.endswith(" days")} <= codes, name


SAMPLE = {
    "customer_id": "c1",
    "net_amount": Decimal(900),
    "mean_rating": 4.8,
    "reviews_count": 3,
    "recency_days": 20,
    "categories_count": 1,
}
BAD_REVIEW = {"last_rating": 1, "last_negative_review_at": datetime(2024, 6, 1)}
ONLINE = {"has_shop_in_city": True, "preferred_channel": "app", "city": "杭州"}


@pytest.mark.parametrize(
    ("customer", "expected"),
    [
        ({"rfm_group": "champions", "lifecycle_stage": "stable", "orders_count": 12}, ["champions", "one_category"]),
        ({"abc_class": "A", "lifecycle_stage": "decline", "is_lost": False, "orders_count": 5}, ["high_value_at_risk"]),
        ({"lifecycle_stage": "decline", "is_lost": True, "orders_count": 5, "abc_class": "A"}, ["win_back"]),
        ({"lifecycle_stage": "exploration", "orders_count": 1}, ["second_purchase"]),
        ({"lifecycle_stage": "build_up", "orders_count": 3, "loyalty_type": "true"}, ["newly_loyal", "advocates", "one_category"]),
        (
            {
                "lifecycle_stage": "stable",
                "orders_count": 9,
                "loyalty_type": "spurious",
                "discontent": "complained before",
                "categories_count": 4,
            },
            ["spurious_loyals"],
        ),
        ({"lifecycle_stage": "stable", "orders_count": 9, "loyalty_type": "spurious", "categories_count": 4}, []),
        ({"lifecycle_stage": "decline", "orders_count": 1, "recency_days": 80}, ["second_purchase"]),
        ({"lifecycle_stage": "decline", "orders_count": 1, "recency_days": 80, "discontent": "an open complaint"}, []),
        ({"lifecycle_stage": "decline", "orders_count": 2, "has_open_complaint": False, **BAD_REVIEW}, ["review_recovery"]),
        ({"lifecycle_stage": "decline", "orders_count": 2, "has_open_complaint": True, **BAD_REVIEW}, []),
        ({"orders_count": 2, **BAD_REVIEW, "last_negative_review_at": datetime(2024, 4, 1, 8)}, ["review_recovery"]),
        ({"orders_count": 2, **BAD_REVIEW, "last_negative_review_at": datetime(2024, 3, 31, 8)}, []),
        (
            {"orders_count": 2, "previous_rfm_group": "at_risk", "rfm_group": "loyal_customers", "rfm_group_changed_at": date(2024, 6, 20)},
            ["movers_up"],
        ),
        (
            {"orders_count": 2, "previous_rfm_group": "champions", "rfm_group": "at_risk", "rfm_group_changed_at": date(2024, 6, 20)},
            ["movers_down"],
        ),
        ({"orders_count": 2, "previous_rfm_group": "champions", "rfm_group": "at_risk", "rfm_group_changed_at": date(2024, 5, 1)}, []),
        ({"orders_count": 2, "rfm_group": "champions", "previous_rfm_group": None, "rfm_group_changed_at": date(2024, 6, 20)}, []),
        ({"orders_count": 2, "helpful_votes_count": 9, "reviews_count": 3}, ["useful_reviewers"]),
        ({"orders_count": 2, "helpful_votes_count": 9, "reviews_count": 10}, []),
        ({"orders_count": 2, "is_quality_customer": True, "lifecycle_stage": "stable"}, ["quality_customers"]),
        ({"orders_count": 2, "credit_grade": "D"}, ["credit_watch"]),
        (
            {"orders_count": 2, "lifecycle_stage": "stable", **ONLINE, "buys_mostly_in_shop": False, "preferred_channel_share": 1.0},
            ["online_only_near_shop"],
        ),
        ({"orders_count": 2, "lifecycle_stage": "stable", **ONLINE, "buys_mostly_in_shop": True, "preferred_channel_share": 1.0}, []),
        ({"orders_count": 2, "lifecycle_stage": "stable", **ONLINE, "buys_mostly_in_shop": False, "preferred_channel_share": 0.9}, []),
        (
            {"orders_count": 0, "rfm_group": "prospect", "recency_days": None, "net_amount": None, "reviews_count": 0, "mean_rating": None},
            [],
        ),
    ],
)
def test_a_typical_customer_is_on_the_shipped_lists_made_for_it(customer, expected):
    base, definitions = (
        customers_360({"previous_rfm_group": "lost", "preferred_category": "tea", **SAMPLE, **customer}),
        load_definitions(SHIPPED),
    )
    members = build(base, contacts(), touches(), definitions, ContactRules(), AS_OF, feeds=["reviews"])
    assert members["list_name"].to_list() == expected
    assert members.filter(pl.any_horizontal(pl.col("reason", "reason_zh").str.contains(r"[{}]"))).is_empty()


@pytest.mark.parametrize(("days", "is_on_it"), [(90, True), (29, True), (28, False)])
def test_a_merchant_sets_how_many_days_a_list_looks_at(days, is_on_it):
    definitions = load_definitions(SHIPPED, {"review_recovery": {"days": days}})
    people = customers_360({**SAMPLE, "orders_count": 2, **BAD_REVIEW})
    members = build(people, contacts(), touches(), definitions, ContactRules(), AS_OF, feeds=["reviews"])
    assert ("review_recovery" in members["list_name"].to_list()) == is_on_it


def test_a_merchant_changes_adds_and_switches_off_lists():
    fields = {**SHIPPED["champions"], "filter": "orders_count > 99"}
    changed = load_definitions(
        SHIPPED, {"champions": {"size_limit": 100, "order_by": "orders_count desc"}, "win_back": None, "fans": fields}
    )
    by_name = {definition.name: definition for definition in changed}
    assert by_name["champions"].size_limit == 100
    assert by_name["champions"].order_by == ("orders_count desc",)
    assert by_name["champions"].filter == SHIPPED["champions"]["filter"]
    assert by_name["fans"].filter == "orders_count > 99"
    assert by_name.keys() == {*SHIPPED, "fans"} - {"win_back"}


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        ({"champions": {"chanel": "sms"}}, "List 'champions': unknown field 'chanel'. Did you mean 'channel'?"),
        ({"champion": None}, "List 'champion': it is switched off, and there is no such list. Did you mean 'champions'?"),
        ({"fans": {"filter": "orders_count > 9"}}, "List 'fans': it lacks title, purpose, channel, suggested_action, reason"),
        ({"champions": {"columns": {"city": 1}}}, "columns = {'city': 1}, expected a name or several"),
        ({"champions": {"needs": 5}}, "needs = 5, expected a name or several"),
        ({"review_recovery": {"days": 0}}, "days = 0, expected 1 to 3,650 days"),
        ({"review_recovery": {"days": "90"}}, "days = '90', expected 1 to 3,650 days"),
        ({"review_recovery": {"days": None}}, "its filter has {days} and it has no days; set days: 90"),
        ({"champions": {"title": "Best"}}, "title = 'Best', expected a text in each of en and zh"),
        ({"champions": "off"}, "is 'off', expected its fields, or null"),
    ],
)
def test_a_broken_list_setting_says_what_is_wrong_with_it(overrides, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        load_definitions(SHIPPED, overrides)
