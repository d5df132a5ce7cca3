"""Shopify's customers export, of today and older, and the consents of its orders export: real layouts, made-up people."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from orchestration.dumps.landing import Landing
from tests.orchestration.dumps.conftest import Home

SAMPLES = Path(__file__).parents[2] / "samples" / "shopify_orders"
RECORD = "customer_id, email, phone, city, accepts_email, accepts_sms, consents_changed_at, name"


def buyer(address: str) -> str:
    return sha256(address.encode()).hexdigest()[:16]


@pytest.fixture
def shop(configured: Callable[[str], Home]) -> Home:
    return configured("time_zone: UTC\ncurrency: EUR\nsources: {shop: {profile: shopify_orders}}\n")


def landed(home: Home, name: str) -> Landing:
    folder = home.folder / "inbox" / "shop"
    folder.mkdir(parents=True)
    shutil.copy(SAMPLES / name, folder)
    return home.land()


def test_a_customer_has_the_id_of_the_orders_and_says_which_channels_are_accepted(shop: Home) -> None:
    landing = landed(shop, "customers_export.csv")
    assert (landing.rows_clean, landing.rows_quarantined, landing.left_out) == (6, 0, {("shop", "no_address"): 1})
    assert sorted(shop.clean(RECORD, "customers"), key=str) == sorted(
        [
            (buyer("ana@example.fr"), "ana@example.fr", "+33612345601", "Lyon", True, True, None, None),
            (buyer("ben@example.fr"), "ben@example.fr", None, "Lyon", False, False, None, None),
            (buyer("cleo@example.fr"), "cleo@example.fr", "+33612345603", "Nîmes", True, False, None, None),
            (buyer("+33612345605"), None, "+33612345605", "Lyon", False, True, None, None),
            (buyer("finn@example.fr"), "finn@example.fr", None, "Lyon", True, False, None, None),
            (buyer("hana@example.fr"), "Hana@Example.fr", None, "Lyon", True, False, None, None),
        ],
        key=str,
    )


def test_the_older_export_is_read_too(shop: Home) -> None:
    landed(shop, "customers_export_older.csv")
    assert sorted(shop.clean(RECORD, "customers"), key=str) == sorted(
        [
            (buyer("jon@example.fr"), "jon@example.fr", "+33612345611", "Lille", True, None, None, None),
            (buyer("kim@example.fr"), "kim@example.fr", None, "Brest", False, None, None, None),
        ],
        key=str,
    )


def test_an_order_says_on_its_first_row_whether_mails_are_accepted(shop: Home) -> None:
    landed(shop, "orders_export.csv")
    found = shop.clean("line, order_id, customer_id, accepts_email, accepts_sms")
    ana, emil, finn = buyer("ana@example.fr"), buyer("+33612345605"), buyer("finn@example.fr")
    assert found[:2] == [(2, "#1001", ana, True, None), (3, "#1001", ana, None, None)]
    assert {(order_id, customer, accepts) for _, order_id, customer, accepts, _ in found} >= {
        ("#1003", buyer("cleo@example.fr"), False),
        ("#1005", emil, False),
        ("#1006", finn, None),
    }
