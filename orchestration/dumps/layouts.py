"""Layouts: dumps whose rows are not yet one order line each, brought into that form by SQL between reading and casting.

Nothing that was delivered is overwritten: a layout adds columns to the text, and where one bears the name of a delivered
column, it is read in its stead. Quarantine shows the row as it was delivered.
"""

import fnmatch
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestration.dumps.keys import Names, Part, RowPattern
from orchestration.dumps.order_rows import OrderRows
from orchestration.sql import quoted

FIELD_BREAK = "chr(31)"
"""Stands where one field of a packed item ends, while it is taken apart; an item that brings one itself is refused."""


class FillDown(Part):
    """Order fields stand on an order's first row only (Shopify, merged cells): its further rows are given them."""

    order: str
    """The dump's column that names the order."""
    first_row: str | None = None
    """A column that is filled on first rows and on no others: it tells where an order begins. Default: ``order`` itself, which then stands
    on first rows only, as in merged cells; otherwise ``order`` is filled on every row."""
    columns: Names
    """What further rows are given where they have nothing. Amounts of a whole order may stand here if their columns say ``of: order``."""

    @property
    def begins_with(self) -> str:
        return self.first_row or self.order

    @property
    def names_order_once(self) -> bool:
        """Whether further rows don't name their order."""
        return self.begins_with == self.order


class Packed(Part):
    """One row per order, its lines packed into columns as ``name:Tea|sku:T1|quantity:2`` (WooCommerce)."""

    columns: Names
    """Patterns of the dump's columns that hold lines."""
    fields: Names
    """Fields of a line to read: each becomes a column ``item.<field>``."""
    between_items: Annotated[str, Field(min_length=1)] | None = None
    """What stands between two lines in one column. Default: a column holds one line."""
    between_fields: str = Field("|", min_length=1, max_length=1)
    on_first_item: Names = ()
    """Columns with amounts of the whole order: the first line takes them, the others have none."""
    unpack: dict[str, Names] = Field(default_factory=dict)
    """Fields of other packed columns that hold one entry: each becomes a column ``<column>.<field>``."""


class Made(Part):
    """A column made of others: ``join`` of all of them (empty where one is), or the ``first_of`` them that holds something."""

    join: Names = ()
    first_of: Names = ()
    unless: RowPattern | None = None
    """Values that hold this regular expression count as empty: a masked name is nobody's."""
    hashed: bool = False
    """The first 16 hex digits of the SHA-256 of the value in lower case: an id that doesn't show the e-mail it stands for."""

    @model_validator(mode="after")
    def _one_origin(self) -> "Made":
        if bool(self.join) == bool(self.first_of):
            raise ValueError("expected exactly one of 'join' and 'first_of', each a list of the dump's columns")
        return self


