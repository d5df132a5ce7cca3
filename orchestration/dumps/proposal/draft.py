"""What is proposed of a dump before it is written down: its feed, columns, layout and rules, and what a person has to answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.looks import BLANKS, Look
from orchestration.dumps.proposal import feeds, numbers, order_lines, packed_lines, vocabulary
from orchestration.dumps.proposal.columns import Clues, Guess, of_feed
from orchestration.dumps.proposal.dates import CLOCK, clock_of, written
from orchestration.dumps.proposal.seen import Seen, mostly, seen

ONE_PIECE = "each order is read as one piece at its total; where another file brings the lines, make the feed order_headers"
NOBODYS_IDS = {"zero": "^0$", "words": "(?i)^(guest|anonymous|游客|匿名|匿名用户)$", "masked": r"\*"}
"""What stands in the place of a customer's id where there is none, or in a part of it, and would make one person of strangers."""
ONE_EACH = "no column says how many pieces a row is of, so each is read as one"
BY_ADDRESS = "no column holds a customer's id: an order is its e-mail's or phone's"
NOBODY = "no column says who bought: these orders are nobody's"
ONE_AT_A_TIME = "no column names the order: what a customer buys on one date, or at one time, is read as one"
REVIEWS_ALIKE = "nothing tells two reviews apart for sure, so review_id is missing: name a column for it, or join several under layout.made"
LONGEST_KEY = 40
"""Characters of values that may be part of an id of a review."""


@dataclass(frozen=True)
class Draft:
    """``values``: canonical column → constant. ``open_marks``: what a person has to answer of the feed as a whole; ``notes``: what to know
    of it. ``currency``: of a dump without a column for it, where its amounts say so. ``words``: of columns that know few words, those that
    are others."""

    feed: str
    columns: dict[str, Guess]
    layout: dict[str, Any] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    open_marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    currency: str | None = None
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class NoEvidence:
    """Why nothing is proposed. ``nearest``: the feed whose columns are there the most, and those that are not."""

    nearest: str | None
    missing: tuple[tuple[str, ...], ...]


def draft(look: Look) -> Draft | NoEvidence:
    """What is proposed for dumps like this one, or why nothing is."""
    rows = seen(look)
    clues = Clues(rows)
    if made := _packed(clues):
        return _finished(made, rows)
    found, nearest = feeds.found(clues, look.found.get("lines"))
    if found is None:
        return NoEvidence(nearest.feed if nearest else None, nearest.missing if nearest else ())
    made = Draft(found.feed, dict(found.guesses))
    if look.delimiter == BLANKS:
        made = replace(made, layout={"split_at_blanks": True})
    if found.feed == "orders" and "order_id" not in made.columns:
        made, rows = _with_order_ids(made, rows)
    if found.feed in ("orders", "order_items") and "order_id" in made.columns:
        made = _with_lines(made, rows)
    if found.feed == "order_headers":
        made = _with_totals(made, clues)
    if "ordered_at" in made.columns:
        made = _with_moments(made, rows)
    if found.feed == "reviews" and "review_id" not in made.columns:
        made = _with_review_ids(made, rows)
    return _finished(made, rows)


def _packed(clues: Clues) -> Draft | None:
    guesses = of_feed("orders", clues)
    packed = packed_lines.found(guesses, clues.seen) if {"order_id", "ordered_at"} <= guesses.keys() else None
    return Draft("orders", packed.columns, packed.layout) if packed else None


def _finished(made: Draft, rows: Seen) -> Draft:
    """With what any feed may need: who the customer is, rules, the currency, and words."""
    if made.feed in ("orders", "order_headers") and "customer_id" not in made.columns:
        is_known = bool({"email", "phone"} & made.columns.keys())
        made = replace(made, values={**made.values, "customer_id": ""}, notes=(BY_ADDRESS if is_known else NOBODY,))
    customer = made.columns.get("customer_id")
    if customer and customer.source in rows.names and (unless := _nobodys(rows.filled(customer.source))):
        others = made.layout.get("made", {})
        known = {"first_of": [customer.source], "unless": unless}
        columns = {**made.columns, "customer_id": Guess("customer", (), customer.doubt)}
        made = replace(made, layout=made.layout | {"made": {**others, "customer": known}}, columns=columns)
    if made.feed == "customers" and "customer_id" not in made.columns:
        addresses = [made.columns[name].source for name in ("email", "phone") if name in made.columns]
        layout = made.layout | {"made": {"customer": {"first_of": addresses, "hashed": True}}}  # an id that doesn't show the address
        made = replace(made, layout=layout, columns={**made.columns, "customer_id": Guess("customer")})
    made = replace(made, rules=[*made.rules, *_rules(made, rows), *_unpaid(made, rows)], currency=_currency(made, rows))
    return _with_words(_cleared(made), rows)


