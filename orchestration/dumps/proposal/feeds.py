"""Which feed a dump is, on evidence: its required columns are there, and their values are what they should be."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.proposal import columns
from orchestration.dumps.proposal.columns import Clues, Guess

_ANYBODY = ("customer_id", "email", "phone")
_WHO = ("name", "email", "phone", "membership_no", "birth_year", "gender", "signed_up_at", "accepts_email", "accepts_sms", "city")

SIGNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "orders": (("order_id",), ("ordered_at",), ("quantity",), ("unit_price", "line_total")),
    "order_items": (("order_id",), ("quantity",), ("unit_price", "line_total"), ("product_id", "product_name")),
    "exchange_rates": (("rate_date",), ("from_currency",), ("to_currency",), ("rate",)),
    "tickets": (("ticket_id",), ("customer_id",), ("opened_at",)),
    "reviews": (("rating",), ("created_at",), ("review_id", "order_id", "product_id", "body")),
    "payments": (("order_id",), ("amount",), ("payment_id", "method", "state")),
    "order_headers": (("order_id",), ("ordered_at",), ("status", *_ANYBODY)),
    "contacts": (("customer_id",), ("channel",), ("contacted_at",)),
    "consents": (("customer_id",), ("channel",), ("is_granted",), ("changed_at",)),
    "opt_outs": (("opted_out_at",), _ANYBODY),
    "customers": (_ANYBODY, _WHO),
    "products": (("product_id",), ("product_name", "category")),
}
"""Feed → what a dump of it must have, one of each group. Of several the first: an order file has columns of customers and products too."""

ABSENT = {
    "order_headers": ("unit_price", "quantity"),
    "consents": ("order_id", "amount"),
    "opt_outs": ("order_id", "amount"),
    "customers": ("order_id", "rating", "quantity", "amount"),
    "products": ("order_id", "rating", "quantity", "ordered_at"),
}
"""Feed → what a dump of it can't have: these belong to orders, payments and reviews."""

MAY_LACK = {"orders": ("ordered_at", "quantity", "unit_price"), "order_items": ("quantity",), "reviews": ("created_at",)}
"""Feed → columns one of which may be missing: it is proposed all the same, with a mark. Orders may lack the order too, if they say who
bought and when."""


@dataclass(frozen=True)
class Found:
    """``missing``: groups of columns of which the dump seems to have none; at most one."""

    feed: str
    guesses: dict[str, Guess]
    missing: tuple[tuple[str, ...], ...] = ()


def found(clues: Clues, lines: str | None) -> tuple[Found | None, Found | None]:
    """The feed that the dump is, if there is evidence; and, if there is none, the nearest."""
    guesses = {feed: _without_strays(columns.of_feed(feed, clues, lines)) for feed in FEEDS}
    there = {name for guessed in guesses.values() for name, guess in guessed.items() if guess.is_typed}
    each = [Found(feed, guesses[feed], _missing(feed, guesses[feed])) for feed in SIGNS if not there.intersection(ABSENT.get(feed, ()))]
    for one in each:
        if not one.missing or (_lacks_one(one) and _is_named(one)):
            return one, None
    if nearly := next(filter(_lacks_one, each), None):
        return nearly, None
    return None, min(each, key=lambda one: len(one.missing) / len(SIGNS[one.feed]), default=None)


def _without_strays(guesses: dict[str, Guess]) -> dict[str, Guess]:
    """Without a date that is one of an order by its values alone, where nothing else is of an order: it may be any date of a line."""
    moment = guesses.get("ordered_at")
    if moment and columns.FROM_VALUES in moment.doubt and not any(name in guesses for name in (*_ANYBODY, "status")):
        return {name: guess for name, guess in guesses.items() if name != "ordered_at"}
    return guesses


def _lacks_one(found: Found) -> bool:
    lacking = [group[0] for group in found.missing]
    if lacking == ["order_id"]:
        return found.feed == "orders" and "customer_id" in found.guesses and found.guesses["customer_id"].is_typed
    return len(lacking) == 1 and lacking[0] in MAY_LACK.get(found.feed, ())


def _is_named(found: Found) -> bool:
    """Whether what is missing has a column by its name, whose values are not what they should be."""
    return all(any(name in found.guesses for name in group) for group in SIGNS[found.feed])


def _missing(feed: str, guesses: Mapping[str, Guess]) -> tuple[tuple[str, ...], ...]:
    return tuple(group for group in SIGNS[feed] if not any(name in guesses and guesses[name].is_typed for name in group))
