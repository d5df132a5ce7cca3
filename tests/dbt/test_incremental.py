"""A day's run leaves what a full run leaves, whatever came, in whatever order: late, corrected, withdrawn, about somebody else by now."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.conftest import Warehouse
from tests.dbt.lake import Lake
from tests.dbt.merchant import VARIABLES

pytestmark = pytest.mark.slow

FIRST_DAY = datetime(2025, 1, 1)
DAYS = 60
PEOPLE = [(source, f"C{number}") for source in ("online", "shop") for number in range(8)]


class Merchant:
    """Delivers at random, from few ids, so that files meet: the same order again, a header without items, a review before its order."""

    def __init__(self, home: Path, seed: int) -> None:
        self.lake, self.random, self.delivered = Lake(home), random.Random(seed), 0

    def some_day(self) -> None:
        """Orders come, and two to four other things happen; then everything is written."""
        self._orders()
        happenings = [self._orders, self._headers, self._items, self._products, self._reviews, self._profiles]
        happenings += [self._tickets, self._withdrawal, self._redelivery, self._merger, self._payments, self._rates, self._rates]
        for happening in self.random.choices(happenings, k=self.random.randint(2, 4)):
            happening()
        self.lake.write()

    def _moment(self) -> datetime:
        return FIRST_DAY + timedelta(days=self.random.randrange(DAYS), hours=self.random.randrange(24))

    def _maybe(self, value: Any) -> Any:
        return self.random.choice([value, None])

    def _customer(self) -> str | None:
        return self.random.choice([*(f"C{number}" for number in range(8)), None])

    def _deliver(self, feed: str, rows: list[dict[str, Any]]) -> None:
        self.delivered += 1
        # now and then a file comes late: its place is before those already there; or its name has no date
        place = self.random.choice([self.delivered, self.delivered, 0])
        day = self.random.choice([(FIRST_DAY + timedelta(days=place)).date().isoformat(), "0000-00-00"])
        key, source = f"{day} {self.delivered:04d}", self.random.choice(["online", "shop"])
        self.lake.deliver(key, source, feed, rows)
        if feed in ("orders", "order_headers", "order_items") and self.random.random() < 0.3:
            self.lake.refuse(key, source, feed, f"O{self.random.randrange(12)}")

    def _order(self) -> dict[str, Any]:
        ordered = self._moment()
        return {
            "order_id": f"O{self.random.randrange(12)}",
            "customer_id": self._customer(),
            "ordered_at": ordered,
            "paid_at": self._maybe(ordered + timedelta(days=self.random.randrange(20))),
            "status": self.random.choice(["pending", "paid", "shipped", "completed", "cancelled", "refunded", "refused"]),
            "currency": self.random.choice(["CNY", "CNY", "USD", "EUR"]),
            "channel": self._maybe("web"),
            "email": self._maybe(f"{self.random.randrange(4)}@example.com"),
            "phone": self._maybe(f"1381234000{self.random.randrange(4)}"),
            "is_test": self.random.random() < 0.1,
        }

    def _item(self) -> dict[str, Any]:
        refund = self.random.choice([0, 0, 0, 3])
        return {
            "order_line_id": self._maybe(str(self.random.randrange(3))),
            "product_id": self._maybe(f"P{self.random.randrange(3)}"),
            "product_name": self._maybe("named"),
            "category": self._maybe(self.random.choice(["tea", "cups"])),
            "quantity": self.random.choice([1, 2, -1]),
            "unit_price": self.random.choice([0, 2.5, 10]),
            "line_kind": self.random.choice(["product", "product", "product", "fee", "gift_card"]),
            "discount_amount": self.random.choice([0, 1]),
            "shipping_amount": self.random.choice([0, 0, 4]),
            "tax_amount": self.random.choice([0, 0.7]),
            "refund_amount": refund,
            "order_refund_amount": self.random.choice([0, 0, 0, 5, 40]),
            "refunded_at": self._maybe(self._moment()) if refund else None,
        }

    def _orders(self) -> None:
        orders = [self._order() for _ in range(self.random.randint(1, 4))]
        lines = [{**order, **self._item()} for order in orders for _ in range(self.random.randint(1, 2))]
        # now and then lines of an order stand at different statuses
        self._deliver("orders", [{**line, "status": self.random.choice([line["status"], line["status"], "cancelled"])} for line in lines])

    def _headers(self) -> None:
        self._deliver("order_headers", [self._order() for _ in range(3)])

    def _items(self) -> None:
        self._deliver("order_items", [{"order_id": f"O{self.random.randrange(12)}", **self._item()} for _ in range(4)])

    def _products(self) -> None:
        names = ["Kite", "Pot", None]
        rows = [{"product_id": f"P{number}", "product_name": self.random.choice(names), "category": "toys"} for number in range(2)]
        self._deliver("products", rows)

    def _reviews(self) -> None:
        self._deliver(
            "reviews",
            [
                {
                    "review_id": f"V{self.random.randrange(5)}",
                    "order_id": self._maybe(f"O{self.random.randrange(12)}"),
                    "customer_id": self._maybe(self._customer()),
                    "product_id": self._maybe("P0"),
                    "rating": self._maybe(self.random.randint(1, 5)),
                    "body": self.random.choice([None, "质量很好，但是物流太慢", "Broken box, poor service", "fine"]),
                    "created_at": self._moment(),
                }
                for _ in range(2)
            ],
        )

    def _profiles(self) -> None:
        customer = {"customer_id": f"C{self.random.randrange(8)}"}
        self._deliver("customers", [{**customer, "name": self._maybe("Li"), "city": self._maybe("上海"), "signed_up_at": self._moment()}])
        self._deliver(
            "consents", [{**customer, "channel": "email", "is_granted": self.random.random() < 0.5, "changed_at": self._moment()}]
        )

    def _tickets(self) -> None:
        ticket = {"ticket_id": f"T{self.random.randrange(3)}", "customer_id": f"C{self.random.randrange(8)}"}
        opened = self._moment()
        self._deliver("tickets", [{**ticket, "opened_at": opened, "closed_at": self._maybe(opened + timedelta(days=9))}])
        self._deliver("contacts", [{**ticket, "channel": "email", "contacted_at": opened}])

    def _payments(self) -> None:
        self._deliver(
            "payments",
            [
                {
                    "order_id": f"O{self.random.randrange(14)}",
                    "payment_id": self._maybe(str(self.random.randrange(2))),
                    "amount": self.random.choice([0, 2.5, 10, 20]),
                    "paid_at": self._maybe(self._moment()),
                    "state": self.random.choice(["pending", "paid", "paid", "failed", "refunded"]),
                }
                for _ in range(3)
            ],
        )

    def _rates(self) -> None:
        """Rates of most days come, or of a few anew: those of the other days stay missing."""
        days = self.random.sample(range(-1, DAYS + 1), self.random.choice([3, DAYS // 2, DAYS]))
        rates = [
            {
                "rate_date": (FIRST_DAY + timedelta(days=day)).date(),
                "from_currency": self.random.choice(["USD", "EUR"]),
                "to_currency": self.random.choice(["CNY", "CNY", "GBP"]),
                "rate": Decimal(self.random.choice(["7.123456789", "7.2", "0.333333333333"])),
            }
            for day in days
        ]
        self._deliver("exchange_rates", rates)

    def _withdrawal(self) -> None:
        if self.lake.files:
            self.lake.files.pop(self.random.randrange(len(self.lake.files)))

    def _redelivery(self) -> None:
        """A file comes again with the last row gone and a price corrected."""
        files = [file for file in self.lake.files if file["feed"] in ("orders", "order_items")]
        if files:
            old = self.random.choice(files)
            self.lake.files.remove(old)
            rows = [row for row in self.lake.rows[old["feed"]] if row["file_id"] == old["file_id"]]
            corrected = [{**row, "unit_price": 7} for row in rows[:-1]]
            self.delivered += 1
            self.lake.deliver(f"{old['delivery_key']} again {self.delivered}", old["source"], old["feed"], corrected)

    def _merger(self) -> None:
        """Ids turn out to be one person's, or an earlier link turns out to be wrong."""
        self.lake.persons.clear()
        self.lake.same_person(*self.random.sample(PEOPLE, 3))