def _cleared(made: Draft) -> Draft:
    """Without the columns that the feed doesn't have, and with a mark for each that it can't do without."""
    known = {column.name: column for column in FEEDS[made.feed]}
    columns = {name: guess for name, guess in made.columns.items() if name in known}
    lacking = [name for name, column in known.items() if column.required and name not in columns and name not in made.values]
    lacking = [name for name in lacking if name != "review_id"]  # REVIEWS_ALIKE says it
    marks = (f"{name} is required, and no column seems to hold it" for name in lacking)
    return replace(made, columns=columns, open_marks=(*marks, *made.open_marks))


def _with_words(made: Draft, rows: Seen) -> Draft:
    """With the words of columns that know few, as far as they are others."""
    choices = {column.name: column.choices for column in FEEDS[made.feed] if column.kind == "choice" and column.name in made.columns}
    seen = {name: {value.lower() for value in rows.filled(made.columns[name].source)} for name in choices}
    return replace(made, words={name: tuple(sorted(found.difference(choices[name]))) for name, found in seen.items()})


def _with_order_ids(made: Draft, rows: Seen) -> tuple[Draft, Seen]:
    """Of orders that no column names: what a customer buys at one time is one. The rows then have such a column."""
    if not {"customer_id", "ordered_at"} <= made.columns.keys():
        return made, rows
    parts = [made.columns[name].source for name in ("customer_id", "ordered_at")]
    name = next(name for name in ("order", "order_made", "order_of_customer_and_time") if name not in rows.names)
    layout = made.layout | {"made": {name: {"join": parts}}}
    columns = {**made.columns, "order_id": Guess(name)}
    made = replace(made, layout=layout, columns=columns, open_marks=(*made.open_marks, ONE_AT_A_TIME))
    ids = map("-".join, zip(*map(rows.bare, parts), strict=True))
    return made, replace(rows, columns=(*rows.columns, name), rows=tuple((*row, order) for row, order in zip(rows.rows, ids, strict=True)))


def _with_lines(made: Draft, rows: Seen) -> Draft:
    arrangement = order_lines.arranged(made.columns, rows)
    made = replace(made, columns=arrangement.columns, layout=made.layout | arrangement.layout, rules=arrangement.rules)
    if "quantity" in made.columns:
        return made
    return replace(made, values={**made.values, "quantity": "1"}, open_marks=(*made.open_marks, ONE_EACH))


def _with_totals(made: Draft, clues: Clues) -> Draft:
    """Orders of which the file says what they cost and not of what they are made: one piece each, unless another file brings the lines."""
    total = of_feed("orders", clues).get("total_amount")
    if not total:
        return made
    columns = {**made.columns, "unit_price": total}
    return replace(made, feed="orders", columns=columns, values={**made.values, "quantity": "1"}, open_marks=(*made.open_marks, ONE_PIECE))


def _with_review_ids(made: Draft, rows: Seen) -> Draft:
    """An id of a review, made of columns that say together which review it is: what it is about, when it was written and, if that takes it,
    by whom. Whoever wrote it is only in it as a hash."""
    names = [made.columns[name].source for name in ("order_id", "product_id", "created_at", "rating") if name in made.columns]
    whole = [name for name in names if all(value and len(value) <= LONGEST_KEY for value in rows.bare(name))]
    if not whole:
        return replace(made, open_marks=(*made.open_marks, REVIEWS_ALIKE))
    keys = list(zip(*(rows.bare(name) for name in whole), strict=True))
    layout: dict[str, Any] = {"review": {"join": whole}}
    if len(set(keys)) < len(keys):
        known = [made.columns[name].source for name in ("customer_id", "email", "phone") if name in made.columns]
        texts = [made.columns[name].source for name in ("body", "title") if name in made.columns]
        by = [*known, *(name for name in rows.names if vocabulary.is_writer(name)), *texts, whole[-1]]
        columns = [rows.bare(name) for name in by]
        writers = [next(filter(None, each), "") for each in zip(*columns, strict=True)]
        if len(set(zip(keys, writers, strict=True))) < len(keys):
            return replace(made, open_marks=(*made.open_marks, REVIEWS_ALIKE))
        layout = {"writer": {"first_of": by}, "review": {"join": [*whole, "writer"], "hashed": True}}
    return replace(made, layout=made.layout | {"made": layout}, columns={**made.columns, "review_id": Guess("review")})


