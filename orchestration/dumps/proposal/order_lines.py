"""How the rows of a dump become order lines: layout, amounts and row rules, as its values tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.dumps.proposal.columns import OF_LINES, Guess
from orchestration.dumps.proposal.order_money import ORDER_AMOUNTS, OrderMoney
from orchestration.dumps.proposal.order_rows import OrderRows
from orchestration.dumps.proposal.seen import Seen


@dataclass(frozen=True)
class Arrangement:
    """``layout`` and ``rules``: keys of the feed. ``columns``: those guessed, with the keys that the arrangement adds to them."""

    layout: dict[str, Any] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    columns: dict[str, Guess] = field(default_factory=dict)


def arranged(guesses: Mapping[str, Guess], seen: Seen) -> Arrangement:
    """The arrangement of a dump whose rows are lines of orders, or orders with one line each."""
    rows = OrderRows(guesses, seen)
    money = OrderMoney(rows)
    price = money.price()
    others = {*ORDER_AMOUNTS, "unit_price", *(column.name for column in OF_LINES)}
    columns = {name: guess for name, guess in guesses.items() if name not in others} | money.order_amounts(price)
    if price.guess:
        columns["unit_price"] = price.guess
    if "order_line_id" in columns and not rows.tells_lines_apart(columns["order_line_id"].source):
        del columns["order_line_id"]
    layout: dict[str, Any] = {}
    if guarded := [guess.source for guess in guesses.values() if seen.is_guarded(guess.source)]:
        layout["unguard"] = list(dict.fromkeys(guarded))
    if fill_down := rows.fill_down():
        layout["fill_down"] = fill_down
    if price.is_per_line:
        layout["prices"] = "per_line"
    return Arrangement(layout, [rows.rule_of_summaries()] if rows.summaries else [], columns)
