"""One merchant's small lake, in which every rule of the facts has a case. Times are UTC, the merchant sits in Shanghai (+8)."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.dbt.lake import Lake

AS_OF = "2025-03-31"
VARIABLES = {"as_of": AS_OF, "time_zone": "Asia/Shanghai", "currency": "CNY"}


def at(text: str) -> datetime:
    """``03-31 15:59`` of 2025, in UTC."""
    return datetime.strptime(f"2025-{text}", "%Y-%m-%d %H:%M")


def merchant(home: Path) -> Lake:
    """An online shop, physical shops, a marketplace that delivers its items apart, and a kiosk abroad that knows nobody. Anna is C1 online
    and S1 in the shop."""
    lake = Lake(home)
    lake.same_person(("online", "C1"), ("shop", "S1"))
    _online(lake)
    _shop(lake)
    _market(lake)
    _abroad(lake)
    _voices(lake)
    return lake


def _online(lake: Lake) -> None:
    o1 = {"order_id": "O1", "customer_id": "C1", "ordered_at": at("03-01 02:00"), "channel": "web", "product_id": "P1", "category": "tea"}
    anna, moved = {"email": "anna@example.com", "city": "北京"}, {"email": "anna@new.example", "city": "上海"}
    lake.deliver(
        "2025-03-01 day",
        "online",
        "orders",
        [
            {**o1, "order_line_id": "a", "quantity": 2, "unit_price": 50, **anna},
            {**o1, "order_line_id": "b", "quantity": 1, "unit_price": 30, **anna},
            {"order_id": "O2", "customer_id": "C1", "ordered_at": at("03-01 03:00"), "status": "pending"},
            {"order_id": "O3", "customer_id": None, "ordered_at": at("03-01 04:00"), "unit_price": 20},
            # two equal rows without an id: two pieces sold
            {"order_id": "O4", "customer_id": "C2", "ordered_at": at("03-02 02:00"), "unit_price": 2.5},
            {"order_id": "O4", "customer_id": "C2", "ordered_at": at("03-02 02:00"), "unit_price": 2.5},
        ],
    )
    lake.deliver(  # O1 again: line b is gone, line a corrected, and corrected once more further down
        "2025-03-02 day",
        "online",
        "orders",
        [
            {**o1, "order_line_id": "a", "quantity": 99, "unit_price": 50, "paid_at": at("03-02 04:00")},
            {**o1, "order_line_id": "a", "quantity": 3, "unit_price": 50, "discount_amount": 10, "paid_at": at("03-02 04:00"), **moved},
        ],
    )
    lake.deliver(
        "2025-03-03 withdrawn",
        "online",
        "orders",
        [{"order_id": "O9", "customer_id": "C9", "ordered_at": at("03-03 02:00")}],
        is_live=False,
    )
    lake.deliver(
        "2025-03-10 day",
        "online",
        "orders",
        [
            {"order_id": "O5", "customer_id": "C2", "ordered_at": at("03-10 02:00"), "quantity": -1, "unit_price": 2.5},
            {"order_id": "O6", "customer_id": "C3", "ordered_at": at("03-10 02:00"), "unit_price": 8, "line_kind": "fee"},
            {"order_id": "O7", "customer_id": "C3", "ordered_at": at("03-10 02:00"), "unit_price": 500, "is_test": True},
            {"order_id": "O8", "customer_id": "C2", "ordered_at": at("03-31 16:00"), "unit_price": 70},  # April in Shanghai
        ],
    )


def _shop(lake: Lake) -> None:
    store = {"customer_id": "S1", "channel": "store", "product_id": "P1", "category": "cups"}
    r1 = {**store, "order_id": "R1", "ordered_at": at("03-05 02:00"), "unit_price": 40}
    r2 = {**store, "order_id": "R2", "ordered_at": at("03-06 02:00"), "unit_price": 60}
    lake.deliver(
        "2025-03-06 shop",
        "shop",
        "orders",
        [
            {**r1, "refund_amount": 5, "refunded_at": at("03-31 15:59")},
            {**r2, "refund_amount": 60, "refunded_at": at("03-31 16:00")},  # April in Shanghai
        ],
    )


def _market(lake: Lake) -> None:
    m1 = {"order_id": "M1", "customer_id": "K1", "ordered_at": at("03-06 02:00")}
    m2 = {"order_id": "M2", "customer_id": "K1", "ordered_at": at("03-06 03:00")}
    lake.deliver("2025-03-06 headers", "market", "order_headers", [{**m1, "status": "pending"}, {**m2, "status": "paid"}])
    lake.deliver("2025-03-07 headers", "market", "order_headers", [{**m1, "status": "completed", "paid_at": at("03-07 02:00")}])
    item = {"order_id": "M1", "order_line_id": "1", "product_id": "X", "unit_price": 15, "shipping_amount": 3}
    lake.deliver("2025-03-06 items", "market", "order_items", [{**item, "unit_price": 999}, {**item, "order_id": "M3"}])
    lake.deliver("2025-03-07 items", "market", "order_items", [item])
    lake.deliver("2025-03-06 products", "market", "products", [{"product_id": "X", "product_name": "Kite", "category": "toys"}])


def _abroad(lake: Lake) -> None:
    a1 = {"order_id": "A1", "currency": "USD", "ordered_at": at("03-08 15:59")}
    a2 = {"order_id": "A2", "currency": "USD", "ordered_at": at("03-08 16:00")}  # the next day in Shanghai, which has no rate
    refund = {"refund_amount": 1, "refunded_at": at("03-20 02:00")}
    lake.deliver("2025-03-08 abroad", "abroad", "orders", [{**a1, "unit_price": 3.3333}, {**a1, "unit_price": 2, **refund}, a2, a2])
    rate = {"rate_date": date(2025, 3, 8), "from_currency": "USD", "to_currency": "CNY"}
    lake.deliver("2025-03-08 rates", "abroad", "exchange_rates", [{**rate, "rate": Decimal("7.15")}, {**rate, "rate": Decimal("7.25")}])
    # two payments for two lines: a join of both would count four
    payments = [{"order_id": "O4", "payment_id": "1", "amount": 2}, {"order_id": "O4", "payment_id": "2", "amount": 3}]
    lake.deliver("2025-03-08 payments", "online", "payments", [*payments, {"order_id": "O1", "payment_id": "1", "amount": 139}])


def _voices(lake: Lake) -> None:
    profiles = [
        {"customer_id": "C1", "name": "王小明", "phone": "13812341234", "signed_up_at": at("02-01 00:00")},
        {"customer_id": "C4", "name": "Li", "signed_up_at": at("03-20 00:00")},
        {"customer_id": "C5", "name": "Ma", "signed_up_at": at("04-05 00:00")},
    ]
    lake.deliver("2025-03-21 customers", "online", "customers", profiles)
    consent = {"customer_id": "C1", "channel": "email"}
    words = [
        {**consent, "is_granted": True, "changed_at": at("02-01 00:00")},
        {**consent, "is_granted": False, "changed_at": at("04-02 00:00")},
    ]
    lake.deliver("2025-03-21 consents", "online", "consents", words)
    lake.deliver(
        "2025-03-21 shop consents",
        "shop",
        "consents",
        [{"customer_id": "S1", "channel": "sms", "is_granted": True, "changed_at": at("02-01 00:00")}],
    )
    reviews = [
        {"review_id": "V1", "order_id": "O1", "rating": 1, "created_at": at("03-08 00:00")},
        {"review_id": "V2", "customer_id": "C1", "rating": 5, "created_at": at("02-08 00:00"), "order_id": "O1", "helpful_votes": 2},
    ]
    lake.deliver("2025-03-21 reviews", "online", "reviews", reviews)
    lake.deliver("2025-03-21 tickets", "online", "tickets", [{"ticket_id": "T1", "customer_id": "C2", "opened_at": at("03-12 00:00")}])
    lake.deliver(
        "2025-03-21 contacts", "online", "contacts", [{"customer_id": "C2", "channel": "email", "contacted_at": at("03-13 00:00")}]
    )
