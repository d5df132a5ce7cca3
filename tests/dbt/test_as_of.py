"""Facts as of a day know nothing later: whatever dated events come afterwards, in later files, the facts of that day stay as they were.

A state that dumps give no day for (cancelled, refunded without a date) is no dated event: it is known since ever, as a correction is.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.conftest import Warehouse
from tests.dbt.lake import Lake

pytestmark = pytest.mark.slow

AS_OF = date(2025, 3, 31)
LAST_MOMENT = datetime.combine(AS_OF, time(23, 59, 59))


class Events:
    """Random lives of 40 customers around the day: each event is in the files up to the day, or in those after it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.orders = [self._order(number) for number in range(150)]

    def _moment(self, earliest: datetime) -> datetime:
        return earliest + timedelta(hours=self.random.randrange(24 * 60), minutes=self.random.choice([0, 59]))

    def _order(self, number: int) -> dict[str, Any]:
        ordered = self._moment(datetime(2025, 2, 15))
        paid = self.random.choice([ordered, self._moment(ordered), None])
        refunded = self._moment(paid) if paid and self.random.random() < 0.3 else None
        return {
            "order_id": f"O{number}",
            "customer_id": self.random.choice([*(f"C{customer}" for customer in range(40)), None]),
            "ordered_at": ordered,
            "paid_at": paid,
            "refunded_at": refunded,
            "channel": self.random.choice(["web", "app", None]),
            "category": self.random.choice(["food", "tea", "books", None]),
            "quantity": self.random.choice([1, 2]),
            "unit_price": self.random.choice([0, 5, 20]),
            "discount_amount": self.random.choice([0, 1]),
        }

    def orders_known_at(self, moment: datetime) -> Iterator[dict[str, Any]]:
        """What a dump of that moment says of the orders placed by then."""
        for order in self.orders:
            if order["ordered_at"] <= moment:
                is_paid, is_refunded = (order[name] is not None and order[name] <= moment for name in ("paid_at", "refunded_at"))
                yield {
                    **order,
                    "status": "refunded" if is_refunded else "paid" if is_paid else "pending",
                    "paid_at": order["paid_at"] if is_paid else None,
                    "refunded_at": order["refunded_at"] if is_refunded else None,
                    "refund_amount": 3 if is_refunded else 0,
                }

    def voices(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        reviews, tickets = [], []
        for number in range(40):
            someone, when = {"customer_id": f"C{self.random.randrange(50)}"}, self._moment(datetime(2025, 3, 1))
            reviews.append({"review_id": f"V{number}", **someone, "rating": self.random.randint(1, 5), "created_at": when})
            closed = self.random.choice([None, self._moment(when)])
            tickets.append({"ticket_id": f"T{number}", **someone, "opened_at": when, "closed_at": closed})
        return reviews, tickets


def deliver(lake: Lake, events: Events, key: str, moment: datetime, reviews: list[dict[str, Any]], tickets: list[dict[str, Any]]) -> None:
    lake.deliver(f"{key} orders", "online", "orders", events.orders_known_at(moment))
    lake.deliver(f"{key} reviews", "online", "reviews", [row for row in reviews if row["created_at"] <= moment])
    seen = [row for row in tickets if row["opened_at"] <= moment]
    states = [{**row, "closed_at": row["closed_at"] if row["closed_at"] and row["closed_at"] <= moment else None} for row in seen]
    lake.deliver(f"{key} tickets", "online", "tickets", states)


@pytest.mark.parametrize("seed", range(2))
def test_facts_of_a_day_stay_as_they_are_when_later_dumps_come(seed: int, tmp_path: Path, new_warehouse: Callable[..., Warehouse]) -> None:
    lake, events = Lake(tmp_path), Events(seed)
    reviews, tickets = events.voices()
    warehouse = new_warehouse(home=str(tmp_path), as_of=str(AS_OF), time_zone="UTC")
    query = "select * from marts.customer_facts order by customer_id"
    deliver(lake, events, "2025-03-31", LAST_MOMENT, reviews, tickets)
    lake.write()
    warehouse.dbt("run", "--select", "+customer_facts", "--full-refresh")
    known_then = warehouse.rows(query)

    deliver(lake, events, "2025-06-30", datetime(2025, 12, 31), reviews, tickets)
    lake.write()
    warehouse.dbt("run", "--select", "+customer_facts", "--full-refresh")

    assert len(known_then) > 20
    assert warehouse.rows(query) == known_then
    (later,) = warehouse.rows(
        "select count(*) filter (ordered_date > '2025-03-31'), count(*) filter (counted_date > '2025-03-31') from marts.fct_orders"
    )
    assert min(later) > 10, "there is something later that could have been seen"
