"""Results of past lists, from the record of lists and a warehouse small enough to count by hand."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.io import write_parquet
from orchestration.lists import results
from orchestration.lists.history import folder
from orchestration.settings import Settings
from transforms.contact import EVERY_LIST
from transforms.schemas import CUSTOMER_LINKS, LIST_HISTORY, LIST_RESULTS, TIMESTAMP

DAY = date(2026, 3, 1)
AS_OF = DAY + timedelta(days=40)
NO_TOUCHES = pl.LazyFrame(schema={"customer_id": pl.String, "channel": pl.String, "contacted_at": TIMESTAMP})


class Shop:
    """A home with lists on record, links of ids, orders and refunds, and the results over them."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home, time_zone="UTC")
        self.link()
        with duckdb.connect(str(self.settings.working)), duckdb.connect(str(self.settings.warehouse)) as connection:
            connection.execute(
                """create schema marts;
                create table marts.fct_orders (order_key text, customer_id text, is_counted bool, is_purchase bool, ordered_date date,
                    counted_date date, gross_amount decimal(18, 4), discount_amount decimal(18, 4));
                create table marts.fct_refunds (order_key text, customer_id text, is_counted bool, counted_date date, refund_date date,
                    refund_amount decimal(18, 4))"""
            )

    def on_list(self, after: int, *members: tuple[str, str], name: str = "fans", channel: str = "email") -> None:
        """Members (customer, ``send``, ``list`` or ``global``) of one list, so many days after the first; lists of a day are added up."""
        day = DAY + timedelta(days=after)
        rows = [(name, who, day, *(("send", channel, None) if how == "send" else ("holdout", channel, how))) for who, how in members]
        path = folder(self.settings) / f"{day}.parquet"
        former = [pl.read_parquet(path)] if path.exists() else []
        write_parquet(pl.concat([*former, pl.DataFrame(rows, schema=LIST_HISTORY, orient="row")]), path)

    def link(self, **persons: str) -> None:
        """Ids of the source ``s`` that are other persons by now."""
        rows = [("s", former, person, "email", DAY, "run") for former, person in persons.items()]
        path = self.settings.lake / "identity" / "customer_links.parquet"
        write_parquet(pl.DataFrame(rows, schema=CUSTOMER_LINKS, orient="row"), path)

    def orders(self, *orders: tuple[str, int, str], counted_after: int = 0, is_purchase: bool = True) -> None:
        """Orders (customer, days after the first, amount), each counted so many days after it was placed."""
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            for who, after, amount in orders:
                ordered, counted = DAY + timedelta(days=after), DAY + timedelta(days=after + counted_after)
                row = ["o", who, True, is_purchase, ordered, counted, Decimal(amount), Decimal(0)]
                connection.execute("insert into marts.fct_orders values (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def refund(self, who: str, after: int, amount: str) -> None:
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            row = ["o", who, True, DAY, DAY + timedelta(days=after), Decimal(amount)]
            connection.execute("insert into marts.fct_refunds values (?, ?, ?, ?, ?, ?)", row)

    def results(self, as_of: date = AS_OF, touches: pl.LazyFrame = NO_TOUCHES) -> pl.DataFrame:
        found = pl.read_parquet(results.write(self.settings, as_of, 30, touches))
        assert found.schema == LIST_RESULTS
        return found

    def day(self, after: int = 0, name: str = "fans", **options: object) -> dict[str, object]:
        return self.results(**options).row(
            by_predicate=(pl.col("as_of_date") == DAY + timedelta(days=after)) & (pl.col("list_name") == name), named=True
        )  # type: ignore[arg-type]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_without_a_past_there_are_no_results(shop: Shop) -> None:
    assert shop.results().is_empty()
    shop.on_list(40, ("s:1", "send"))
    assert shop.results().is_empty(), "the lists of the day itself have no result yet"


def test_purchases_and_money_of_the_days_after_the_list_are_counted_on_either_side(shop: Shop) -> None:
    shop.on_list(0, ("s:1", "send"), ("s:2", "send"), ("s:3", "list"))
    shop.orders(("s:1", 0, "500"), ("s:1", 1, "10.5"), ("s:1", 30, "2"), ("s:2", 31, "900"), ("s:3", 5, "7"), ("s:9", 5, "1"))
    shop.orders(("s:2", 2, "3"), is_purchase=False)
    shop.orders(("s:2", 0, "4"), counted_after=1)
    shop.orders(("s:3", 29, "40"), counted_after=2)
    shop.refund("s:1", 30, "0.75")
    shop.refund("s:1", 31, "1")
    found = shop.day()
    assert {name: found[name] for name in found if name.endswith("_count")} == {
        "days_count": 1, "listed_count": 3, "sent_count": 2, "held_out_count": 1, "sent_contacted_count": 0, "held_out_contacted_count": 0,
        "sent_bought_count": 1, "held_out_bought_count": 1, "sent_orders_count": 2, "held_out_orders_count": 1,
    }  # fmt: skip
    assert (found["sent_net_amount"], found["held_out_net_amount"]) == (Decimal("18.75"), Decimal("7"))
    assert (found["is_complete"], found["ends_on"], found["verdict"]) == (True, DAY + timedelta(days=30), "too small to say")


def test_a_horizon_that_is_not_over_shows_what_is_known_and_no_verdict(shop: Shop) -> None:
    shop.on_list(0, ("s:1", "send"), ("s:2", "list"))
    shop.orders(("s:1", 3, "5"), ("s:1", 12, "5"))
    shop.refund("s:1", 12, "1")
    found = shop.results(as_of=DAY + timedelta(days=10))
    assert found["as_of_date"].to_list() == [DAY], "and no row of finished days"
    row = found.row(0, named=True)
    assert (row["is_complete"], row["verdict"], row["verdict_zh"]) == (False, "still running", "观察期未结束")
    assert (row["sent_orders_count"], row["sent_net_amount"]) == (1, Decimal(5))


def test_a_customer_counts_on_the_first_day_on_a_list_however_long_it_goes_on(shop: Shop) -> None:
    shop.on_list(0, ("s:1", "send"), ("s:2", "list"))
    shop.on_list(5, ("s:1", "list"), ("s:2", "send"), ("s:3", "send"))
    shop.on_list(5, ("s:1", "send"), name="others")
    shop.orders(("s:3", 4, "9"))
    assert shop.day(5)["sent_net_amount"] == 0, "what was bought before that day is not the list's doing"
    found = (
        shop.results()
        .filter(pl.col("as_of_date").is_not_null())
        .select("list_name", "as_of_date", "listed_count", "sent_count", "held_out_count")
    )
    later = DAY + timedelta(days=5)
    assert sorted(found.rows()) == [("fans", DAY, 2, 1, 1), ("fans", later, 3, 1, 0), ("others", later, 1, 1, 0)]
    together = shop.results().filter(pl.col("as_of_date").is_null(), list_name="fans")
    assert together.select("days_count", "listed_count", "sent_count", "held_out_count").row(0) == (2, 5, 2, 1)


@pytest.mark.parametrize(
    ("ids", "counts"),
    [
        pytest.param((("s:1", "send"), ("s:2", "list")), (1, 0), id="the id that stands for the person was written to"),
        pytest.param((("s:1", "list"), ("s:2", "send")), (0, 1), id="the id that stands for the person was held out"),
        pytest.param((("s:2", "send"), ("s:3", "list")), (1, 0), id="neither stands for the person"),
    ],
)
def test_ids_that_became_one_person_count_once_with_the_orders_of_all(shop: Shop, ids: tuple, counts: tuple[int, int]) -> None:
    shop.on_list(0, *ids)
    shop.link(**{"1": "s:1", "2": "s:1", "3": "s:1"})
    shop.orders(("s:1", 2, "8"))
    found = shop.day()
    assert (found["sent_count"], found["held_out_count"], found["listed_count"]) == (*counts, 2)
    assert (found["sent_bought_count"], found["held_out_bought_count"]) == counts


def test_the_global_holdout_is_compared_over_all_lists_and_belongs_to_none(shop: Shop) -> None:
    shop.on_list(0, ("s:1", "send"), name="fans")
    shop.on_list(1, ("s:1", "send"), ("s:2", "list"), ("s:3", "global"), name="fans")
    shop.on_list(1, ("s:1", "send"), ("s:2", "list"), ("s:3", "global"), ("s:4", "send"), name="others", channel="sms")
    shop.orders(("s:3", 4, "6"))
    lists = shop.results().filter(pl.col("as_of_date") == DAY + timedelta(days=1))
    assert lists.select("list_name", "listed_count", "sent_count", "held_out_count", "held_out_bought_count", "channel").rows() == [
        (EVERY_LIST, 4, 3, 1, 1, None),
        ("fans", 3, 0, 1, 0, "email"),
        ("others", 4, 2, 1, 0, "sms"),
    ]


def test_contacts_on_the_lists_channel_say_whether_it_was_really_sent(shop: Shop) -> None:
    shop.on_list(0, *((f"s:{number}", "send") for number in range(1, 6)), ("s:9", "list"))
    told = [
        ("s:1", "email", 0),
        ("s:1", "email", 2),
        ("s:2", "sms", 1),
        ("s:3", "email", -1),
        ("s:4", "email", 31),
        ("s:5", "email", 30),
        ("s:9", "email", 3),
    ]
    start = datetime(2026, 3, 1, 12)
    touches = pl.LazyFrame(
        [(who, channel, start + timedelta(days=after)) for who, channel, after in told], schema=NO_TOUCHES.collect_schema(), orient="row"
    )
    found = shop.day(touches=touches)
    assert (found["sent_contacted_count"], found["held_out_contacted_count"]) == (2, 1)


def test_the_order_in_which_things_stand_changes_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    def of(arranged: Callable[[list], list]) -> pl.DataFrame:
        shop = Shop(tmp_path_factory.mktemp("home"))
        for after in (0, 3):
            shop.on_list(after, *arranged([(f"s:{number}", ("send", "list", "global")[number % 3]) for number in range(after, after + 20)]))
        shop.orders(*arranged([(f"s:{number}", after, f"{number}.{after}") for number in range(0, 23, 2) for after in (1, 9)]))
        return shop.results()

    assert of(list).equals(of(lambda rows: rows[::-1]))
