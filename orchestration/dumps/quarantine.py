"""Quarantine: every refused row with its file, line, column, reason and original text, as Parquet for programs and as CSV for people."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.dumps.candidates import DAYS_OF_GRACE, Batch, Dated
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.order_rows import DISAGREE, INCOMPLETE
from orchestration.sql import quoted, readable

if TYPE_CHECKING:
    import duckdb

OUT_OF_RANGE = "date_out_of_range"

EXPLANATIONS = {
    "after_end": "the row stands behind the line that ends the rows: of another table; if it is not, mend `ends_before` in the profile",
    "ambiguous_local_time": "the clocks were set back, this time came twice; see repeated_hour in the profile",
    "digits_lost": "a number has more digits than a workbook keeps, so its last ones are zeros; write it as text, or export as CSV",
    "error_value": "a cell holds an error of the spreadsheet, such as #N/A; correct the sheet, and export it again",
    "footer": "the row stands behind the last one and is as the profile's `footer` says: a total, no order; if it is one, mend `footer`",
    "no_first_row": "the row gets what its order's first row says, and that row is missing or can't be read; export the whole order again",
    "no_price_per_piece": "the total has no pieces to be shared among: the quantity is 0 or far too small; correct it, and export again",
    "not_an_object": "expected an object in braces, a record with named values",
    "not_json": "the line is no JSON; have the file written anew",
    "not_utf8": "a text holds half a character, which no file can keep; correct it, and export again",
    "repeated_key": "an object names a key twice, so it can't be told which value is meant; correct it, and export again",
    "unreadable_item": "a packed line is not written as `name:value` pairs; see `packed` in the profile, between_items and between_fields",
    "broken_quotes": "quotes stand where none may, so that the columns can't be told apart; of quotes behind a backslash, see escape",
    OUT_OF_RANGE: "the date is before 1990 or after 2099",  # of a file whose name bounds its dates another sentence says so
    "missing_value": "the column must not be empty",
    "negative_discount": "a discount below zero; if the dump writes discounts so, set `sign: reversed` for discount_amount in the profile",
    "nonexistent_local_time": "the clocks were set forward, this time never was; see skipped_hour in the profile",
    "not_a_boolean": "expected yes or no, in one of the words that the profile knows",
    "not_a_number": "expected a number, written as the profile says",
    "not_a_timestamp": "expected a date, or a date and a time, written as the profile says",
    INCOMPLETE: "another row of the order can't be read, and what is taken off an order can't be told from some of its rows; mend that row",
    DISAGREE: "the rows of one order bring different values of an amount of the whole order; if each row has its own, drop `of: order`",
    "nul_byte": "the row has a zero byte, which no text has",
    "out_of_range": "the number is smaller or larger than it can be",
    "repeated_header": "the column names once more, within the file",
    "too_few_columns": "the row has fewer columns than the header",
    "too_large": "the number is larger than any that is kept",
    "too_many_columns": "the row has more columns than the header",
    "too_many_decimals": "the number would have to be rounded",
    "not_a_date": "expected a day without a time of day, written as the profile says",
    "unknown_currency": "no currency has this ISO 4217 code",
    "unknown_time_zone": "the profile's `zone` doesn't know this word for a time zone",
    "unterminated_quote": "a quote is opened and never closed",
}
"""What a reason means, in words, and what to do."""
UNKNOWN_WORD = "no known value of this column; map the word to one with `map` in the profile"
"""What any ``unknown_<column>`` means that isn't named above."""


def in_words(reason: str) -> str:
    """What a reason means and what to do, whatever file it is of."""
    return EXPLANATIONS.get(reason, UNKNOWN_WORD)


def counted(folder: Path, file_ids: Iterable[str]) -> dict[str, int]:
    """Reason → how many rows of those files were refused for it, the most frequent first."""
    import duckdb

    paths = sorted(folder.glob("*/*.parquet"))
    if not paths:
        return {}
    ids = "".join(f", {quoted(file_id)}" for file_id in file_ids)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"""select reason, count(*) from read_parquet([{", ".join(map(readable, paths))}]) where file_id in (null{ids})
            group by reason order by count(*) desc, reason"""
        )
        return dict(found.fetchall())


def dated_out_of_range(dated: Dated) -> str:
    """What is wrong with a date of a file whose name gives these dates, or none."""
    if not dated.name:
        return EXPLANATIONS[OUT_OF_RANGE]
    return (
        f"the date is before 1990, or later than {dated.bound}: {DAYS_OF_GRACE} days after {dated.dates.until}, the date in the name "
        f"'{dated.name}'; if that is no date of the rows, set `delivery_date` in the profile"
    )


MARK = "\ufeff"
OF_FORMULAS = "^''*[=+@＝＋－＠\\t\\r\\n\\-]"
"""How a text begins that a spreadsheet would run, whatever ``'`` are before it already (as a pattern within a SQL literal)."""