ORDER_FILES = '"working"."intermediate"."int_order_files"'
"""Append-only: it may hold rows twice, and rows of files that no longer count. Compared are the distinct rows of files that count."""


def _compared(warehouse: Warehouse) -> list[str]:
    """What a day's build must leave as a full one does: all marts before the scores, and what else is added to from day to day."""
    models = (warehouse.manifest.nodes[unique_id] for unique_id in warehouse.graph.facts)
    kept = (model for model in models if model.config.materialized == "incremental" or model.schema == "marts")
    return sorted(model.relation_name for model in kept if model.relation_name)


def _differences(left: Warehouse, right: Warehouse, table: str) -> list[tuple[Any, ...]]:
    """Rows that only one of the two has, or has more often."""
    query = f"select * from {table}"
    if table == ORDER_FILES:
        query = f"select distinct * from {table} where file_id in (select file_id from working.staging.stg_files)"
    ours, theirs = (Counter(warehouse.rows(query)) for warehouse in (left, right))
    return sorted(((ours - theirs) + (theirs - ours)).elements(), key=repr)


@pytest.mark.parametrize("seed", [0, 3, 7, 11])
def test_a_history_built_day_by_day_is_the_history_built_at_once(
    seed: int, tmp_path: Path, new_warehouse: Callable[..., Warehouse]
) -> None:
    merchant = Merchant(tmp_path, seed)
    settings = {"exchange_rate_max_age_days": seed, "incomplete_orders": "flagged" if seed == 11 else "held"}
    daily, whole = (new_warehouse(home=str(tmp_path), **VARIABLES, **settings) for _ in range(2))
    compared = _compared(whole)
    built_as_of: date | None = None
    for day in range(6):
        merchant.some_day()
        later = 330 if day in (1, 4) else 0  # from there on orders leave the last twelve months, and come back the run after
        as_of = (FIRST_DAY + timedelta(days=merchant.random.randrange(20, DAYS) + later)).date()
        if built_as_of:
            statuses = daily.day("--selector", "before_scores", as_of=str(as_of), built_as_of=str(built_as_of))
            assert {name for name, status in statuses.items() if status not in ("success", "pass")} <= {"assert_items_have_a_header"}
        else:
            daily.dbt("run", "--selector", "before_scores", "--full-refresh", as_of=str(as_of))
        built_as_of = as_of
        if day in (1, 2, 5):
            whole.dbt("run", "--selector", "before_scores", "--full-refresh", as_of=str(as_of))
            different = {table: rows for table in compared if (rows := _differences(daily, whole, table))}
            assert not different
    ((lines,),) = daily.rows("select count(*) from marts.fct_order_lines")
    ((held,),) = daily.rows("select coalesce(sum(lines_count), 0) from marts.held_orders")
    assert lines + held > 5


