"""How the rows of a dump become order lines, told from its values: guards, order fields on first rows only, amounts of whole orders, rows
that are no line, and whether a price is of a piece or of the line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from typing import Any

from orchestration.dumps.proposal import numbers, vocabulary
from orchestration.dumps.proposal.columns import Guess
from orchestration.dumps.proposal.seen import Seen

ORDER_FIELDS = ("customer_id", "ordered_at", "paid_at", "status", "channel", "currency", "email", "phone", "city", "is_test")
ORDER_AMOUNTS = ("shipping_amount", "tax_amount", "discount_amount", "refund_amount", "total_amount")
LINE_FIELDS = ("product_id", "product_name")
PER_LINE = "it may be the price of a piece, or of the line, which `layout: {prices: per_line}` reads"
OF_LINE = "it may be the price of the line, or of a piece, which is read without `prices: per_line`"
OF_ORDER = "it may be of the row, or of the whole order, which `of: order` reads"
NEAR = Decimal("0.05")
"""Of what an order costs."""
FEW_ORDERS = 50
"""So many orders without one of several rows say little about the next."""
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Arrangement:
    """``layout`` and ``rules``: keys of the feed. ``columns``: those guessed, with the keys that the arrangement adds to them."""

    layout: dict[str, Any] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    columns: dict[str, Guess] = field(default_factory=dict)


def arranged(guesses: Mapping[str, Guess], seen: Seen) -> Arrangement:
    """The arrangement of a dump whose rows are lines of orders, or orders with one line each."""
    return _Lines(dict(guesses), seen).arrangement()


@dataclass
class _Lines:
    guesses: dict[str, Guess]
    seen: Seen

    def arrangement(self) -> Arrangement:
        layout: dict[str, Any] = {}
        if guarded := [guess.source for guess in self.guesses.values() if self.seen.is_guarded(guess.source)]:
            layout["unguard"] = list(dict.fromkeys(guarded))
        if down := self._filled_down():
            layout["fill_down"] = down
        rules = [self._summary_rule] if self._summary_rows else []
        columns = self._prices(layout)
        columns = self._order_amounts(columns, layout.get("prices") == "per_line")
        if not self._are_of_one_line(columns.get("order_line_id")):
            columns.pop("order_line_id", None)
        return Arrangement(layout, rules, columns)

    @cached_property
    def orders(self) -> list[list[int]]:
        """Numbers of the rows of each order, as far as they stand together; a row without an order belongs to the one above."""
        order, ids = self.guesses["order_id"].source, list[tuple[str, int]]()
        block = 0
        for number, value in enumerate(self.seen.bare(order)):
            block += number in self.seen.begun_anew
            ids.append((value or (ids[-1][0] if ids and self._names_order_once else ""), block))
        return [[number for number, _ in rows] for _, rows in groupby(enumerate(ids), key=lambda each: each[1])]

    @cached_property
    def _names_order_once(self) -> bool:
        """Whether rows without an order bring what the row above doesn't say: a line, and no field of the order."""
        bare = self.seen.bare(self.guesses["order_id"].source)
        fields = [self.seen.bare(self.guesses[name].source) for name in ORDER_FIELDS if name in self.guesses]
        further = [number for number, value in enumerate(bare) if not value]
        is_line = all(any(self._value(name, number) for name in ("quantity", *LINE_FIELDS)) for number in further)
        return bool(further) and bool(bare[0]) and is_line and not any(column[number] for column in fields for number in further)

    @property
    def _several(self) -> list[list[int]]:
        return [rows for rows in self.orders if len(rows) > 1 and (self._names_order_once or self._value("order_id", rows[0]))]

    def _value(self, name: str, number: int) -> str:
        guess = self.guesses.get(name)
        return self._column(guess.source)[number] if guess else ""

    def _column(self, source: str) -> list[str]:
        if source not in self._columns:
            self._columns[source] = self.seen.bare(source)
        return self._columns[source]

    @cached_property
    def _columns(self) -> dict[str, list[str]]:
        return {}

    def _filled_down(self) -> dict[str, Any] | None:
        order = self.guesses["order_id"].source
        firsts = [rows[0] for rows in self.orders]
        further = [number for rows in self._several for number in rows[1:]]
        if not further:
            return None
        empty = [
            self.guesses[name].source
            for name in ORDER_FIELDS
            if name in self.guesses
            and not any(self._value(name, number) for number in further)
            and any(self._value(name, rows[0]) for rows in self._several)
        ]
        if self._names_order_once:
            return {"order": order, "columns": empty} if empty else None
        first_row = next((name for name in self._likely_first(empty) if self._tells_first_rows(name, firsts, further)), None)
        return {"order": order, "first_row": first_row, "columns": empty} if empty and first_row else None

    def _likely_first(self, empty: list[str]) -> Iterator[str]:
        yield from (self.guesses[name].source for name in ("status", "ordered_at", "total_amount") if name in self.guesses)
        yield from empty
        yield from self.seen.names

    def _tells_first_rows(self, source: str, firsts: list[int], further: list[int]) -> bool:
        column, order = self._column(source), self._column(self.guesses["order_id"].source)
        return all(column[number] for number in firsts if order[number]) and not any(column[number] for number in further)

    @cached_property
    def _summary_rows(self) -> list[int]:
        """First rows of orders that name no goods, above rows that do."""
        named = [name for name in LINE_FIELDS if name in self.guesses]

        def goods(number: int) -> bool:
            return any(self._value(name, number) for name in named)

        return [rows[0] for rows in self._several if named and not goods(rows[0]) and all(map(goods, rows[1:]))]

    @property
    def _summary_rule(self) -> dict[str, Any]:
        goods = next(self.guesses[name].source for name in LINE_FIELDS if name in self.guesses)
        return {"rule": "summary_row", "when": {self.guesses["order_id"].source: "filled", goods: "empty"}, "leave_out": True}

    def _prices(self, layout: dict[str, Any]) -> dict[str, Guess]:
        """The guesses with one price; where it is of the line, the layout says so. Where its name may mean either, what the lines or the
        orders cost decides, or a person."""
        columns = dict(self.guesses)
        paid = columns.pop("line_paid", None)
        total, price = columns.pop("line_total", None), columns.get("unit_price")
        if paid and not self._is_explained(paid, price, total):
            layout["prices"] = "per_line"
            for name in ("discount_amount", "total_amount"):
                columns.pop(name, None)
            return {**columns, "unit_price": self._with_subsidies(paid)}
        if price is None and (total is None or self._is_of_whole_orders(total)):
            return columns
        found = price or total
        assert found
        pieces = [each for each in self._priced(found, total) if each[0] not in (0, 1)]
        is_per_line = price is None or (
            total is not None and bool(pieces) and all(line is not None and abs(each - line) < _CENT for _, each, line in pieces)
        )
        if pieces and vocabulary.is_unclear(found.source) and not (price and self._is_of_pieces(pieces)):
            explained = self._way_that_explains_totals(found)
            if explained is not None:
                is_per_line = explained
            elif not (price and is_per_line):
                found = replace(found, doubt="; ".join(filter(None, (found.doubt, OF_LINE if is_per_line else PER_LINE))))
        if is_per_line:
            layout["prices"] = "per_line"
        columns["unit_price"] = found
        return columns

    def _is_explained(self, paid: Guess, price: Guess | None, total: Guess | None) -> bool:
        """Whether what was paid for each line is its pieces at their price, or its total, less its discount, written with either sign."""
        rows = range(len(self.seen.rows))
        lines = [self._amount(paid, number) for number in rows]
        discounts = [self._number("discount_amount", number) or Decimal(0) for number in rows]
        if price:
            goods = [(self._amount(price, number) or 0) * (self._number("quantity", number) or 0) for number in rows]
        elif total:
            goods = [self._amount(total, number) or Decimal(0) for number in rows]
        else:
            return False
        each = list(zip(lines, goods, discounts, strict=True))
        return any(all(line is None or abs(of + sign * off - line) < _CENT for line, of, off in each) for sign in (-1, 1))

    def _with_subsidies(self, paid: Guess) -> Guess:
        """With what others than the merchant bear of the discounts, which is paid to the merchant."""
        others = [name for name in self.seen.names if vocabulary.is_borne_by_others(name)]
        return replace(paid, keys=(*paid.keys, f"plus: [{', '.join(others)}]")) if others else paid

    def _way_that_explains_totals(self, price: Guess) -> bool | None:
        """Whether orders cost what they do with the price of the line (or of a piece: False); None where neither comes near, or both do.

        Near is enough, since small fees may stand in columns that are not known here.
        """
        if "total_amount" not in self.guesses:
            return None
        totals = [self._once("total_amount", rows) for rows in self.orders]
        off = {way: [abs(self._taken_off(rows, price, way)) for rows in self.orders] for way in (True, False)}
        near = {way: all(each <= NEAR * abs(total) for each, total in zip(off[way], totals, strict=True)) for way in off}
        return near[True] if near[True] != near[False] else None

    @staticmethod
    def _is_of_pieces(pieces: Sequence[tuple[Decimal, Decimal, Decimal | None]]) -> bool:
        return all(line is not None and abs(count * each - line) < _CENT for count, each, line in pieces)

    def _priced(self, price: Guess, total: Guess | None) -> list[tuple[Decimal, Decimal, Decimal | None]]:
        """Pieces, price and total of the lines that have a price."""
        found = []
        for number in range(len(self.seen.rows)):
            count, each = self._number("quantity", number), self._amount(price, number)
            if number not in self._summary_rows and count is not None and each:
                found.append((count, each, self._amount(total, number) if total else None))
        return found

    def _number(self, name: str, number: int) -> Decimal | None:
        guess = self.guesses.get(name)
        return self._amount(guess, number) if guess else None

    def _amount(self, guess: Guess, number: int) -> Decimal | None:
        return numbers.amount(self._column(guess.source)[number], guess.keys)

    def _is_of_whole_orders(self, guess: Guess, *, is_alone_enough: bool = True) -> bool:
        """Whether an amount stands once on each order: alike on all of its rows, or, if that is enough, on one of them, with nothing on the
        others."""
        is_repeated = is_alone = False
        for rows in self._several:
            amounts = [self._amount(guess, number) for number in rows]
            if len({amount for amount in amounts if amount}) > 1 or (0 in amounts and any(amounts)):
                return False
            nonzero = [amount for amount in amounts if amount]
            is_repeated |= len(nonzero) == len(rows)
            is_alone |= len(nonzero) == 1
        return is_repeated or (is_alone and is_alone_enough)

    def _may_be_of_either(self, guess: Guess) -> bool:
        """Whether there are lines and amounts, and no order of several lines that would tell."""
        quantity = self.guesses.get("quantity")
        is_of_lines = any(name in self.guesses for name in LINE_FIELDS) and not (quantity and vocabulary.is_of_orders(quantity.source))
        amounts = (self._amount(guess, number) for number in range(len(self.seen.rows)))
        return is_of_lines and not self._several and len(self.orders) < FEW_ORDERS and any(amounts)

    def _order_amounts(self, columns: dict[str, Guess], is_per_line: bool) -> dict[str, Guess]:
        found = dict(columns)
        for name in ORDER_AMOUNTS:
            if name not in found:
                continue
            if self._is_of_whole_orders(found[name], is_alone_enough=name != "discount_amount"):
                found[name] = replace(found[name], keys=(*found[name].keys, "of: order"))
            elif name == "shipping_amount" and self._may_be_of_either(found[name]):
                found[name] = replace(found[name], doubt="; ".join(filter(None, (found[name].doubt, OF_ORDER))))
        discount = found.get("discount_amount")
        if discount and not self.seen.filled(discount.source) and self._is_what_orders_cost(found, is_per_line):
            discount = found.pop("discount_amount", None)  # a column that nobody fills says less than what the orders cost
        if "discount_amount" in found or not self._is_what_orders_cost(found, is_per_line):
            found.pop("total_amount", None)
        if "discount_amount" in found:
            found["discount_amount"] = self._with_sign(found["discount_amount"], found.get("unit_price"), is_per_line)
        return found

    def _with_sign(self, discount: Guess, price: Guess | None, is_per_line: bool) -> Guess:
        """Discounts below zero on goods sold, and above it on goods that came back, are what is taken off, written the other way round."""
        signs = set()
        for number in range(len(self.seen.rows)):
            off = self._amount(discount, number)
            each = self._amount(price, number) if price else None
            count = Decimal(1) if is_per_line else self._number("quantity", number)
            if off:
                goods = (each or 0) * (count or 0)
                signs.add((off < 0) == (goods >= 0))
        if signs == {True}:
            return replace(discount, keys=(*discount.keys, "sign: reversed"))
        if len(signs) > 1:
            return replace(discount, keys=(*discount.keys, "sign: reversed"), doubt="some discounts are below zero and some above")
        return discount

    def _is_what_orders_cost(self, columns: Mapping[str, Guess], is_per_line: bool) -> bool:
        """Whether a total says what is taken off: goods, shipping and tax are never less than it."""
        total, price = columns.get("total_amount"), columns.get("unit_price")
        if not total or not price or ("of: order" not in total.keys and self._several):
            return False
        return all(self._taken_off(rows, price, is_per_line) > -_CENT for rows in self.orders)

    def _taken_off(self, rows: Sequence[int], price: Guess, is_per_line: bool) -> Decimal:
        """Goods, shipping and tax less what the order cost in all; nothing where that isn't said."""
        goods = Decimal(0)
        for number in rows:
            each = self._amount(price, number)
            count = Decimal(1) if is_per_line else self._number("quantity", number)
            if number not in self._summary_rows:
                goods += (each or 0) * (count or 0)
        more = sum((self._once(name, rows) for name in ("shipping_amount", "tax_amount")), Decimal(0))
        totals = [amount for number in rows if (amount := self._number("total_amount", number)) is not None]
        return goods + more - totals[0] if totals else Decimal(0)

    def _once(self, name: str, rows: Sequence[int]) -> Decimal:
        guess = self.guesses.get(name)
        amounts = [self._amount(guess, number) or Decimal(0) for number in rows] if guess else []
        return max(amounts, key=abs, default=Decimal(0)) if guess and self._is_of_whole_orders(guess) else sum(amounts, Decimal(0))

    def _are_of_one_line(self, guess: Guess | None) -> bool:
        """Whether an id of lines is another on each row of an order: else the later row would replace the earlier."""
        if guess is None:
            return False
        for rows in self.orders:
            ids = [value for number in rows if number not in self._summary_rows and (value := self._column(guess.source)[number])]
            if len(set(ids)) < len(ids):
                return False
        return True
