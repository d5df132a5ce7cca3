"""Consents as Shopify's exports give them, from the files to a list: exactly those are on it who may be written to."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from orchestration import settings as home_settings
from orchestration.lists.recipients import recipients
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[1] / "samples" / "shopify_orders"
SETTINGS = """
currency: EUR
time_zone: Europe/Paris
sources: {shop: {profile: shopify_orders, region: FR}}
contact: {holdout_share: 0, one_list_per: list}
lists:
"""
LIST = """
  by_{channel}:
    title: {{en: Everybody, zh: 全部}}
    purpose: {{en: All, zh: 全部}}
    filter: orders_count >= 1
    channel: {channel}
    suggested_action: {{en: Write, zh: 发送}}
    reason: {{en: Bought, zh: 已购}}
"""


def name_of(customer_id: str) -> str:
    known = {sha256(f"{name}@example.fr".encode()).hexdigest()[:16]: name for name in NAMES}
    return known.get(customer_id.removeprefix("shop:"), "emil")


NAMES = ["ana", "ben", "cleo", "dora", "finn", "gil", "hana", "ida"]


def statuses(home: Home, channel: str) -> dict[str, str]:
    found = home.published(f"select customer_id, status from marts.list_members where list_name = 'by_{channel}'")
    return {name_of(customer_id): status for customer_id, status in found}


def test_a_list_holds_exactly_those_whose_last_word_was_yes(make_home: Callable[..., Home]) -> None:
    home = make_home(SETTINGS + "".join(LIST.format(channel=channel) for channel in ("email", "sms")), "wide")
    home.deliver([SAMPLES / "orders_export.csv"], "shop")
    home.run()
    by_orders = {
        "ana": "send",
        "ben": "send",
        "cleo": "no_consent",  # said no
        "dora": "send",
        "emil": "no_consent",
        "finn": "no_consent",  # said nothing
        "gil": "no_consent",  # yes, and no with a later order
        "hana": "send",  # no, and yes with a later order
        "ida": "no_consent",
    }
    assert statuses(home, "email") == by_orders
    assert set(statuses(home, "sms").values()) == {"no_consent"}

    home.deliver([SAMPLES / "customers_export.csv"], "shop")
    settings = home_settings.load(home.folder, {})
    handed_out = recipients(settings, "by_email").people["customer_id"].to_list()
    assert {name_of(each) for each in handed_out} == {"ana", "dora", "hana"}, "what waits counts before the next run"
    home.run()
    daily = home.fingerprints()
    # Of Cléo the record says yes, without a date: her order's no holds. Of Ben it says no.
    assert statuses(home, "email") == {**by_orders, "ben": "no_consent", "finn": "send"}
    assert statuses(home, "sms") == {**dict.fromkeys(by_orders, "no_consent"), "ana": "send", "emil": "send"}
    home.run(is_full=True)
    assert home.fingerprints() == daily
    ((persons,),) = home.published("select count(*) from marts.dim_customers")
    assert persons == len(by_orders), "a record is of the person who ordered"

    (home.folder / "inbox" / "shop" / "orders_export.csv").unlink()
    lines = (SAMPLES / "orders_export.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    without = "".join(line for line in lines if not line.startswith("#1010"))
    (home.folder / "inbox" / "shop" / "orders_export.csv").write_text(without, encoding="utf-8")
    home.run()
    assert statuses(home, "email") == {**by_orders, "ben": "no_consent", "finn": "send", "gil": "send"}, "what no file says is no word"