class Layout(Part):
    """How rows of the dump become order lines. Without any of these keys a row is a line."""

    split_at_blanks: bool = False
    """Columns are separated by one or more blanks (CDNOW)."""
    unguard: Names = ()
    """Columns whose values wear what keeps a spreadsheet from changing them: ``="0123"``, ``'0123`` or a tab."""
    fill_down: FillDown | None = None
    packed: Packed | None = None
    made: dict[str, Made] = Field(default_factory=dict)
    """Name of a new column → what it is made of: columns of the dump, of the keys above, or made before it."""
    prices: Literal["per_piece", "per_line"] = "per_piece"
    """``per_line``: the column read as ``unit_price`` holds what the line costs in all; it is shared among its pieces to the last digit."""

    def lacks(self, header: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Keys of the layout that the header brings no column for, each with the names it was looked for under."""
        names = arranged(Layout(split_at_blanks=self.split_at_blanks), header).places
        wanted: dict[str, tuple[str, ...]] = {}
        if self.fill_down:
            wanted |= {"layout.fill_down.order": (self.fill_down.order,), "layout.fill_down.first_row": (self.fill_down.begins_with,)}
        if self.packed:
            wanted["layout.packed.columns"] = self.packed.columns
        return {key: tried for key, tried in wanted.items() if not any(fnmatch.filter(names, name) for name in tried)}

    @property
    def reads(self) -> frozenset[str]:
        """Names and patterns of the dump's columns that the layout itself reads."""
        filled = (self.fill_down.order, self.fill_down.begins_with, *self.fill_down.columns) if self.fill_down else ()
        packed = (*self.packed.columns, *self.packed.on_first_item, *self.packed.unpack) if self.packed else ()
        made = (name for origin in self.made.values() for name in (*origin.join, *origin.first_of))
        return frozenset((*self.unguard, *filled, *packed, *made))

    @property
    def multiplies(self) -> bool:
        """Whether one delivered row may become several clean ones."""
        return self.packed is not None or self.prices == "per_line"


@dataclass
class Arranged:
    """A header and the relation ``text`` under a layout.

    ``header``: delivered names, then those of added columns. ``select``: SQL of the relation with a column ``t<number>``
    for each. ``problems``: SQL condition, reason and canonical column of rows that the layout can't make sense of. ``order_block``: SQL of
    a number that grows within a file where an order begins anew, if the layout tells.
    """

    header: list[str]
    select: str = "select * from text"
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    order_block: str | None = None

    @property
    def places(self) -> dict[str, str]:
        """Trimmed name → the column that is read for it: the last of that name."""
        return {name.strip(): f"t{number}" for number, name in enumerate(self.header)}

    def add(self, columns: dict[str, str], more: str = "") -> None:
        """Columns by name, each with its SQL over those before; ``more``: further select items, commas first."""
        items = "".join(f", {sql} as t{number}" for number, sql in enumerate(columns.values(), start=len(self.header)))
        self.select = f"select *{more}{items} from ({self.select})"
        self.header += columns


def arranged(layout: Layout, header: tuple[str, ...]) -> Arranged:
    """The delivered header and text, with the columns that the layout adds. Columns that the dump doesn't bring are passed over."""
    to = Arranged(list(header))
    if layout.split_at_blanks and len(header) == 1:
        _split_at_blanks(to)
    places = to.places
    if unguarded := {name: _unguarded(places[name]) for name in layout.unguard if name in places}:
        to.add(unguarded)
    if layout.fill_down and not layout.lacks(header):
        _fill_down(layout.fill_down, to)
    if layout.packed and not layout.lacks(header):
        _unpack(layout.packed, to)
    for name, origin in layout.made.items():
        if sql := _made(origin, to.places):
            to.add({name: sql})
    return to


def _split_at_blanks(to: Arranged) -> None:
    names = to.header[0].split()
    to.add({}, r", string_split_regex(trim(t0, e' \t'), '\s+') as parts")
    to.add({name: f"parts[{number}]" for number, name in enumerate(names, start=1)})
    to.problems += [(f"len(parts) < {len(names)}", "too_few_columns", ""), (f"len(parts) > {len(names)}", "too_many_columns", "")]


def _unguarded(column: str) -> str:
    bare = rf"trim({column}, e' \t')"
    return f"""case when regexp_matches({bare}, '^="[^"]*"$') then {bare}[3:-2]
        when starts_with({bare}, '''') then {bare}[2:] else {bare} end"""


def _fill_down(rule: FillDown, to: Arranged) -> None:
    order, first = to.places[rule.order], to.places[rule.begins_with]
    columns = dict.fromkeys(name for name in to.places if name in rule.columns)
    in_file = "over (partition by file_id order by line"
    if rule.names_order_once:
        to.add({rule.order: f"last_value(nullif(trim({order}), '') ignore nulls) {in_file} rows unbounded preceding)"})
        columns.pop(rule.order, None)
        order = to.places[rule.order]
        to.add({}, f", lag({order}) {in_file}) as order_before")
        # An order that names itself on each row is one all the same, as long as no other stands between.
        to.add({}, f", count(case when {order} is distinct from order_before then 1 end) {in_file}) as first_rows")
        above = "(partition by file_id, first_rows order by line)"
        to.order_block = "first_rows"
        to.problems.append((f"{order} is null", "no_first_row", "order_id"))
    else:
        begins = f"trim({first}) <> ''"
        of_order = f"over (partition by file_id, {order} order by line)"
        to.add({}, f", lag({order}) {in_file}) as order_before, count(case when {begins} then 1 end) {of_order} as first_rows")
        to.add({}, f", count(case when {begins} and {order} is distinct from order_before then 1 end) {of_order} as order_block")
        above = f"(partition by file_id, {order}, first_rows order by line)"
        to.order_block = "order_block"
        to.problems.append((f"first_rows = 0 and trim({order}) <> ''", "no_first_row", "order_id"))
    to.add(
        {
            name: f"if(trim({place}) <> '' or first_rows = 0, {place}, first_value({place}) over {above})"
            for name, place in to.places.items()
            if name in columns
        }
    )


def _unpack(rule: Packed, to: Arranged) -> None:
    places = to.places
    holding = [place for name, place in places.items() if any(fnmatch.fnmatchcase(name, pattern) for pattern in rule.columns)]
    split = f"string_split({{}}, {quoted(rule.between_items)})" if rule.between_items else "[{}]"
    lists = ", ".join(split.format(f"coalesce({place}, '')") for place in holding)
    # A row without items stays a row: what it lacks is found by the casts.
    filled = f"coalesce(nullif(list_filter(flatten([{lists}]), lambda packed: trim(packed) <> ''), []), [''])"
    to.add({}, f", {filled} as items")
    to.add({}, ", unnest(items) as item, generate_subscripts(items, 1) as nth")
    to.add({}, f", {_fields('trim(item)', rule)} as item_fields")
    to.add({f"item.{name}": _field("item_fields", name) for name in rule.fields})
    for column, names in rule.unpack.items():
        if column in places:
            to.add({f"{column}.{name}": _field(_fields(f"trim({places[column]})", rule), name) for name in names})
    # The fields of a packed column and the amounts of the whole order count with the first item.
    once = {name: place for name, place in to.places.items() if name in rule.on_first_item}
    to.add({name: f"if(nth = 1, {place}, null)" for name, place in once.items()})
    to.problems.append(
        (
            f"item <> '' and not regexp_matches(trim(item), '^[A-Za-z_][A-Za-z0-9_]*:') or contains(item, {FIELD_BREAK})",
            "unreadable_item",
            "product_name",
        )
    )


def _fields(packed: str, rule: Packed) -> str:
    """``name:Tea | green|sku:T1`` → ``['name:Tea | green', 'sku:T1']``: a separator ends a field only where another begins."""
    pattern = quoted(rf"{re.escape(rule.between_fields)}([A-Za-z_][A-Za-z0-9_]*:)")
    return rf"string_split(regexp_replace({packed}, {pattern}, {FIELD_BREAK} || '\1', 'g'), {FIELD_BREAK})"


def _field(fields: str, name: str) -> str:
    return f"list_filter({fields}, lambda part: starts_with(part, {quoted(f'{name}:')}))[1][{len(name) + 2}:]"


def _made(origin: Made, places: dict[str, str]) -> str | None:
    """SQL of a made column, if the dump brings what it is made of."""
    names = origin.join or tuple(name for name in origin.first_of if name in places)
    if not names or any(name not in places for name in names):
        return None
    values = [f"nullif(trim({places[name]}), '')" for name in names]
    if origin.unless:
        values = [f"if(regexp_matches({value}, {quoted(origin.unless)}), null, {value})" for value in values]
    value = " || '-' || ".join(values) if origin.join else f"coalesce({', '.join(values)})"
    return f"left(sha256(lower({value})), 16)" if origin.hashed else value


UNPRICED = (
    "v_unit_price <> 0 and abs(cast(v_unit_price as double)) >= abs(cast(v_quantity as double)) * 9e13",
    "no_price_per_piece",
    "unit_price",
)
"""A total without pieces to share it among, or among too little of one."""


ROW_AMOUNTS = ("discount_amount", "shipping_amount", "tax_amount", "refund_amount", "order_refund_amount", "total_amount")
"""Amounts of a delivered row, which count once however many lines it becomes."""


def settled(layout: Layout, judged: str, order_rows: OrderRows | None = None) -> str:
    """``judged`` (typed values ``v_…``, ``left_out``, and ``problem``: null for a row that can be read) with one row per order line.

    A delivered row is taken whole or not at all: where one of its lines can't be read, none counts. ``rank_in_row`` is 1 on one row
    of each delivered one, the row at fault if there is one.
    """
    if layout.packed:
        judged = f"""select * exclude (problem) replace (coalesce(v_order_line_id, cast(nth as varchar)) as v_order_line_id,
                if(min(problem) over (partition by file_id, line) is null, left_out, null) as left_out),
            min(problem) over (partition by file_id, line) as problem,
            row_number() over (partition by file_id, line order by problem nulls last, nth) as rank_in_row
        from ({judged})"""
    if order_rows:
        judged = order_rows.taken_together(judged)
    if layout.prices == "per_line":
        judged = _priced_per_piece(judged)
    return judged


def _priced_per_piece(judged: str) -> str:
    """Σ quantity × unit price is the delivered total, exactly: 10.00 for 3 pieces is 2 at 3.3333 and 1 at 3.3334.

    In whole numbers, ten-thousandths of money and thousandths of pieces: ``total × 1000 = pieces × price + rest`` with ``rest < pieces``,
    so that ``rest`` thousandths of the pieces cost one ten-thousandth more.
    """
    counted = f"""select *,
        cast(cast(abs(v_unit_price) as decimal(28, 4)) * 10000 as hugeint) * 1000 as share_total,
        nullif(cast(cast(abs(v_quantity) as decimal(28, 3)) * 1000 as hugeint), 0) as share_pieces,
        if(v_quantity < 0, -1, 1) as share_sign, if((v_unit_price < 0) <> (v_quantity < 0), -1, 1) as price_sign
        from ({judged})"""
    is_plain = "problem is not null or left_out is not null or share_total is null or share_pieces is null"
    even = "[{'more': 0, 'pieces': share_pieces}]"
    uneven = "[{'more': 0, 'pieces': share_pieces - share_rest}, {'more': 1, 'pieces': share_rest}]"
    rested = f"select *, if({is_plain}, 0, share_total % share_pieces) as share_rest from ({counted})"
    shared = f"select *, unnest(if(share_rest = 0, {even}, {uneven})) as share from ({rested})"
    price = "try_cast(try_cast(price_sign * (share_total // share_pieces + share.more) as decimal(28, 0)) * 0.0001 as decimal(18, 4))"
    pieces = "try_cast(try_cast(share_sign * share.pieces as decimal(28, 0)) * 0.001 as decimal(18, 3))"
    once = "".join(f", if(share.more = 1, null, v_{name}) as v_{name}" for name in ROW_AMOUNTS)
    return f"""select * replace (
            case when {is_plain} then v_unit_price else {price} end as v_unit_price,
            case when {is_plain} then v_quantity else {pieces} end as v_quantity,
            if(share.more = 1, coalesce(v_order_line_id, '#' || line) || '+', v_order_line_id) as v_order_line_id{once})
        from ({shared})"""
