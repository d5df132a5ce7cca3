"""What orders and customer records say of consents, in columns of their own, counts as much as the feed of consents, and a no wins."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.lists import permission
from orchestration.settings import Settings
from tests.dbt.lake import Lake
from transforms.schemas import CUSTOMER_EVIDENCE

Statement = tuple[str, str, dict[str, Any]]
"""(feed, day in the file's name or nothing, columns)."""


def order(is_accepted: bool, day: int, feed: str = "orders") -> Statement:
    return feed, "", {"order_id": f"O{day}", "ordered_at": datetime(2026, 3, day, 12), "accepts_email": is_accepted}


def record(is_accepted: bool | None, name: str = "", changed: int | None = None) -> Statement:
    moment = {"consents_changed_at": datetime(2026, 3, changed, 12)} if changed else {}
    return "customers", f"2026-03-{name}" if name else "", {"accepts_email": is_accepted, **moment}


def said(is_granted: bool, day: int, hour: int = 12) -> Statement:
    return "consents", "", {"channel": "email", "is_granted": is_granted, "changed_at": datetime(2026, 3, day, hour)}


def consents(home: Path, statements: list[Statement], zone: str = "Asia/Shanghai") -> dict[str, dict[str, bool | None]]:
    lake = Lake(home)
    for number, (feed, day, columns) in enumerate(statements):
        lake.deliver(f"{day or '0000-00-00'} {number:02d}", "shop", feed, [{"customer_id": "C1", **columns}])
    lake.write()
    found = permission.consents(Settings(home=home, time_zone=zone)).collect()
    return {row.pop("customer_id"): row for row in found.to_dicts()}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([order(True, 1)], True, id="an order's yes"),
        pytest.param([order(False, 1)], False, id="an order's no"),
        pytest.param([order(True, 1, "order_headers")], True, id="a header's yes"),
        pytest.param([order(False, 1), order(True, 2)], True, id="an order's yes later than an order's no"),
        pytest.param([order(True, 1), order(False, 2)], False, id="an order's no later than an order's yes"),
        pytest.param([said(False, 1), order(True, 2)], True, id="an order's yes later than a no of the feed"),
        pytest.param([order(True, 1), said(False, 2)], False, id="a no of the feed later than an order's yes"),
        pytest.param([record(True)], True, id="a record's yes without a date, alone"),
        pytest.param([record(None)], None, id="a record that says nothing"),
        pytest.param([record(True), order(False, 1)], False, id="a yes without a date gives way to any no"),
        pytest.param([record(True), record(False)], False, id="also to one without a date"),
        pytest.param([record(False), order(True, 30)], False, id="a no without a date holds for ever"),
        pytest.param([record(False), said(True, 30)], False, id="also against the feed"),
        pytest.param([record(False), order(False, 1), order(True, 3)], False, id="also beside a no that is outdone"),
        pytest.param([order(False, 5), record(True, changed=6)], True, id="a record's own date, later"),
        pytest.param([order(False, 5), record(True, changed=4)], False, id="a record's own date, earlier"),
        pytest.param([order(False, 5), record(True, "20", changed=4)], False, id="its own date comes before its file's"),
        pytest.param([order(False, 5), record(True, "06")], True, id="a yes of a file of a later day"),
        pytest.param([said(False, 6, 1), record(True, "06")], False, id="a yes counts from the beginning of the day"),
        pytest.param([record(False, "06"), said(True, 6, 15)], False, id="a no counts until the end of the merchant's day"),
        pytest.param([record(False, "06"), said(True, 6, 16)], True, id="and no longer"),
        pytest.param([record(True, "04"), said(False, 5), record(True, "06")], False, id="a yes that is only repeated is no new one"),
        pytest.param([record(False, "04"), record(True, "06"), record(True, "07")], True, id="a yes after a no is"),
        pytest.param([record(True, "03"), record(False, "04"), record(True, "06")], True, id="also where it was a yes before"),
        pytest.param([record(True, "04"), record(False, "04"), record(True, "05")], True, id="of one day the no comes last"),
        pytest.param([record(False, "04"), said(True, 5), record(False, "06")], False, id="a no that is repeated is a new one"),
    ],
)
def test_the_last_word_is_found_among_all_statements(tmp_path: Path, statements: list[Statement], expected: bool | None) -> None:
    found = consents(tmp_path, statements)
    assert found.get("shop:C1", {}).get("email_consent") is expected


def test_each_column_speaks_of_its_own_channel(tmp_path: Path) -> None:
    columns = {"accepts_email": True, "accepts_sms": False, "accepts_wechat": None, "accepts_phone": True}
    expected = {"email_consent": True, "sms_consent": False, "wechat_consent": None, "phone_consent": True}
    assert consents(tmp_path, [("customers", "2026-03-01", columns)]) == {"shop:C1": expected}


def test_rows_of_a_former_version_say_nothing_in_columns_that_came_since(tmp_path: Path) -> None:
    assert consents(tmp_path, [said(True, 1), order(False, 2), record(False)])["shop:C1"]["email_consent"] is False
    for feed in ("orders", "order_headers", "customers"):
        path = tmp_path / "lake" / "clean" / feed / "0.parquet"
        rows = pl.read_parquet(path, glob=False)
        rows.drop([name for name in rows.columns if name.startswith(("accepts_", "consents_"))]).write_parquet(path)
    found = permission.consents(Settings(home=tmp_path, time_zone="UTC")).collect()
    assert found.select("customer_id", "email_consent").rows() == [("shop:C1", True)]


def test_the_last_opt_out_holds_until_a_later_yes_with_a_date(tmp_path: Path) -> None:

    def unsubscribed(home: Path, *statements: Statement) -> bool:
        out = ("opt_outs", "", {"channel": "email", "opted_out_at": datetime(2026, 3, 5, 12)})
        consents(home, [out, *statements])
        (home / "lake" / "identity" / "evidence").mkdir()
        CUSTOMER_EVIDENCE.to_frame().write_parquet(home / "lake" / "identity" / "evidence" / "none.parquet")
        nobody = pl.LazyFrame(schema={"customer_id": pl.String, "email": pl.String, "phone": pl.String})
        found = permission.known(Settings(home=home), nobody, date(2026, 4, 1)).opt_outs.collect()
        return found.rows() == [("shop:C1", "email")]

    assert unsubscribed(tmp_path / "a", record(True))
    assert unsubscribed(tmp_path / "b", order(True, 4))
    assert unsubscribed(tmp_path / "c", record(True, "04"), record(True, "06"))
    assert not unsubscribed(tmp_path / "d", order(True, 6))
