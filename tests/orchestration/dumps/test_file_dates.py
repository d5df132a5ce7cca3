"""The dates in a file's name bound those of its rows, and say so."""

import pytest

from orchestration.dumps.file_dates import dates
from tests.orchestration.dumps.conftest import Home

NAMES = {
    "one date": ("orders_2026-09-01.csv", "2026-09-01", "2026-09-01"),
    "a range": ("orders_2026-09-01_2026-09-30.csv", "2026-09-30", "2026-09-30"),
    "a range in words": ("orders 2026-09-01 to 2026-09-30.csv", "2026-09-30", "2026-09-30"),
    "a range in Chinese": ("订单2026-09-01至2026-09-30.csv", "2026-09-30", "2026-09-30"),
    "a range that leaves out the year": ("orders_2026-09-01_09-30.csv", "2026-09-01", "2026-09-30"),
    "the same with two points": ("orders 2026-09-01..09-30.csv", "2026-09-01", "2026-09-30"),
    "a day and a time of day": ("orders_2026-09-01_08-30.csv", "2026-09-01", "2026-09-01"),
    "the latest of several": ("exported 2026-10-02 orders 2026-09-01.csv", "2026-10-02", "2026-10-02"),
    "no date": ("orders.csv", "", ""),
    "a number that is no date": ("orders_2026-13-45.csv", "", ""),
    "a longer number": ("orders_12026-09-01.csv", "", ""),
    "a moment": ("orders_2026-09-01T10-00-00.csv", "2026-09-01", "2026-09-01"),
}


@pytest.mark.parametrize(("name", "day", "until"), NAMES.values(), ids=NAMES)
def test_the_dates_in_a_files_name(name: str, day: str, until: str) -> None:
    assert dates(name, None) == (day, until)


def test_a_profile_says_where_the_date_stands() -> None:
    assert dates("exported 2026-10-02 orders 2026-09-01.csv", r"orders (\d{4}-\d\d-\d\d)") == ("2026-09-01", "2026-09-01")


def test_rows_within_a_range_of_days_are_not_out_of_range_and_later_ones_say_why(home: Home) -> None:
    rows = [f"O{day},C1,2026-09-{day:02},1,2" for day in (1, 15, 30)]
    home.deliver(
        "orders_2026-09-01_2026-09-30.csv",
        "\n".join(["order_id,customer_id,ordered_at,quantity,unit_price", *rows, "O9,C1,2026-10-05,1,2\n"]),
    )
    home.land()
    assert home.clean("count(*)") == [(3,)]
    ((explanation,),) = home.quarantine("explanation")
    assert "later than 2026-10-02: 2 days after 2026-09-30, the date in the name 'orders_2026-09-01_2026-09-30.csv'" in explanation