def _with_moments(made: Draft, rows: Seen) -> Draft:
    """Where a date and a time of day stand in two columns, both."""
    date = made.columns.get("ordered_at")
    time = next((name for name in rows.names if vocabulary.is_time_of_day(name) and mostly(rows.filled(name), CLOCK)), None)
    if not date or not time or any(":" in value for value in rows.filled(date.source)):
        return made
    day = next((key.split("'")[1] for key in date.keys if key.startswith("format: '")), "%Y-%m-%d" if not date.keys else None)
    if day is None:
        return made
    clock = clock_of(rows.filled(time))
    columns = {**made.columns, "ordered_at": Guess("moment", (f"format: '{day}-{clock}'",), date.doubt)}
    columns["ordered_at"] = replace(columns["ordered_at"], doubt="; ".join(filter(None, (date.doubt, _zone(rows)))))
    others = made.layout.get("made", {})
    return replace(made, columns=columns, layout=made.layout | {"made": {**others, "moment": {"join": [date.source, time]}}})


def _zone(rows: Seen) -> str:
    name = next((name for name in rows.names if vocabulary.plain(name) in ("timezone", "zone", "时区")), None)
    return f"{name} names the zone; say which zones it means with the key zone" if name and rows.filled(name) else ""


def _nobodys(ids: list[str]) -> str:
    """A regular expression of the ids that are nobody's; empty where all are somebody's."""
    return "|".join(pattern for pattern in NOBODYS_IDS.values() if any(re.search(pattern, each) for each in ids))


def _rules(made: Draft, rows: Seen) -> Iterator[dict[str, Any]]:
    for rule in vocabulary.rules_for(made.feed):
        names = set(map(vocabulary.plain, rule["columns"]))
        column = next((name for name in rows.names if vocabulary.plain(name) in names), None)
        if column is None:
            continue
        effect = {key: rule[key] for key in ("set", "leave_out") if key in rule}
        values = rows.filled(column)
        if rule["rule"] == "refunded" and _says_how_much(made, rows, column):
            continue
        if (rule.get("holds") == "date" and (not values or written(values) is not None)) or (rule.get("holds") == "anything" and values):
            yield {"rule": rule["rule"], "when": {column: "filled"}, **effect}
        elif "matches" in rule and any(re.search(rule["matches"], value) for value in values):
            yield {"rule": rule["rule"], "when": {column: {"matches": rule["matches"]}}, **effect}
        elif words := sorted({value for value in values if value.lower() in rule.get("words", ())}):
            yield {"rule": rule["rule"], "when": {column: {"equals": words}}, **effect}


def _says_how_much(made: Draft, rows: Seen, column: str) -> bool:
    """Whether each row with something in a column has an amount that was given back: then that is told, and needs no rule."""
    refund = made.columns.get("refund_amount")
    if not refund or refund.source not in rows.names:
        return False
    told = [amount for word, amount in zip(rows.bare(column), rows.bare(refund.source), strict=True) if word]
    return bool(told) and all(re.search("[1-9]", amount) for amount in told)


def _unpaid(made: Draft, rows: Seen) -> Iterator[dict[str, Any]]:
    """Of orders without a status, those that lack the date of their payment, where others have it."""
    paid = made.columns.get("paid_at")
    if made.feed == "orders" and paid and "status" not in made.columns and paid.source in rows.names and rows.filled(paid.source):
        order = made.columns["order_id"].source
        yield {"rule": "unpaid", "when": {order: "filled", paid.source: "empty"}, "set": {"status": "pending"}}


def _currency(made: Draft, rows: Seen) -> str | None:
    """The currency that the signs of the amounts name, where they are those of one and no column says it."""
    if made.feed not in ("orders", "order_items") or "currency" in made.columns or "unit_price" not in made.columns:
        return None
    if made.columns["unit_price"].source not in rows.names:
        return None
    signs = {numbers.currency_of(affix) for affix in numbers.affixes_of(rows.filled(made.columns["unit_price"].source))}
    return signs.pop() if len(signs) == 1 else None
