"""Suppression in whole runs: what people said before a run, and between a run and the download of a list."""

import json
from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from orchestration import settings as home_settings
from orchestration.errors import RegularsError
from orchestration.lists.recipients import recipients
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

SETTINGS = """
sources: {shop: {profile: canonical}}
contact: {holdout_share: 0, one_list_per: list}
lists:
  everybody:
    title: {en: Everybody, zh: 全部}
    purpose: {en: All, zh: 全部}
    filter: orders_count >= 1
    channel: email
    order_by: [net_amount desc]
    columns: [city, net_amount]
    suggested_action: {en: Write, zh: 发送}
    reason: {en: "Bought {orders_count:time}", zh: "共购买 {orders_count} 次"}
  weekly:
    title: {en: Weekly, zh: 每周}
    purpose: {en: All, zh: 全部}
    filter: orders_count >= 1
    channel: email
    cool_down_days: 7
    suggested_action: {en: Write, zh: 发送}
    reason: {en: Bought, zh: 已购}
"""
PEOPLE = [f"C{number}" for number in range(1, 10)]


def _phone(name: str) -> str:
    return f"1380013800{name[1:]}"


@pytest.fixture(scope="module")
def merchant(make_home: Callable[[str], Home]) -> Home:
    home = make_home(SETTINGS, "recipients")
    write(home, "customers", "customer_id,name,email,phone", [f"{c},Ann {c},{c.lower()}@example.com,{_phone(c)}" for c in PEOPLE])
    orders = [f"O{c},{c},2026-10-0{c[1:]} 10:00:00,P1,tea,{c[1:]},10.00,杭州" for c in PEOPLE]
    write(home, "orders", "order_id,customer_id,ordered_at,product_id,category,quantity,unit_price,city", orders)
    write(home, "consents", "customer_id,channel,is_granted,changed_at", [f"{c},email,true,2026-09-01 10:00:00" for c in PEOPLE])
    home.run(as_of="2026-10-09")
    return home


def write(home: Home, feed: str, header: str, rows: list[str], day: str = "2026-10-09") -> None:
    folder = home.folder / "inbox" / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{feed}_{day}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def test_a_list_is_handed_out_as_long_as_nobody_on_it_says_no_and_then_to_the_others(merchant: Home) -> None:
    settings = home_settings.load(merchant.folder, {})
    published = pl.read_parquet(merchant.folder / "exports" / "latest" / "everybody.parquet")
    assert published.columns == ["customer_id", "name", "email", "city", "net_amount", "reason", "suggested_action"]
    found = recipients(settings, "everybody")
    assert (found.as_of, found.dropped, found.unread) == (date(2026, 10, 9), {}, ())
    assert found.people["customer_id"].to_list() == published["customer_id"].to_list() == [f"shop:{c}" for c in reversed(PEOPLE)]
    assert found.people.select("name", "email", "phone", "city").row(0) == ("Ann C9", "c9@example.com", _phone("C9"), "杭州")

    opted = ["C1,,,,2026-10-10 09:00:00", ",C2@EXAMPLE.com ,,email,2026-10-10 09:00:00", ",,+86 138-0013-8003,all,2026-10-10 09:00:00"]
    opted += ["C4,,,sms,2026-10-10 09:00:00", "NOBODY,no@example.com,,all,2026-10-10 09:00:00", "C4,,,personalisation,2026-08-01 09:00:00"]
    write(merchant, "opt_outs", "customer_id,email,phone,channel,opted_out_at", opted, "2026-10-10")
    said = ["C5,email,false,2026-10-10 09:00:00", "C4,personalisation,true,2026-08-02 09:00:00"]
    write(merchant, "consents", "customer_id,channel,is_granted,changed_at", said, "2026-10-10")
    write(merchant, "tickets", "ticket_id,customer_id,opened_at,closed_at", ["T1,C6,2026-10-10 09:00:00,"], "2026-10-10")
    write(merchant, "contacts", "customer_id,channel,list_name,contacted_at", ["C7,sms,x,2026-10-10 09:00:00"], "2026-10-10")
    (merchant.folder / "state" / "erased.jsonl").write_text('{"customer_id": "shop:C8"}\n', encoding="utf-8")
    (merchant.folder / "inbox" / "shop" / "notes.txt").write_text("?", encoding="utf-8")
    found = recipients(settings, "everybody")
    assert found.people["customer_id"].to_list() == ["shop:C9", "shop:C4"]
    reasons = {"erased": 1, "no_consent": 1, "unsubscribed": 3, "complaint_cool_down": 1, "contacted_recently": 1}
    assert found.dropped == reasons
    assert list(found.dropped) == list(reasons)
    assert "notes.txt is held" in " ".join(found.unread)
    a_year_later = recipients(settings, "everybody", today=date(2027, 10, 9))
    assert a_year_later.people["customer_id"].to_list() == ["shop:C9", "shop:C7", "shop:C4"]  # the complaint is still open
    assert recipients(settings, "everybody", is_general=True).people["customer_id"].to_list() == ["shop:C4", "shop:C9"]

    merchant.run(as_of="2026-10-10")
    weekly = "select customer_id, status from marts.list_members where list_name = 'weekly' and status in ('send', 'list_cool_down')"
    assert dict(merchant.published(weekly)) == dict.fromkeys(["shop:C9", "shop:C4"], "list_cool_down"), "they were on it the day before"
    manifest = json.loads((merchant.folder / "exports" / "latest" / "manifest.json").read_text(encoding="utf-8"))
    told = manifest["lists"]["everybody"]
    assert {reason: count for reason, count in told["dropped"].items() if count} == reasons
    assert (told["chosen"], told["sent"], told["chosen_by"]) == (9, 2, ["orders_count"])
    assert manifest["lists"]["near_next_tier"]["reason"]["en"] == "not available: needs tier, next_tier, amount_to_next_tier"
    assert not (merchant.folder / "exports" / "latest" / "near_next_tier.csv").exists()
    assert merchant.published("select count(*) from marts.customer_360 where customer_id like '%NOBODY'") == [(0,)]

    log = (merchant.folder / "state" / "downloads.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["rows"] for line in log.splitlines()[:2]] == [9, 2]
    assert not any(c.lower() in log.lower() for c in ("shop:c", "@", "ann "))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nobody", "No list is called 'nobody'"),
        ("credit_watch", "List 'credit_watch' is internal: nobody on it is contacted"),
        ("near_next_tier", "List 'near_next_tier' is not published as of .*: not available: needs tier, next_tier, amount_to_next_tier"),
    ],
)
def test_what_can_t_be_handed_out_is_refused_in_a_sentence(merchant: Home, name: str, complaint: str) -> None:
    with pytest.raises(RegularsError, match=complaint):
        recipients(home_settings.load(merchant.folder, {}), name)
