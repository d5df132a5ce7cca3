"""Every kind of fault and oddity that is planted, and what has to become of it.

A fault in a row comes as a row of its own, a spoiled copy of its neighbour under an order or review id that exists nowhere
else; an oddity is a change to a row that counts. So the totals of the clean rows are those of the simulated world, whatever is planted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from orchestration.sample import damage

Outcome = Literal["quarantined", "held", "no_op", "replaced", "accepted_normalised"]


@dataclass(frozen=True)
class RowFault:
    """``changes``: column → text, in which ``{number}`` stands for a number of its own, and ``{last}`` for that from the highest down.

    ``width``: columns more or less than the header has. ``reason`` is the ingest's code; without one the row must be accepted.
    """

    kind: str
    feed: str
    description: str
    reason: str | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    is_header: bool = False
    is_footer: bool = False

    @property
    def outcome(self) -> Outcome:
        return "quarantined" if self.reason else "accepted_normalised"


@dataclass(frozen=True)
class FileFault:
    """``name``: of the file, from ``{feed}`` and ``{day}``. ``is_extra``: it comes beside the day's file, otherwise in its place.

    ``make``: the bytes of the file from those of the day's file.
    """

    kind: str
    feed: str
    description: str
    outcome: Outcome
    make: Callable[[bytes], bytes]
    reason: str | None = None
    name: str = "{feed}_{day}.csv"
    is_extra: bool = False


_ORDER = {"order_id": "F{number:08d}"}
_REVIEW = {"review_id": "F{number:08d}"}
_LONG = "这款茶真的很好喝，香气足，回甘明显，" * 950
_EMOJI = "太好喝了 🍵👍🏽👨‍👩‍👧 必回购‼️"
_MARKUP = "<script>alert(1)</script>'; DROP TABLE reviews;--"
FORMULA = "=cmd|' /C calc'!A0"

ORDER_ROWS = (
    RowFault("text_in_amount", "orders", "words where the unit price belongs", "not_a_number", _ORDER | {"unit_price": "十二元五"}),
    RowFault(
        "impossible_date", "orders", "ordered on a 30th of February", "not_a_timestamp", _ORDER | {"ordered_at": "2025-02-30 12:00:00"}
    ),
    RowFault("future_date", "orders", "ordered in 2099", "date_out_of_range", _ORDER | {"ordered_at": "2099-01-01 00:00:00"}),
    RowFault("missing_order_id", "orders", "no order id", "missing_value", {"order_id": ""}),
    RowFault("unknown_status", "orders", "a status that no feed knows", "unknown_status", _ORDER | {"status": "frozen"}),
    RowFault("too_few_columns", "orders", "the last three columns are missing", "too_few_columns", _ORDER, width=-3),
    RowFault("too_many_columns", "orders", "two columns too many", "too_many_columns", _ORDER, width=2),
    RowFault("quantity_overflow", "orders", "a quantity of 1e30", "not_a_number", _ORDER | {"quantity": "1e30"}),
    RowFault("negative_refund", "orders", "a refund below zero", "out_of_range", _ORDER | {"refund_amount": "-5.00"}),
    RowFault("nul_byte", "orders", "a NUL byte inside the product's name", "nul_byte", _ORDER | {"product_name": "龙井\0 50g"}),
    RowFault("repeated_header", "orders", "the header once more among the rows", "repeated_header", is_header=True),
    RowFault("footer_totals", "orders", "a line of totals below the rows", "missing_value", is_footer=True),
    RowFault("leading_zero_phone", "orders", "a phone with a leading zero, to be kept", changes={"phone": "0144{last:08d}"}),
    RowFault("full_width_phone", "orders", "a phone in full-width digits", changes={"phone": "１４４{last:08d}"}),
    RowFault("formula_like_city", "orders", "a city that a spreadsheet would run", changes={"city": FORMULA}),
)

REVIEW_ROWS = (
    RowFault("rating_zero", "reviews", "no stars", "out_of_range", _REVIEW | {"rating": "0"}),
    RowFault("rating_seven", "reviews", "seven stars", "out_of_range", _REVIEW | {"rating": "7"}),
    RowFault("text_in_rating", "reviews", "words where the stars belong", "not_a_number", _REVIEW | {"rating": "五星"}),
    RowFault("missing_review_id", "reviews", "no review id", "missing_value", {"review_id": ""}),
    RowFault(
        "impossible_date", "reviews", "written on a 30th of February", "not_a_timestamp", _REVIEW | {"created_at": "2025-02-30 12:00:00"}
    ),
    RowFault("future_date", "reviews", "written in 2099", "date_out_of_range", _REVIEW | {"created_at": "2099-01-01 00:00:00"}),
    RowFault("too_few_columns", "reviews", "the last three columns are missing", "too_few_columns", _REVIEW, width=-3),
    RowFault("too_many_columns", "reviews", "two columns too many", "too_many_columns", _REVIEW, width=2),
    RowFault("nul_byte", "reviews", "a NUL byte inside the text", "nul_byte", _REVIEW | {"body": "很好\0喝"}),
    RowFault("very_long_review", "reviews", "a text of 50 kB", changes={"body": _LONG}),
    RowFault("emoji_review", "reviews", "a text with emoji, one of them of several code points", changes={"body": _EMOJI}),
    RowFault("formula_like_title", "reviews", "a title that a spreadsheet would run", changes={"title": FORMULA}),
    RowFault("markup_in_review", "reviews", "a text that a page would run", changes={"body": _MARKUP}),
)

CUSTOMER_ROWS = (
    RowFault("formula_like_name", "customers", "a name that a spreadsheet would run", changes={"name": FORMULA}),
    RowFault("emoji_name", "customers", "a name with emoji", changes={"name": "小红🌸 {number}"}),
    RowFault("quotes_in_name", "customers", "a name with comma and quotes", changes={"name": 'Chen, "Lao" Wang {number}'}),
)

_PART = "{feed}_{day}_part2.csv"

FILES = (
    FileFault("crlf", "orders", "lines end in CR LF", "accepted_normalised", lambda page: damage.reshaped(page, line_end="\r\n")),
    FileFault("utf8_bom", "orders", "begins with a byte-order mark", "accepted_normalised", lambda page: b"\xef\xbb\xbf" + page),
    FileFault(
        "permuted_columns", "orders", "columns in another order", "accepted_normalised", lambda page: damage.reshaped(page, reorder=True)
    ),
    FileFault(
        "extra_column", "orders", "a column that nobody knows", "accepted_normalised", lambda page: damage.reshaped(page, extra=True)
    ),
    FileFault("gzip", "orders", "compressed", "accepted_normalised", damage.gzipped, name="{feed}_{day}.csv.gz"),
    FileFault(
        "same_content_twice", "orders", "the day's file under another name", "no_op", lambda page: page, None, "{feed}_{day}_copy.csv", True
    ),
    FileFault("truncated_gzip", "orders", "compressed, and cut off", "held", damage.cut_gzip, "corrupt_gzip", _PART + ".gz", True),
    FileFault(
        "wrong_checksum", "orders", "compressed, with a wrong checksum", "held", damage.bad_gzip, "corrupt_gzip", _PART + ".gz", True
    ),
    FileFault("missing_column", "orders", "without ordered_at", "held", damage.without_dates, "missing_column", _PART, True),
    FileFault("cut_mid_row", "orders", "cut off within its last row", "held", damage.cut_in_last_row, "cut_off", _PART, True),
    FileFault("not_utf8", "orders", "its last row is GBK, the others UTF-8", "held", damage.with_gbk_row, "not_utf8", _PART, True),
    FileFault("unknown_shape", "orders", "a note that is no dump at all", "held", damage.note, "unknown_file", "notes_{day}.txt", True),
    FileFault("crlf", "reviews", "lines end in CR LF", "accepted_normalised", lambda page: damage.reshaped(page, line_end="\r\n")),
    FileFault("gzip", "reviews", "compressed", "accepted_normalised", damage.gzipped, name="{feed}_{day}.csv.gz"),
    FileFault("missing_column", "reviews", "without created_at", "held", damage.without_dates, "missing_column", _PART, True),
)
"""Planted again and again, until their share of the files is reached."""

HEADER_ONLY = FileFault(
    "header_only",
    "orders",
    "a header and no row",
    "held",
    lambda page: page[: page.find(b"\n") + 1],
    "no_rows",
    "{feed}_{day}_part2.csv",
    True,
)
"""Planted once: every file of it has the same bytes, so a second one would be the first once more."""
