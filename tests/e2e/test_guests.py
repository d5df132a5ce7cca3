"""Guests in whole runs: orders and reviews without a customer id belong to the person of their e-mail or phone, whatever came first."""

from collections.abc import Callable
from hashlib import sha256

import pytest

from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

SETTINGS = """
currency: EUR
time_zone: Europe/Paris
sources: {shop: {region: FR}, stars: {region: FR}, till: {region: FR}}
identity: {placeholders: [desk@shop.fr]}
contact: {holdout_share: 0, assume_consent_for: [sms]}
lists:
  everybody:
    title: {en: Everybody, zh: 全部}
    purpose: {en: All, zh: 全部}
    filter: orders_count >= 1
    channel: email
    suggested_action: {en: Write, zh: 发送}
    reason: {en: Bought, zh: 已购}
"""
ORDERS = "order_id,customer_id,email,phone,ordered_at,product_id,quantity,unit_price"
REVIEWS = "review_id,order_id,customer_id,email,phone,rating,body,created_at"


def write(home: Home, source: str, feed: str, day: str, header: str, *rows: str) -> None:
    folder = home.folder / "inbox" / source
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{feed}_{day}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def guest(source: str, *address: str) -> str:
    return f"{source}:guest-{sha256(chr(31).join(address).encode()).hexdigest()[:16]}"


def reviewers(home: Home) -> dict[str, str | None]:
    return dict(home.published("select review_id, customer_id from marts.fct_reviews"))


def buyers(home: Home) -> dict[str, str | None]:
    return dict(home.published("select order_id, customer_id from marts.fct_orders"))


def run_and_compare(home: Home) -> None:
    """A day's run, which has to leave what a full run leaves."""
    home.run()
    daily = home.fingerprints()
    home.run(is_full=True)
    assert home.fingerprints() == daily


def test_a_review_finds_its_buyer_and_an_order_its_person_whatever_came_first(make_home: Callable[..., Home]) -> None:
    home = make_home(SETTINGS, "guests")
    camille, desk = guest("stars", "camille@x.fr"), "desk@shop.fr"
    write(
        home,
        "stars",
        "reviews",
        "2025-03-02",
        REVIEWS,
        "R1,,,camille@x.fr,,5,Top,2025-03-02 10:00:00",
        "R2,,,,06 12 34 56 78,2,Bof,2025-03-02 11:00:00",
        "R3,,,,,4,,2025-03-02 12:00:00",
        "R4,,,c***@x.fr,06****5678,4,,2025-03-02 12:00:00",
        f"R5,,,{desk},,3,,2025-03-02 12:00:00",
        "R6,O1,,other@x.fr,,3,,2025-03-02 12:00:00",
    )
    write(home, "shop", "orders", "2025-03-02", ORDERS, "O1,C1,marc@x.fr,,2025-03-01 09:00:00,P1,1,30")
    run_and_compare(home)
    unknown = guest("stars", "0612345678")
    other = guest("stars", "other@x.fr")
    assert reviewers(home) == {"R1": camille, "R2": unknown, "R3": None, "R4": None, "R5": None, "R6": other}

    write(
        home,
        "shop",
        "orders",
        "2025-03-03",
        ORDERS,
        "O2,, Camille@X.fr ,,2025-03-03 09:00:00,P1,1,20",
        "O2,,,,2025-03-03 09:00:00,P2,1,5",
        "O3,C7,zoe@x.fr,+33 6 12 34 56 78,2025-03-03 10:00:00,P1,1,40",
        f"O4,,{desk},,2025-03-03 11:00:00,P1,1,7",
        f"O5,,{desk},,2025-03-03 12:00:00,P1,1,8",
        "O6,,a***@x.fr,,2025-03-03 13:00:00,P1,1,9",
    )
    write(home, "till", "order_headers", "2025-03-03", "order_id,customer_id,phone,ordered_at", "T1,,0612345678,2025-03-03 15:00:00")
    write(home, "till", "order_items", "2025-03-03", "order_id,product_id,quantity,unit_price", "T1,P1,1,11")
    run_and_compare(home)
    assert reviewers(home) == {"R1": camille, "R2": unknown, "R3": None, "R4": None, "R5": None, "R6": other}
    assert buyers(home) == {"O1": "shop:C1", "O2": camille, "O3": unknown, "T1": unknown, "O4": None, "O5": None, "O6": None}
    facts = dict(home.published("select customer_id, net_amount from marts.customer_facts where orders_count > 0"))
    assert facts == {"shop:C1": 30, camille: 25, unknown: 51}
    assert home.published("select sum(net_amount) from marts.fct_orders") == [(130,)]

    # a review of an order that is known is by who bought it, whatever address it bears
    write(home, "shop", "reviews", "2025-03-04", REVIEWS, "R7,O1,,elsewhere@x.fr,,5,,2025-03-04 10:00:00")
    write(home, "till", "customers", "2025-03-04", "customer_id,email,signed_up_at", "M1,camille@x.fr,2025-01-01 10:00:00")
    run_and_compare(home)
    assert reviewers(home) == {"R1": "till:M1", "R2": unknown, "R3": None, "R4": None, "R5": None, "R6": other, "R7": "shop:C1"}
    assert buyers(home)["O2"] == "till:M1"
    columns = "select column_name from information_schema.columns where table_schema = 'marts' and table_name = 'fct_reviews'"
    assert not {"email", "phone"} & {name for (name,) in home.published(columns)}

    (home.folder / "inbox" / "shop" / "orders_2025-03-03.csv").write_text(f"{ORDERS}\nO3,C7,zoe@x.fr,,2025-03-03 10:00:00,P1,1,40\n")
    run_and_compare(home)
    assert buyers(home) == {"O1": "shop:C1", "O3": "shop:C7", "T1": unknown}, "without the phone nothing links them"


def test_a_guest_is_written_to_with_a_consent_and_never_after_an_opt_out_by_the_address(make_home: Callable[..., Home]) -> None:
    home = make_home(SETTINGS, "opt-outs")
    names = ["ann", "bob", "cleo", "dan"]
    rows = [f"O{number},,{name}@x.fr,,2025-03-0{number} 09:00:00,P1,1,10" for number, name in enumerate(names, start=1)]
    write(home, "shop", "orders", "2025-03-05", ORDERS, *rows)
    agreed = [f"G{name},{name}@x.fr" for name in ("ann", "bob", "dan")]
    write(home, "crm", "customers", "2025-03-05", "customer_id,email", *agreed)
    said = [f"G{name},email,yes,2025-03-01 10:00:00" for name in ("ann", "bob", "dan")]
    write(home, "crm", "consents", "2025-03-05", "customer_id,channel,is_granted,changed_at", *said)
    write(home, "shop", "opt_outs", "2025-03-05", "email,channel,opted_out_at", "BOB@x.fr,email,2025-03-02 10:00:00")
    home.run()
    members = "select customer_id, status from marts.list_members where list_name = 'everybody'"
    # a person has the id that was known first: of two of them that is the one with the consent
    by_name = {"ann": guest("shop", "ann@x.fr"), "bob": "crm:Gbob", "cleo": guest("shop", "cleo@x.fr"), "dan": "crm:Gdan"}
    found = {by_name["ann"]: "send", by_name["bob"]: "unsubscribed", by_name["cleo"]: "no_consent", by_name["dan"]: "send"}
    assert dict(home.published(members)) == found
    write(home, "shop", "opt_outs", "2025-03-06", "email,channel,opted_out_at", "dan@x.fr,all,2025-03-06 10:00:00")
    home.run()
    assert dict(home.published(members)) == {**found, by_name["dan"]: "unsubscribed"}