def test_whoever_a_median_passes_is_counted_anew_though_there_is_no_news_of_them(
    tmp_path: Path, new_warehouse: Callable[..., Warehouse]
) -> None:
    lake, daily = Lake(tmp_path), new_warehouse(home=str(tmp_path), **VARIABLES)

    def buys(number: int, unit_price: int) -> dict[str, Any]:
        ordered = {"order_id": f"O{number}", "customer_id": f"C{number}", "ordered_at": FIRST_DAY, "paid_at": FIRST_DAY}
        return {**ordered, "product_id": "P1", "category": "tea", "quantity": 1, "unit_price": unit_price}

    def shares() -> dict[str, float]:
        return dict(daily.rows("select customer_id, above_median_price_share from marts.customer_facts"))

    lake.deliver("2025-01-02 day", "online", "orders", [buys(number, price) for number, price in enumerate([10, 20, 30, 90])])
    lake.write()
    daily.dbt("run", "--selector", "before_scores", "--full-refresh", as_of="2025-01-02")
    first = shares()
    lake.deliver("2025-01-03 day", "online", "orders", [buys(number, 40) for number in (4, 5)])
    lake.write()
    daily.day("--selector", "before_scores", as_of="2025-01-03", built_as_of="2025-01-02")

    assert first == {"online:C0": 0, "online:C1": 0, "online:C2": 1, "online:C3": 1}
    assert shares() == {**first, "online:C2": 0, "online:C4": 1, "online:C5": 1}
    assert daily.rows("select customer_id from working.intermediate.int_recounted_customers order by 1") == [
        (f"online:C{number}",) for number in (2, 4, 5)
    ]


def test_a_ticket_that_has_become_somebody_elses_stays_it_when_there_is_news_of_its_former_holder_alone(
    tmp_path: Path, new_warehouse: Callable[..., Warehouse]
) -> None:
    lake, daily = Lake(tmp_path), new_warehouse(home=str(tmp_path), **VARIABLES)

    def is_of(customer_id: str) -> dict[str, Any]:
        return {"ticket_id": "T1", "customer_id": customer_id, "topic": "quality", "opened_at": FIRST_DAY}

    def complaints() -> list[tuple[Any, ...]]:
        return daily.rows("select customer_id, has_open_complaint from marts.customer_facts order by 1")

    lake.deliver("2025-01-02 day", "online", "tickets", [is_of("C1")])
    lake.write()
    daily.dbt("run", "--selector", "before_scores", "--full-refresh", as_of="2025-01-02")
    assert complaints() == [("online:C1", True)]
    lake.deliver("2025-01-03 day", "online", "tickets", [is_of("C2")])
    lake.write()
    daily.day("--selector", "before_scores", as_of="2025-01-03", built_as_of="2025-01-02")
    moved = complaints()
    order = {"order_id": "O1", "customer_id": "C1", "ordered_at": FIRST_DAY, "product_id": "P1"}
    lake.deliver("2025-01-04 day", "online", "orders", [order])
    lake.write()
    daily.day("--selector", "before_scores", as_of="2025-01-04", built_as_of="2025-01-03")

    assert moved == complaints() == [("online:C1", False), ("online:C2", True)]