def refused_rows(batch: Batch, file_ids: list[str]) -> str:
    """SQL of the refused rows of those files.

    Grain: one delivered row. ``reason`` is a code, ``explanation`` the same in words; ``column_name`` the canonical column at fault and
    ``value`` its text, where one column is; ``order_id`` the order it belongs to, as far as that can be told; ``original`` the whole row,
    as JSON by the dump's own column names, or as delivered where it couldn't be split into columns.
    """
    first, read = batch.candidates[0], batch.reading
    located = first.mapping.locate(first.header)
    places = {name: f"t{number}" for number, name in enumerate(read.text.header)}
    order_id = "v_order_id" if any(column.name == "order_id" for column in FEEDS[batch.feed]) else "null"
    columns = {number: quoted(problem.column) for number, problem in enumerate(read.problems) if problem.column}
    values = {number: places[located[problem.column]] for number, problem in enumerate(read.problems) if problem.column in located}
    names = {candidate.file.file_id: quoted(candidate.file.file_name) for candidate in batch.candidates}
    origin = f"""file_id, line, {quoted(first.file.source)} as source,
        {_case("file_id", {quoted(file_id): names[file_id] for file_id in file_ids})} as file_name"""
    # Not a struct, whose fields need names that differ in more than case: a dump's columns may be named `id` and `ID`, or not at all.
    fields = ", ".join(f"{quoted(name)}, t{number}" for number, name in enumerate(first.header))
    refused = f"""select {origin},
            {_case("problem", {number: quoted(problem.reason) for number, problem in enumerate(read.problems)})} as reason,
            {_case("problem", columns)} as column_name,
            {_case("problem", values)} as value, {order_id} as order_id, cast(json_object({fields}) as varchar) as original
        from ({read.judged}) where left_out is null and problem is not null and file_id in ({", ".join(map(quoted, file_ids))})"""
    if batch.layout.packed:
        refused += " and rank_in_row = 1"
    refused += f" union all select {origin}, reason, null, null, order_id, original from refused"
    words = {quoted(reason): quoted(words) for reason, words in EXPLANATIONS.items()}
    bounds = {quoted(candidate.file.file_id): quoted(dated_out_of_range(candidate.dated)) for candidate in batch.candidates}
    words[quoted(OUT_OF_RANGE)] = _case("file_id", bounds)
    explained = _case("reason", words, quoted(UNKNOWN_WORD))
    return f"""select file_id, line, source, file_name, reason, {explained} as explanation, column_name, value, order_id, original
        from ({refused}) order by file_name, line"""


def names_orders(feed: str) -> bool:
    """Whether an order is another without a row of the feed."""
    return feed in ("orders", "order_headers", "order_items")


def orders_of_refused_rows(feed: str, refused: Path) -> str:
    """SQL: which orders the refused rows of a quarantine file belong to. Grain: one refused row whose order can be told."""
    return f"""select file_id, line, source, {quoted(feed)} as feed, order_id, reason from read_parquet({readable(refused)})
        where order_id is not null and reason <> 'repeated_header'"""


def originals(folder: Path, batch: str, file_id: str, most: int = 10_000) -> list[str]:
    """The first refused rows of a file, as they are kept for a batch that is being written."""
    import pyarrow.parquet as pq

    found: list[str] = []
    for path in sorted(folder.glob(f"{batch}*.parquet")):
        rows = pq.read_table(path, columns=["file_id", "original"], filters=[("file_id", "=", file_id)])
        found += rows["original"].slice(0, most - len(found)).to_pylist()
    return found


def _case(value: str, results: dict[str, str] | dict[int, str], otherwise: str = "null") -> str:
    whens = " ".join(f"when {key} then {result}" for key, result in results.items())
    return f"case {value} {whens} else {otherwise} end" if whens else otherwise


def write_csv(connection: "duckdb.DuckDBPyConnection", parquet: Path) -> None:
    """The same rows beside it, for a spreadsheet: UTF-8 with a byte-order mark, every text quoted, none that a spreadsheet would run.

    Such a text gets a ``'`` in front, one more where it has some already; taking one away gives the original. A zero byte becomes ``␀``.
    """
    names = ["source", "file_name", "line", "order_id", "column_name", "reason", "explanation", "value", "original"]
    # The mark goes before the first column's name, which must not be quoted for it: DuckDB writes none by itself.
    columns = ", ".join(f'{name if name == "line" else _inert(name)} as "{MARK if name == names[0] else ""}{name}"' for name in names)
    path = parquet.with_suffix(".csv")
    temporary = path.with_name(f".{path.name}.tmp")
    rows, target = readable(parquet), quoted(str(temporary))
    dialect = f"format csv, header, force_quote ({', '.join(names[1:])})"
    connection.execute(f"copy (select {columns} from read_parquet({rows})) to {target} ({dialect})")
    temporary.replace(path)


def _inert(text: str) -> str:
    return f"replace(if(regexp_matches({text}, '{OF_FORMULAS}'), '''' || {text}, {text}), chr(0), '␀')"
