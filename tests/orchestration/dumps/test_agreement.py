"""The fast reader and the careful one say the same of every file: the same rows, the same refusals, each with the same line.

The careful reader is Python's strict CSV reader, record by record; the fast one is DuckDB's, for whatever the census leaves to it.
"""

import itertools
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from orchestration.dumps.candidates import Batch, Candidate
from orchestration.dumps.casts import Context
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.held import HeldError, UnreadableError
from orchestration.dumps.inbox import Arrival
from orchestration.dumps.ledger import File, Sighting
from orchestration.dumps.profiles import Profile
from orchestration.dumps.receive import header_of, receive
from orchestration.dumps.relations import Records, load_records, load_stretches, read_carefully
from orchestration.dumps.stretches import IrregularError, gather, portions

CONTEXT = Context("UTC", "EUR", "EUR", "shop")
FIELDS = [
    "",
    "1",
    "Bonn",
    "红茶🍵",
    " b ",
    "5.50",
    '"q"',
    '"a, b"',
    '"say ""so"""',
    '""',
    '"two\nlines"',
    '"two\r\nlines"',
    '"two\rlines"',
    '" "',
    '",,"',
    '"\n"',
    "null",
    "\\N",
    "'",
    "# note",
]
ODD = [
    '12" pipe',
    'say "so"',
    ' "b"',
    '"b" ',
    'Bonn"Bread',
    ' fresh"',
    '"b"x',
    'a""b',
    '"""',
    '"',
    "'a, b'",
    "\ufeff",
    "\0",
    "\\",
    '\\"',
    "\x0b",
    "\u2028",
]
FAULTS = ["", '"', '""', ",", ",,", ";", "\n", "\r\n", "\r", "\n\n", " ", '"\n', '\n"', ',"', '",', "\\", "\0", "\ufeff", "a\n", "\t"]


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, Dialect]:
    """A delimited text of one to four columns, mostly sound, with what goes wrong in dumps anywhere in it."""
    dialect = Dialect(delimiter=draw(st.sampled_from([",", ",", ",", ";", "|", "\t", " ", ":"])))
    columns, end = draw(st.integers(1, 4)), draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    field = st.sampled_from(FIELDS) if draw(st.booleans()) else st.sampled_from([*FIELDS, *ODD])
    sound = st.lists(field, min_size=columns, max_size=columns)
    ragged = st.lists(field, max_size=6)
    rows = draw(st.lists(st.one_of(*[sound] * 9, ragged), max_size=8))
    text = end.join(dialect.delimiter.join(row) for row in [["id", "name", "body", "note"][:columns], *rows])
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(FAULTS)).replace(",", dialect.delimiter) + text[place + draw(st.integers(0, 1)) :]
    mark, last = draw(st.sampled_from(["", "", "\ufeff"])), draw(st.sampled_from([end, end, "", end * 2]))
    return (mark + text + last).encode(), dialect


