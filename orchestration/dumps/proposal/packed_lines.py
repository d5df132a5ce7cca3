"""Orders of one row each, with their lines packed into columns as ``name:Tea|quantity:2|total:9.80``: which columns, and which fields."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from orchestration.dumps.proposal import vocabulary
from orchestration.dumps.proposal.columns import Guess
from orchestration.dumps.proposal.order_money import ORDER_AMOUNTS
from orchestration.dumps.proposal.order_rows import ORDER_FIELDS
from orchestration.dumps.proposal.seen import MOSTLY, Seen

_FIELD = re.compile(r"(?:^|[|;])\s*([A-Za-z_][A-Za-z0-9_]*):")
_OF_A_LINE = ("product_name", "product_id", "quantity", "line_total", "unit_price")
_NEEDED = {"quantity", "unit_price"}


class Packed(NamedTuple):
    """``layout``: of the feed. ``columns``: canonical column → field of a line, or column of the order."""

    layout: dict[str, Any]
    columns: dict[str, Guess]


def found(guesses: Mapping[str, Guess], seen: Seen) -> Packed | None:
    """How the lines are packed, or None where they aren't. ``guesses``: of the feed ``orders`` for the columns as they are."""
    holding = [name for name in seen.names if ":" in seen.first(name) and _is_packed(seen.filled(name))]
    if not holding:
        return None
    values = [value for name in holding for value in seen.filled(name)]
    fields = list(dict.fromkeys(field for value in values for field in _FIELD.findall(value)))
    by_name = {form: field for field in reversed(fields) for form in vocabulary.forms(field)}
    named = {name: field for name in _OF_A_LINE if (field := next(filter(None, map(by_name.get, vocabulary.names_of(name))), None))}
    if "product_name" not in named and (field := by_name.get("name") or by_name.get("title")):
        named["product_name"] = field
    is_per_line = "line_total" in named
    if is_per_line:
        named["unit_price"] = named.pop("line_total")
    if not named.keys() >= _NEEDED or len(set(named.values())) < len(named):
        return None
    order = {name: guess for name, guess in guesses.items() if name in ("order_id", *ORDER_FIELDS, *ORDER_AMOUNTS)}
    for name in ("total_amount", *(("discount_amount",) if is_per_line else ())):
        order.pop(name, None)  # the total of a line is what is left after discounts
    amounts = [guess.source for name, guess in order.items() if name in ORDER_AMOUNTS]
    packed: dict[str, Any] = {
        "columns": list(dict.fromkeys(re.sub(r"\d+$", "*", name) for name in holding)),
        "fields": list(named.values()),
    }
    if between := _between_items(values):
        packed["between_items"] = between
    if amounts:
        packed["on_first_item"] = amounts
    layout = {"packed": packed} | ({"prices": "per_line"} if is_per_line else {})
    return Packed(layout, order | {name: Guess(f"item.{field}") for name, field in named.items()})


def _is_packed(values: list[str]) -> bool:
    telling = [value for value in values if len(fields := _FIELD.findall(value)) > 2 and set(fields) & {"quantity", "qty"}]
    return bool(telling) and len(telling) >= MOSTLY * len(values)


def _between_items(values: list[str]) -> str | None:
    """What stands between two lines in one column: before the field that began it, where that comes again."""
    for value in values:
        first = _FIELD.findall(value)[0]
        if again := re.search(rf"(\s*[|;]\s*){re.escape(first)}:", value[len(first) :]):
            return again[1]
    return None
