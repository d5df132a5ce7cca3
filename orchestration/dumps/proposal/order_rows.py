"""Which rows of a dump belong to one order, told from its values: where an order begins, what its further rows leave to the first, and rows
that sum it up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from orchestration.dumps.proposal.columns import Guess
from orchestration.dumps.proposal.seen import Seen

ORDER_FIELDS = ("customer_id", "ordered_at", "paid_at", "status", "channel", "currency", "email", "phone", "city", "is_test")
LINE_FIELDS = ("product_id", "product_name")


@dataclass(frozen=True, eq=False)
class OrderRows:
    """``guesses``: canonical columns of the feed ``orders``, ``order_id`` among them."""

    guesses: Mapping[str, Guess]
    seen: Seen

    @cached_property
    def orders(self) -> list[list[int]]:
        """Numbers of the rows of each order, as far as they stand together; a row without an order belongs to the one above, if rows name
        their order once."""
        ids: list[tuple[str, int]] = []
        block = 0
        for number, value in enumerate(self._order_ids):
            block += number in self.seen.begun_anew
            ids.append((value or (ids[-1][0] if ids and self._names_order_once else ""), block))
        return [[number for number, _ in rows] for _, rows in groupby(enumerate(ids), key=lambda each: each[1])]

    @cached_property
    def several(self) -> list[list[int]]:
        """Orders of several rows."""
        return [rows for rows in self.orders if len(rows) > 1 and (self._names_order_once or self._order_ids[rows[0]])]

    def are_of_different_goods(self, rows: list[int]) -> bool:
        """Whether the rows of an order name several goods, or none: those alike in goods are alike in all that is of the row as well."""
        named = [values for values in self._goods if any(values[number] for number in rows)]
        return not named or any(len({values[number] for number in rows}) > 1 for values in named)

    @cached_property
    def summaries(self) -> frozenset[int]:
        """First rows of orders that name no goods, above rows that do."""
        if not self._goods:
            return frozenset()
        return frozenset(rows[0] for rows in self.several if not self._has_goods(rows[0]) and all(map(self._has_goods, rows[1:])))

    def rule_of_summaries(self) -> dict[str, Any]:
        """The row rule that leaves them out."""
        goods = next(self.guesses[name].source for name in LINE_FIELDS if name in self.guesses)
        return {"rule": "summary_row", "when": {self.guesses["order_id"].source: "filled", goods: "empty"}, "leave_out": True}

    def fill_down(self) -> dict[str, Any] | None:
        """The key of the layout, where further rows leave fields of the order to the first."""
        order = self.guesses["order_id"].source
        further = [number for rows in self.several for number in rows[1:]]
        known = {name: self.seen.bare(self.guesses[name].source) for name in ORDER_FIELDS if name in self.guesses}
        left = [
            self.guesses[name].source
            for name, values in known.items()
            if not any(values[number] for number in further) and any(values[rows[0]] for rows in self.several)
        ]
        if not further or not left:
            return None
        if self._names_order_once:
            return {"order": order, "columns": left}
        first_row = next((name for name in self._likely_first(left) if self._tells_first_rows(name, further)), None)
        return {"order": order, "first_row": first_row, "columns": left} if first_row else None

    def tells_lines_apart(self, source: str) -> bool:
        """Whether the column is another on each row of an order: else the later row would replace the earlier as the same line."""
        values = self.seen.bare(source)
        for rows in self.orders:
            ids = [values[number] for number in rows if number not in self.summaries and values[number]]
            if len(set(ids)) < len(ids):
                return False
        return True

    @cached_property
    def _order_ids(self) -> list[str]:
        return self.seen.bare(self.guesses["order_id"].source)

    @cached_property
    def _names_order_once(self) -> bool:
        """Whether rows without an order bring what the row above doesn't say: a line, and no field of the order."""
        further = [number for number, value in enumerate(self._order_ids) if not value]
        if not further or not self._order_ids[0]:
            return False
        fields = [self.seen.bare(self.guesses[name].source) for name in ORDER_FIELDS if name in self.guesses]
        lines = [self.seen.bare(self.guesses[name].source) for name in ("quantity", *LINE_FIELDS) if name in self.guesses]
        is_line = all(any(values[number] for values in lines) for number in further)
        return is_line and not any(values[number] for values in fields for number in further)

    @cached_property
    def _goods(self) -> list[list[str]]:
        return [self.seen.bare(self.guesses[name].source) for name in LINE_FIELDS if name in self.guesses]

    def _has_goods(self, number: int) -> bool:
        return any(values[number] for values in self._goods)

    def _likely_first(self, left: list[str]) -> Iterator[str]:
        yield from (self.guesses[name].source for name in ("status", "ordered_at", "total_amount") if name in self.guesses)
        yield from left
        yield from self.seen.names

    def _tells_first_rows(self, source: str, further: list[int]) -> bool:
        values = self.seen.bare(source)
        firsts = (rows[0] for rows in self.orders if self._order_ids[rows[0]])
        return not any(values[number] for number in further) and all(values[number] for number in firsts)
