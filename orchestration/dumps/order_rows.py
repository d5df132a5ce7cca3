"""What the rows of one order in one file mean together: amounts of the whole order, and an order that is in the file twice.

Worked out per file while it lands, so that every clean row is an order line whose amounts add up, however the dump spreads them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestration.dumps.row_rules import REPEATED_ORDER

GOODS = "cast(v_quantity * v_unit_price as decimal(18, 4))"
"""What the goods of a line cost, as the warehouse works it out."""
CHARGES = ("shipping_amount", "tax_amount")
"""What an order costs beside its goods."""

DISAGREE = "order_rows_disagree"
INCOMPLETE = "order_incomplete"

_OF_ORDER = "partition by file_id, v_order_id"


@dataclass(frozen=True)
class OrderRows:
    """How the rows of an order are taken together.

    ``amounts``: canonical columns whose values belong to the whole order. ``problems``: for each of them the number of the problem that
    rows disagree, and for ``INCOMPLETE`` that of the problem that another row of the order can't be read. ``has_total``: what it costs in
    all is given, and its discount follows from that. ``goods``: SQL of what the goods of a row cost; ``is_priced``: of whether that is
    known. ``block``: SQL of a number that grows where an order begins anew within the file. ``is_header``: SQL, the row is the header
    once more. ``sorted_by``: what the lines of an order are sorted by.
    """

    amounts: Sequence[str]
    problems: Mapping[str, int]
    has_total: bool
    goods: str
    is_priced: str
    block: str | None
    is_header: str
    sorted_by: str

    def taken_together(self, judged: str) -> str:
        """SQL of ``judged`` (``v_…``, ``problem``, ``left_out``) with each amount of an order on the first of its rows that count."""
        if self.block:
            judged = self._without_repeated(judged)
        if self.has_total and "total_amount" not in self.amounts:
            judged = f"select * replace ({self._discount_of_row()} as v_discount_amount) from ({judged})"
        return self._counted_once(judged) if self.amounts else judged

    def _without_repeated(self, judged: str) -> str:
        """Of an order that comes again in a later block of the file, the last one counts."""
        numbered = f"select *, {self.block} as block from ({judged})"
        is_earlier = f"not {self.is_header} and block < max(block) over ({_OF_ORDER})"
        told = f"select *, v_order_id is not null and {is_earlier} as is_repeated from ({numbered})"
        return f"""select * exclude (block, is_repeated) replace (
                case when is_repeated then '{REPEATED_ORDER}' else left_out end as left_out,
                case when is_repeated then null else problem end as problem)
            from ({told})"""

    def _counted_once(self, judged: str) -> str:
        """A value that any row of the order brings is the order's; zero is taken for none. Two different ones are a problem of all rows."""
        value = f"case when left_out is distinct from '{REPEATED_ORDER}' then nullif(v_{{}}, 0) end"
        found = "".join(
            f", {end}({value.format(name)}) over ({_OF_ORDER}) as {name}_{end}" for name in self.amounts for end in ("min", "max")
        )
        differs = " ".join(f"when {name}_min <> {name}_max then {self.problems[name]}" for name in self.amounts)
        judged = f"""select * replace (case when left_out is null then coalesce(problem, case {differs} end) end as problem)
            from (select *{found} from ({judged}))"""
        if "total_amount" in self.amounts:
            judged = self._whole_or_not_at_all(judged)
        counts = "problem is null and left_out is null"
        of_rows_that_count = f"{_OF_ORDER}, {counts}"
        judged = f"""select *, {counts} and row_number() over ({of_rows_that_count} order by {self.sorted_by}) = 1 as is_first
            from ({judged})"""
        values = {name: f"case when is_first then {name}_min end" for name in self.amounts}
        if "total_amount" in self.amounts:
            values["discount_amount"] = self._discount_of_order(of_rows_that_count)
        if "refund_amount" in self.amounts:  # of no line: the warehouse shares it among them
            values["order_refund_amount"] = values["refund_amount"]
            values["refund_amount"] = "cast(null as decimal(18, 4))"
            values["refunded_at"] = f"case when is_first then max(v_refunded_at) over ({_OF_ORDER}) else v_refunded_at end"
        helpers = ", ".join(["is_first", *(f"{name}_{end}" for name in self.amounts for end in ("min", "max"))])
        replaced = ", ".join(f"{sql} as v_{name}" for name, sql in values.items())
        return f"select * exclude ({helpers}) replace ({replaced}) from ({judged})"

    def _whole_or_not_at_all(self, judged: str) -> str:
        """What is taken off an order can't be told from its total and some of its rows."""
        is_partly_read = f"bool_or(problem is not null and left_out is null) over ({_OF_ORDER})"
        number = self.problems[INCOMPLETE]
        return f"""select * replace (case when problem is null and left_out is null and total_amount_max is not null and {is_partly_read}
            then {number} else problem end as problem) from ({judged})"""

    def _discount_of_row(self) -> str:
        """What is missing between the parts of a row and what it costs in all."""
        summed = " + ".join([self.goods, *(f"coalesce(v_{name}, 0)" for name in CHARGES)])
        return f"cast(case when {self.is_priced} then {summed} - v_total_amount end as decimal(18, 4))"

    def _discount_of_order(self, rows: str) -> str:
        charges = [f"coalesce({name}_min, 0)" if name in self.amounts else f"sum(coalesce(v_{name}, 0)) over ({rows})" for name in CHARGES]
        summed = " + ".join([f"sum({self.goods}) over ({rows})", *charges])
        return f"cast(case when is_first and {self.is_priced} then {summed} - total_amount_min end as decimal(18, 4))"
