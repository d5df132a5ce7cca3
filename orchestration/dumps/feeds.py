"""The feeds of the clean layer: which columns each has, of which type, and which a dump must bring.

Types are named for what the text of a dump means; ``casts.py`` says how each is read exactly.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "key", "timestamp", "date", "money", "rate", "quantity", "integer", "boolean", "choice"]

SQL_TYPES: dict[Kind, str] = {
    "text": "varchar",
    "key": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "money": "decimal(18, 4)",
    "rate": "decimal(28, 18)",
    "quantity": "decimal(18, 3)",
    "integer": "integer",
    "boolean": "boolean",
    "choice": "varchar",
}

STATUSES = ("pending", "paid", "shipped", "completed", "cancelled", "refunded", "refused")
CHANNELS = ("email", "sms", "wechat", "phone")
PERSONALISATION = "personalisation"
"""What a customer may consent to beside the channels: being chosen by personal traits."""
COUNTED_STATUSES = ("paid", "shipped", "completed", "refunded")
"""Of orders whose money counts."""
LINE_KINDS = ("product", "fee", "adjustment", "gift_card", "tip")
PAYMENT_STATES = ("pending", "paid", "failed", "refunded")


@dataclass(frozen=True)
class Column:
    """One column of a feed.

    ``required``: a dump without the column is held. ``filled``: a row without a value goes to quarantine.
    ``default``: the SQL literal that stands in for a missing column or an empty value. ``low``, ``high``: both inclusive;
    ``above``: exclusive.
    """

    name: str
    kind: Kind
    required: bool = False
    filled: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    above: int | None = None


def _key(name: str) -> Column:
    return Column(name, "key", required=True, filled=True)


_ACCEPTS = tuple(Column(f"accepts_{channel}", "boolean") for channel in CHANNELS)
"""What an order or a customer record says of consents; empty: nothing. ``orchestration.lists.statements`` says what it is worth."""

_ORDER = (
    _key("order_id"),
    Column("customer_id", "key", required=True),
    Column("ordered_at", "timestamp", required=True, filled=True),
    Column("paid_at", "timestamp"),
    Column("status", "choice", default="'completed'", choices=STATUSES),
    Column("channel", "text"),
    Column("currency", "key", filled=True),
    Column("email", "key"),
    Column("phone", "key"),
    Column("city", "text"),
    Column("is_test", "boolean", default="false"),
    *_ACCEPTS,
)
_ITEM = (
    Column("order_line_id", "key"),
    Column("product_id", "key"),
    Column("product_name", "text"),
    Column("category", "text"),
    Column("line_kind", "choice", default="'product'", choices=LINE_KINDS),
    Column("quantity", "quantity", required=True, filled=True),
    Column("unit_price", "money", required=True, filled=True),
    Column("discount_amount", "money", default="0"),
    Column("shipping_amount", "money", default="0"),
    Column("tax_amount", "money", default="0"),
    Column("refund_amount", "money", default="0", low=0),
    Column("order_refund_amount", "money", default="0", low=0),
    Column("refunded_at", "timestamp"),
    Column("total_amount", "money"),
)

FEEDS: dict[str, tuple[Column, ...]] = {
    "orders": (*_ORDER, *_ITEM),
    "order_headers": _ORDER,
    "order_items": (_key("order_id"), *_ITEM),
    "products": (_key("product_id"), Column("product_name", "text"), Column("category", "text")),
    "customers": (
        _key("customer_id"),
        Column("name", "text"),
        Column("email", "key"),
        Column("phone", "key"),
        Column("membership_no", "key"),
        Column("city", "text"),
        Column("birth_year", "integer", low=1900, high=2100),
        Column("gender", "text"),
        Column("signed_up_at", "timestamp"),
        *_ACCEPTS,
        Column("consents_changed_at", "timestamp"),
    ),
    "consents": (
        _key("customer_id"),
        Column("channel", "choice", required=True, filled=True, choices=(*CHANNELS, PERSONALISATION)),
        Column("is_granted", "boolean", required=True, filled=True),
        Column("changed_at", "timestamp", required=True, filled=True),
    ),
    "opt_outs": (
        Column("customer_id", "key"),
        Column("email", "key"),
        Column("phone", "key"),
        Column("channel", "choice", default="'all'", choices=(*CHANNELS, PERSONALISATION, "all")),
        Column("opted_out_at", "timestamp", required=True, filled=True),
    ),
    "reviews": (
        _key("review_id"),
        Column("order_id", "key"),
        Column("customer_id", "key"),
        Column("product_id", "key"),
        Column("rating", "integer", required=True, low=1, high=5),
        Column("title", "text"),
        Column("body", "text"),
        Column("created_at", "timestamp", required=True, filled=True),
        Column("helpful_votes", "integer", low=0),
        Column("has_picture", "boolean"),
        Column("email", "key"),
        Column("phone", "key"),
    ),
    "tickets": (
        _key("ticket_id"),
        _key("customer_id"),
        Column("order_id", "key"),
        Column("topic", "text"),
        Column("opened_at", "timestamp", required=True, filled=True),
        Column("closed_at", "timestamp"),
    ),
    "contacts": (
        _key("customer_id"),
        Column("channel", "choice", required=True, filled=True, choices=CHANNELS),
        Column("list_name", "text"),
        Column("contacted_at", "timestamp", required=True, filled=True),
    ),
    "payments": (
        _key("order_id"),
        Column("payment_id", "key"),
        Column("method", "text"),
        Column("amount", "money", required=True, filled=True, low=0),
        Column("paid_at", "timestamp"),
        Column("state", "choice", default="'paid'", choices=PAYMENT_STATES),
    ),
    "exchange_rates": (
        Column("rate_date", "date", required=True, filled=True),
        _key("from_currency"),
        _key("to_currency"),
        Column("rate", "rate", required=True, filled=True, above=0),
    ),
}

ORIGIN = (("file_id", "varchar"), ("line", "bigint"), ("source", "varchar"))
"""Every clean row says which delivered file and which physical line of it (the header is line 1) it came from."""


def event_column(feed: str) -> str | None:
    """The column that dates a row of the feed, if it has one: the first required timestamp."""
    return next((column.name for column in FEEDS[feed] if column.kind == "timestamp" and column.required), None)


def empty_relation(feed: str) -> str:
    """A select of no rows with the columns and types of the clean feed."""
    columns = [*ORIGIN, *((column.name, SQL_TYPES[column.kind]) for column in FEEDS[feed])]
    return "select " + ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns) + " where false"
