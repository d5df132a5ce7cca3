"""A list that is not valid is left out alone, named and with what is wrong; the others are built as if it were not there."""

import polars as pl
import pytest

from transforms import lists, rfm
from transforms.conditions import codes_of
from transforms.lists import Wording, build_each, offer_of, sort_out
from transforms.refusals import Refusal

from .marketing import AS_OF, CUSTOMER_360, NO_HOLDOUT, SHIPPED, a_list, contacts, customers_360, touches

FIELDS = SHIPPED["champions"]


@pytest.mark.parametrize(
    ("change", "en", "zh"),
    [
        pytest.param({"filter": "orders_cuont > 1"}, "no column 'orders_cuont'", "没有 'orders_cuont' 这一列", id="an unknown column"),
        pytest.param({"filter": "rfm_group = 'champion'"}, "'champion' is no value of rfm_group", "没有 'champion' 这个值", id="a value"),
        pytest.param({"filter": "1 +"}, "not a SQL condition", "不是有效的 SQL 条件", id="no condition"),
        pytest.param({"filter": True}, "filter = True, expected a SQL condition as a text: put it in quotes", "请加引号", id="no text"),
        pytest.param({"filter": None}, "filter = None, expected a SQL condition", "filter = None", id="a filter of nothing"),
        pytest.param({"filter": ""}, "the filter is empty", "筛选条件为空", id="an empty filter"),
        pytest.param({"chanel": "sms"}, "unknown field 'chanel'. Did you mean 'channel'?", "未知字段 'chanel'", id="an unknown field"),
        pytest.param({7: "sms"}, "unknown field 7", "未知字段 7", id="a field that is no text"),
        pytest.param({"channel": ["sms"]}, "channel = ['sms'], expected email, none", "channel = ['sms']", id="a channel"),
        pytest.param({"title": "Best"}, "title = 'Best', expected a text in each of en and zh", "en 和 zh 各一段文本", id="a title"),
        pytest.param({"reason": {"en": "{recency_days", "zh": ""}}, "expected each {column} in braces", "花括号", id="a reason's braces"),
        pytest.param({"reason": {"en": "{recency_day}", "zh": ""}}, "Nearest: recency_days", "最接近的：recency_days", id="a reason"),
        pytest.param({"order_by": "net_amount; drop"}, "order_by = 'net_amount; drop'", "order_by", id="an order"),
        pytest.param({"order_by": 5}, "order_by = 5, expected a name or several", "一个或多个名称", id="an order of no text"),
        pytest.param({"columns": ["nowhere"]}, "no column 'nowhere'", "没有 'nowhere' 这一列", id="a column of its file"),
        pytest.param({"size_limit": "many"}, "size_limit = 'many', expected 1 or more", "1 或更大", id="a size"),
        pytest.param({"holdout_share": 0.9}, "holdout_share = 0.9, expected 0 to 0.5", "0 到 0.5", id="a share"),
        pytest.param({"priority": 0}, "priority = 0", "priority = 0", id="a priority"),
        pytest.param("off", "it is 'off', expected its fields, or null to switch it off", "null 关闭", id="a word instead of fields"),
        pytest.param(False, "it is False, expected its fields", "内容为 False", id="YAML's off"),
        pytest.param([1], "it is [1], expected its fields", "内容为 [1]", id="a list instead of fields"),
    ],
)
def test_a_shipped_list_that_was_changed_for_the_worse_is_left_out_and_the_others_stay(change, en, zh):
    offer = sort_out(offer_of(SHIPPED, {"champions": change}), CUSTOMER_360, codes_of(rfm.Rules()))
    assert list(offer.broken) == ["champions"]
    assert en in offer.broken["champions"].problem.en
    assert zh in offer.broken["champions"].problem.zh
    assert {definition.name for definition in offer.definitions} == SHIPPED.keys() - {"champions"}


@pytest.mark.parametrize("name", ["Champions!", "../escape", "customers", "", "x" * 51])
def test_a_list_whose_name_is_not_valid_is_left_out_under_that_name(name):
    offer = offer_of({}, {name: FIELDS, "fans": FIELDS})
    assert [definition.name for definition in offer.definitions] == ["fans"]
    assert offer.broken[name].problem.en.startswith("a name is lower case letters")
    assert offer.broken[name].title == Wording(**FIELDS["title"])


def test_what_can_be_read_of_a_broken_list_is_kept_for_those_who_look_for_it():
    broken = offer_of({}, {"fans": {"title": FIELDS["title"], "filter": 5, "channel": "fax"}}).broken["fans"]
    assert (broken.title, broken.purpose, broken.filter, broken.channel) == (Wording("Champions", "核心客户"), Wording("", ""), "5", "none")


def test_switching_off_a_list_that_is_none_is_an_error_because_the_one_that_was_meant_would_be_published():
    with pytest.raises(Refusal, match="List 'champion': it is switched off, and there is no such list"):
        offer_of(SHIPPED, {"champion": None})


@pytest.mark.parametrize(
    ("preset", "lacking"),
    [
        ("grid_11", set()),
        ("rfm_r_030", set()),
        ("klaviyo_3x3x3", set()),
        ("cn_8", {"champions", "movers_up", "movers_down"}),
    ],
)
def test_a_shipped_list_of_another_presets_groups_is_not_available_and_none_is_broken(preset, lacking):
    waiting = {"points_expiring", "near_next_tier", "uncollected_pickups"}
    offer = sort_out(offer_of(SHIPPED), CUSTOMER_360, codes_of(rfm.Rules(preset=preset)))
    assert offer.broken == {}
    assert offer.lacking.keys() - waiting == lacking


def test_lists_of_another_preset_have_no_members_and_say_which_groups_they_need():
    base = customers_360({"customer_id": "c1", "rfm_group": "champions"})
    both = [a_list(), a_list(name="best", filter="rfm_group = 'champions'", needs=("points",))]
    built = build_each(base, contacts({"customer_id": "c1"}), touches(), both, NO_HOLDOUT, AS_OF, codes=codes_of(rfm.Rules(preset="cn_8")))
    assert built.lacking == {"best": ("points", "rfm_group 'champions'")}
    assert set(built.members["list_name"]) == {"all"}


def test_a_list_that_fails_on_the_data_is_left_out_alone_and_takes_nobodys_turn():
    schema = {**CUSTOMER_360, "photo": pl.Binary}
    base = customers_360({"customer_id": "c1"}).with_columns(photo=pl.lit(b"\xff\xfe"))
    failing = a_list(name="failing", reason=Wording("{photo}", "{photo}"), priority=1)
    built = build_each(base, contacts({"customer_id": "c1"}), touches(), [failing, a_list()], NO_HOLDOUT, AS_OF)
    assert built.members.select("list_name", "status").rows() == [("all", "send")]
    assert built.broken["failing"].problem.en.startswith("it fails on the customers there are (")
    assert "\\xff" not in built.broken["failing"].problem.en
    assert pl.Schema(schema) == base.collect_schema()


def test_who_wants_all_lists_or_none_is_told_of_the_first_broken_one():
    with pytest.raises(Refusal, match="List 'champions': no column 'nowhere'"):
        lists.check(lists.load_definitions(SHIPPED, {"champions": {"filter": "nowhere = 1"}}), CUSTOMER_360)
    with pytest.raises(Refusal, match="List 'champions': unknown field 'x'"):
        lists.load_definitions(SHIPPED, {"champions": {"x": 1}})