def candidate_of(folder: Path, content: bytes, dialect: Dialect) -> Candidate | None:
    """The file as landing recognises it; None where it is held before any reader has it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "file.csv"
    path.write_bytes(content)
    columns = {name: name for name in ("review_id", "rating", "created_at")}
    feed = {"files": "*", "columns": columns, **dialect.model_dump(exclude_defaults=True)}
    profile = Profile.model_validate({"name": "test", "version": 1, "title": "t", "feeds": {"reviews": feed}})
    arrival = Arrival("shop", "file.csv", path, Sighting("shop/file.csv", len(content), 1))
    receipt = receive(arrival, None, folder, profile.feeds["reviews"])
    file = File("f", "shop", "file.csv", "", len(content), "", "", "reviews", "", "live", run_id="r")
    try:
        return Candidate(arrival, file, receipt, profile, header_of(receipt.text, dialect), CONTEXT)
    except HeldError:
        return None


Said = tuple[list[tuple[object, ...]], list[tuple[object, ...]]] | str
"""Rows and refusals with their lines, or the reason why the file is held."""


def said(connection: duckdb.DuckDBPyConnection, columns: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    values = ", ".join(f"t{number}" for number in range(columns))
    rows = connection.execute(f"select line, {values} from text order by line").fetchall()
    return rows, connection.execute("select line, reason, original from refused order by line").fetchall()


def read_carefully_alone(batch: Batch, columns: int) -> Said:
    rows, refused = [], []
    try:
        for records in read_carefully(batch):
            with duckdb.connect() as connection:
                load_records(records, columns, connection)
                found = said(connection, columns)
            rows += found[0]
            refused += found[1]
    except UnreadableError as error:
        return error.files["f"].reason
    return rows, refused


def read_fast(batch: Batch, columns: int, folder: Path) -> Said | None:
    """None where the fast reader gives the file back."""
    rows, refused = [], []
    try:
        for number, portion in enumerate(portions(batch)):
            text, records = gather(portion.stretches, folder / f"{number}.gathered"), Records.of(portion.outcomes)
            with duckdb.connect() as connection:
                load_stretches(portion.stretches, text, records, connection)
                found = said(connection, columns)
            if sum(map(len, found)) != sum((portion.stretched + records.delivered).values()):
                return None
            rows += found[0]
            refused += found[1]
    except (IrregularError, duckdb.Error):
        return None
    return rows, refused


SHIFTED = b'id,customer,day,city,product,quantity,price\nA98,C1,2026-03-01,Bonn,Tea,1,2\nA99,C1,2026-03-01,Bonn"Bread, fresh",1,5.50\n'
numbers = itertools.count()


@given(files())
@example((SHIFTED, Dialect()))
@example((SHIFTED.replace(b"A98", b'"A98"'), Dialect()))
@example((b'id,name\n1,"a" "b"\n2,c\n', Dialect()))
@example((b'id,name\n1,a""b\n2,c\n', Dialect()))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_two_readers_say_the_same_of_every_file(tmp_path_factory: pytest.TempPathFactory, drawn: tuple[bytes, Dialect]) -> None:
    content, dialect = drawn
    folder = tmp_path_factory.getbasetemp() / f"agreement-{next(numbers)}"
    candidate = candidate_of(folder, content, dialect)
    assume(candidate is not None and candidate.is_fast)
    assert candidate is not None
    columns, batch = len(candidate.header), Batch((candidate,), is_fast=True)
    fast = read_fast(batch, columns, folder)
    event("given back" if fast is None else "read fast")
    if fast is not None:
        assert fast == read_carefully_alone(batch, columns)


ROWS: dict[str, tuple[str, str | None]] = {
    "a shifted record": ('A99,C1,2026-03-01,Bonn"Bread, fresh",1,5.50', "broken_quotes"),
    "a shifted record behind quoted fields": ('"A99","C1",2026-03-01,Bonn"Bread, fresh",1,"5.50"', "broken_quotes"),
    "a shifted record of three values": ('A99,C1,2026-03-01,Bonn"Bread, fresh, dark",5.50', "broken_quotes"),
    "blanks before quotes that hold a delimiter": ('A99,C1,2026-03-01, "Bread, fresh",1,5.50', "broken_quotes"),
    "inches in two fields": ('A99,C1,2026-03-01,12" pipe,3" nail,1,5.50', "broken_quotes"),
    "two quoted texts without a delimiter": ('A99,C1,2026-03-01,"Bonn" "Bread",1,5.50,x', "broken_quotes"),
    "a text behind a quoted one": ('A99,C1,2026-03-01,"Bonn"x,Bread,1,5.50', "broken_quotes"),
    "an extra quote before a quoted text": ('A99,C1,2026-03-01,""Bonn",Bread,1,5.50', "broken_quotes"),
    "a quote that is opened only": ('A99,C1,2026-03-01,"Bonn,Bread,1,5.50', "unterminated_quote"),
    "a delimiter lost between quoted texts": ('"A99","C1","2026-03-01""Bonn","Bread","1","5.50"', "too_few_columns"),
    "a delimiter too many": ("A99,C1,,2026-03-01,Bonn,Bread,1,5.50", "too_many_columns"),
    "another delimiter": ("A99 C1 2026-03-01 Bonn Bread 1 5.50", "too_few_columns"),
    "a quote lost before a text, beside quoted ones": ('"A99","C1","2026-03-01",Bonn","Bread","1","5.50"', "broken_quotes"),
    "a quote lost behind a text": ('"A99","C1","2026-03-01","Bonn,"Bread","1","5.50"', "broken_quotes"),
    "inches in one field beside a quoted one": ('A99,C1,2026-03-01,Bonn,12" pipe,1,"5,50"', "broken_quotes"),
    "inches in one field": ('A99,C1,2026-03-01,Bonn,12" pipe,1,5.50', None),
    "words quoted within one field": ('A99,C1,2026-03-01,Bonn,the "good" bread,1,5.50', None),
    "quotes as they should be": ('A99,C1,2026-03-01,"Bonn","Bread ""fresh"", dark",1,5.50', None),
}
SEVEN = "id,customer,day,city,product,quantity,price"


@pytest.mark.parametrize(("row", "reason"), ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("others", [0, 3000], ids=["by itself", "among many"])
def test_a_row_whose_columns_may_have_shifted_is_refused_whichever_reader_has_the_file(
    tmp_path: Path, row: str, reason: str | None, others: int
) -> None:
    sound = "A1,C1,2026-03-01,Bonn,Tea,1,5.50"
    content = "\n".join([SEVEN, *[sound] * others, row, *[sound] * others]) + "\n"
    candidate = candidate_of(tmp_path, content.encode(), Dialect())
    assert candidate is not None
    batch = Batch((candidate,), is_fast=True)
    carefully = read_carefully_alone(batch, 7)
    assert isinstance(carefully, tuple)
    rows, refused = carefully
    assert len(rows) == 2 * others + (reason is None)
    assert refused == ([(others + 2, reason, row + "\n")] if reason else [])
    fast = read_fast(batch, 7, tmp_path)
    assert fast in (carefully, None)
    assert fast or not others, "of many rows most are read fast, whatever one of them is"
