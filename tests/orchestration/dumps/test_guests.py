"""Rows without a customer id get one of their e-mail or phone while they land, and no row gets one of what is no address."""

import re
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from orchestration.dumps.clean_layer import ensure_feeds
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.guests import guest_id, may_be_of_guests
from tests.orchestration.dumps.conftest import Home
from transforms.evidence import GUEST_ID

HEADER = "order_id,customer_id,email,phone,ordered_at,quantity,unit_price"


def guest(*address: str) -> str:
    return "guest-" + sha256("\x1f".join(address).encode()).hexdigest()[:16]


def test_feeds_of_guests_are_those_that_may_come_without_a_customer_id() -> None:
    assert [feed for feed in FEEDS if may_be_of_guests(feed)] == ["orders", "order_headers", "reviews"]


@pytest.mark.parametrize(
    ("email", "phone", "expected"),
    [
        pytest.param(" Ann@Example.com ", None, guest("ann@example.com"), id="e-mail, trimmed and in lower case"),
        pytest.param(None, "+86 139-1234.5678", guest("+8613912345678"), id="phone, without what groups it"),
        pytest.param(None, "'+8613912345678", guest("+8613912345678"), id="phone, without its guard"),
        pytest.param("ann@x.com", "13912345678", guest("ann@x.com", "13912345678"), id="both make the id"),
        pytest.param("a***@x.com", "13912345678", guest("13912345678"), id="masked e-mail"),
        pytest.param("ann@x.com", "138****1234", guest("ann@x.com"), id="masked phone"),
        pytest.param("a***@x.com", "138****1234", None, id="both masked"),
        pytest.param("-", "n/a", None, id="no address"),
        pytest.param("ann@x@y", "0000", None, id="no form of an address"),
        pytest.param("", "", None, id="empty"),
        pytest.param(None, None, None, id="nothing"),
    ],
)
def test_the_id_of_a_guest_is_made_of_the_address(email: str | None, phone: str | None, expected: str | None) -> None:
    query = f"select {guest_id('email', 'phone')} from (select cast($1 as varchar) as email, cast($2 as varchar) as phone)"
    ((found,),) = duckdb.execute(query, [email, phone]).fetchall()
    assert found == expected
    assert found is None or re.search(GUEST_ID, found)


def test_only_rows_without_a_customer_id_get_the_id_of_their_address(home: Home) -> None:
    rows = ["O1,C1,ann@x.com,,2026-03-01,1,5", "O2,,Ann@X.com,,2026-03-01,1,5", "O2,,,,2026-03-01,1,7", "O3,,,139****5678,2026-03-01,1,5"]
    home.deliver("orders_2026-03-01.csv", "\n".join([HEADER, *rows]) + "\n")
    home.deliver("order_headers_2026-03-01.csv", "order_id,customer_id,phone,ordered_at\nO9,,139 1234 5678,2026-03-01\n")
    home.deliver("reviews_2026-03-01.csv", "review_id,rating,created_at,email,phone\nR1,5,2026-03-01,ann@x.com,\nR2,4,2026-03-01,,\n")
    home.land()
    assert home.clean("line, customer_id") == [(2, "C1"), (3, guest("ann@x.com")), (4, None), (5, None)]
    assert home.clean("customer_id", "order_headers") == [(guest("13912345678"),)]
    assert home.clean("review_id, customer_id, email", "reviews") == [("R1", guest("ann@x.com"), "ann@x.com"), ("R2", None, None)]


def test_rows_that_landed_before_guests_had_ids_get_theirs(tmp_path: Path) -> None:
    ensure_feeds(tmp_path)
    folder, stamp = tmp_path / "clean" / "orders", tmp_path / "clean" / ".columns"
    made = f"select * replace ('f' as file_id, id as customer_id, mail as email) from read_parquet('{folder}/empty.parquet') right join"
    rows = "(values (null, 'ann@x.com'), ('C1', 'ann@x.com'), (null, null)) as t(id, mail) on true"
    duckdb.execute(f"copy (select * exclude (id, mail) from ({made} {rows})) to '{folder}/old.parquet' (format parquet)")
    stamp.write_text("of a former version")
    ensure_feeds(tmp_path)
    found = duckdb.execute(f"select customer_id, email from read_parquet('{folder}/old.parquet') order by all").fetchall()
    assert found == [("C1", "ann@x.com"), (guest("ann@x.com"), "ann@x.com"), (None, None)]
