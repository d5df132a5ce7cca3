"""What the amounts of a dump are of, told from its values: a piece or the line, the row or the whole order; and whose sign they have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from orchestration.dumps.proposal import numbers, vocabulary
from orchestration.dumps.proposal.columns import Guess
from orchestration.dumps.proposal.order_rows import LINE_FIELDS, OrderRows

ORDER_AMOUNTS = ("shipping_amount", "tax_amount", "discount_amount", "refund_amount", "total_amount")
PER_LINE = "it may be the price of a piece, or of the line, which `layout: {prices: per_line}` reads"
OF_LINE = "it may be the price of the line, or of a piece, which is read without `prices: per_line`"
OF_ORDER = "it may be of the row, or of the whole order, which `of: order` reads"
EITHER_SIGN = "some discounts are below zero and some above"
NEAR = Decimal("0.05")
"""Of what an order costs: small fees may stand in columns that are not known here."""
FEW_ORDERS = 50
"""So many orders without one of several rows say little about the next."""
_CENT = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Price:
    """What is read as ``unit_price``, if there is anything. ``is_net``: what is left after discounts."""

    guess: Guess | None
    is_per_line: bool = False
    is_net: bool = False


@dataclass(frozen=True, eq=False)
class OrderMoney:
    rows: OrderRows

    def price(self) -> Price:
        """Where its name may mean a piece or the line, what the lines or the orders cost decides, or a person."""
        guesses = self.rows.guesses
        each, line, paid = guesses.get("unit_price"), guesses.get("line_total"), guesses.get("line_paid")
        if paid and not self._is_explained(paid, each, line):
            return Price(self._with_subsidies(paid), is_per_line=True, is_net=True)
        if each is None:
            if line is None or self.is_of_whole_orders(line):
                return Price(None)
            return self._decided(line, is_per_line=True)
        if line and self._are_alike(each, line):
            return Price(each, is_per_line=True)
        if line and self._is_explained(line, each, None):
            return Price(each)
        return self._decided(each, is_per_line=False)

    def _decided(self, price: Guess, *, is_per_line: bool) -> Price:
        priced = [number for number, each in enumerate(self._amounts(price)) if each and number not in self.rows.summaries]
        are_single = all(self._of("quantity")[number] in (None, 0, 1) for number in priced)
        if are_single or not vocabulary.is_unclear(price.source):
            return Price(price, is_per_line)
        way = self._way_that_explains_totals(price)
        if way is not None:
            return Price(price, way)
        return Price(_doubted(price, OF_LINE if is_per_line else PER_LINE), is_per_line)

    def order_amounts(self, price: Price) -> dict[str, Guess]:
        """The other amounts, with the keys that say what they are of; the total only where it says what a discount would."""
        found = {name: self.rows.guesses[name] for name in ORDER_AMOUNTS if name in self.rows.guesses}
        for name, guess in found.items():
            if self.is_of_whole_orders(guess, is_alone_enough=name != "discount_amount"):
                found[name] = replace(guess, keys=(*guess.keys, "of: order"))
            elif name == "shipping_amount" and self._may_be_of_either(guess):
                found[name] = _doubted(guess, OF_ORDER)
        if price.is_net:
            return {name: guess for name, guess in found.items() if name not in ("discount_amount", "total_amount")}
        if self._says_what_is_taken_off(found.get("total_amount"), price):
            discount = found.get("discount_amount")
            if discount and not self.rows.seen.filled(discount.source):
                del found["discount_amount"]  # a column that nobody fills says less than what the orders cost
            found.pop("total_amount" if "discount_amount" in found else "", None)
        else:
            found.pop("total_amount", None)
        if "discount_amount" in found:
            found["discount_amount"] = self._with_sign(found["discount_amount"], price)
        return found

    def is_of_whole_orders(self, guess: Guess, *, is_alone_enough: bool = True) -> bool:
        """Whether an amount stands once on each order: alike on all of its rows, whose goods differ, or, if that is enough, on one of them,
        with nothing on the others."""
        kind = (guess.source, is_alone_enough)
        if kind not in self._kinds:
            self._kinds[kind] = self._stands_once(self._amounts(guess), is_alone_enough)
        return self._kinds[kind]

    def _stands_once(self, values: Sequence[Decimal | None], is_alone_enough: bool) -> bool:
        is_repeated = is_alone = False
        for rows in self.rows.several:
            amounts = [values[number] for number in rows]
            nonzero = [amount for amount in amounts if amount]
            if len(set(nonzero)) > 1 or (0 in amounts and nonzero):
                return False
            is_repeated |= len(nonzero) == len(rows) and self.rows.are_of_different_goods(rows)
            is_alone |= len(nonzero) == 1
        return is_repeated or (is_alone and is_alone_enough)

    def _may_be_of_either(self, guess: Guess) -> bool:
        """Whether there are lines and amounts, and no order of several different lines that would tell."""
        quantity = self.rows.guesses.get("quantity")
        is_of_lines = any(name in self.rows.guesses for name in LINE_FIELDS) and not (quantity and vocabulary.is_of_orders(quantity.source))
        telling = filter(self.rows.are_of_different_goods, self.rows.several)
        return is_of_lines and not any(telling) and len(self.rows.orders) < FEW_ORDERS and any(self._amounts(guess))

    def _are_alike(self, each: Guess, line: Guess) -> bool:
        """Whether a price is the line's total also where there are several pieces."""
        found = [
            (price, total)
            for count, price, total in zip(self._of("quantity"), self._amounts(each), self._amounts(line), strict=True)
            if count not in (None, 0, 1) and price
        ]
        return bool(found) and all(total is not None and abs(price - total) < _CENT for price, total in found)

    def _is_explained(self, paid: Guess, price: Guess | None, total: Guess | None) -> bool:
        """Whether what a line costs is its pieces at their price, or its total, less its discount, written with either sign."""
        if not price and not total:
            return False
        lines, discounts = self._amounts(paid), self._of("discount_amount")
        goods = [self._goods(number, price or total, is_per_line=price is None) for number in range(len(lines))]
        each = [(line, of, off or _NOTHING) for line, of, off in zip(lines, goods, discounts, strict=True) if line is not None]
        return any(all(abs(of + sign * off - line) < _CENT for line, of, off in each) for sign in (-1, 1))

    def _with_subsidies(self, paid: Guess) -> Guess:
        """With what others than the merchant bear of the discounts, which is paid to the merchant."""
        others = [name for name in self.rows.seen.names if vocabulary.is_borne_by_others(name)]
        return replace(paid, keys=(*paid.keys, f"plus: [{', '.join(others)}]")) if others else paid

    def _way_that_explains_totals(self, price: Guess) -> bool | None:
        """Whether orders cost what they do with the price of the line (or of a piece: False); None where neither comes near, or both do."""
        if "total_amount" not in self.rows.guesses:
            return None
        near = {way: all(map(self._is_near, self.rows.orders, self._taken_off(Price(price, way)))) for way in (True, False)}
        return near[True] if near[True] != near[False] else None

    def _is_near(self, rows: Sequence[int], off: Decimal) -> bool:
        total = max((self._of("total_amount")[number] or _NOTHING for number in rows), key=abs)
        return abs(off) <= NEAR * abs(total)

    def _with_sign(self, discount: Guess, price: Price) -> Guess:
        """Discounts below zero on goods sold, and above it on goods that came back, are what is taken off, written the other way round."""
        signs = {
            (off < 0) == (self._goods(number, price.guess, is_per_line=price.is_per_line) >= 0)
            for number, off in enumerate(self._amounts(discount))
            if off
        }
        if True not in signs:
            return discount
        written = replace(discount, keys=(*discount.keys, "sign: reversed"))
        return _doubted(written, EITHER_SIGN) if len(signs) > 1 else written

    def _says_what_is_taken_off(self, total: Guess | None, price: Price) -> bool:
        """Whether goods, shipping and tax are never less than the total of their order. Totals of nothing may be those of unpaid orders:
        they say so only beside others that are less than the goods."""
        if not total or not price.guess or ("of: order" not in total.keys and self.rows.several):
            return False
        offs = self._taken_off(price)
        is_nothing = [not any(self._of("total_amount")[number] for number in rows) for rows in self.rows.orders]
        of_others = [off for off, nothing in zip(offs, is_nothing, strict=True) if not nothing]
        is_told = any(off >= _CENT for off in of_others) or not any(is_nothing)
        return is_told and all(off > -_CENT for off in offs)

    def _taken_off(self, price: Price) -> list[Decimal]:
        """Per order: goods, shipping and tax less what it cost in all; nothing where that isn't said."""
        return [self._taken_off_order(rows, price) for rows in self.rows.orders]

    def _taken_off_order(self, rows: Sequence[int], price: Price) -> Decimal:
        totals = [amount for number in rows if (amount := self._of("total_amount")[number]) is not None]
        if not totals:
            return _NOTHING
        lines = (number for number in rows if number not in self.rows.summaries)
        goods = sum((self._goods(number, price.guess, is_per_line=price.is_per_line) for number in lines), _NOTHING)
        return goods + self._once("shipping_amount", rows) + self._once("tax_amount", rows) - totals[0]

    def _goods(self, number: int, price: Guess | None, *, is_per_line: bool) -> Decimal:
        each = self._amounts(price)[number] if price else None
        count = Decimal(1) if is_per_line else self._of("quantity")[number]
        return (each or _NOTHING) * (count or _NOTHING)

    def _once(self, name: str, rows: Sequence[int]) -> Decimal:
        amounts = [self._of(name)[number] or _NOTHING for number in rows]
        guess = self.rows.guesses.get(name)
        return max(amounts, key=abs) if guess and self.is_of_whole_orders(guess) else sum(amounts, _NOTHING)

    def _of(self, name: str) -> list[Decimal | None]:
        guess = self.rows.guesses.get(name)
        return self._amounts(guess) if guess else [None] * len(self.rows.seen.rows)

    def _amounts(self, guess: Guess) -> list[Decimal | None]:
        if guess.source not in self._read:
            self._read[guess.source] = [numbers.amount(value, guess.keys) for value in self.rows.seen.bare(guess.source)]
        return self._read[guess.source]

    @cached_property
    def _read(self) -> dict[str, list[Decimal | None]]:
        return {}

    @cached_property
    def _kinds(self) -> dict[tuple[str, bool], bool]:
        return {}


def _doubted(guess: Guess, doubt: str) -> Guess:
    return replace(guess, doubt="; ".join(filter(None, (guess.doubt, doubt))))
