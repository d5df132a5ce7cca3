"""Whatever happens to a valid dump on its way, no row is lost in silence, and nothing but the product's own errors is raised."""

import csv
import io
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

pytestmark = pytest.mark.slow

REVIEWS_HEADER = "review_id,rating,created_at,body"
TEXT = st.text(alphabet=st.sampled_from(list("ab ,;\"\n\r\t'=红茶🍵\u2028\u3000.0-")), max_size=12)
FRAGMENTS = [b"\n", b"\r\n", b"\r", b'"', b'""', b",", b",,", b"\0", b"\xff", b"\xef\xbb\xbf", b"\n\n", b'"\n', b'\n"', b"\\", b";", b"1e9"]
DELIMITERS = [b";", b"\t", b",,"]
WHOLE_ROWS = ("sound", "text in a number", "a column less", "a column more", "no id")


def landed(name: str, content: bytes) -> Home:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    (folder / "regulars.yaml").write_text("time_zone: UTC\n")
    home = Home(folder)
    home.deliver(name, content)
    home.land()
    return home


@st.composite
def dumps(draw: st.DrawFn) -> tuple[str, bytes, list[tuple[str, str]]]:
    """A valid file of orders or reviews: its name, its bytes, and id and text of each row."""
    rows = [(f"R{number}", draw(TEXT)) for number in range(draw(st.integers(1, 6)))]
    is_review = draw(st.booleans())
    end, quoting = draw(st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]))
    written = io.StringIO()
    writer = csv.writer(written, lineterminator=end, quoting=quoting)
    writer.writerow(REVIEWS_HEADER.split(",") if is_review else [*ORDERS_HEADER.split(","), "city"])
    for key, text in rows:
        writer.writerow([key, "5", "2026-03-01 10:00:00", text] if is_review else [key, *order().split(",")[1:], text])
    return ("reviews_1.csv" if is_review else "orders_1.csv"), written.getvalue().encode(), rows


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid file after a few random mutations of its bytes, its lines or its fields."""
    name, content, _ = draw(dumps())
    for _ in range(draw(st.integers(1, 4))):
        content = mutated(draw, content)
    return name, content


def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    low, high = sorted((draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))))
    match draw(st.sampled_from(["insert", "delete", "repeat", "flip", "cut off", "shuffle", "delimiters"])):
        case "insert":
            return content[:low] + draw(st.sampled_from(FRAGMENTS)) + content[low:]
        case "delete":
            return content[:low] + content[low + draw(st.integers(1, 5)) :]
        case "repeat":
            return content[:low] + content[low:high] * 2 + content[high:]
        case "flip":
            return content[:low] + bytes([draw(st.integers(0, 255))]) + content[low + 1 :]
        case "cut off":
            return content[:high]
        case "shuffle":
            return b"\n".join(draw(st.permutations(content.split(b"\n"))))
        case _:
            return content.replace(b",", draw(st.sampled_from(DELIMITERS)), draw(st.integers(1, 9)))


def assert_accounted(home: Home) -> None:
    """Each file is live, held or known; of the live ones, what stands in the lake is what the ledger says, line by line."""
    ledger = home.ledger()
    files = ledger.files()
    ledger.close()
    for file in files:
        feed = file.feed or "orders"
        clean = home.clean("line, file_id", feed) if file.state == "live" else []
        refused = home.quarantine("line, file_id", feed) if file.state == "live" else []
        assert len(clean) == file.rows_clean
        assert len(refused) == file.rows_quarantined
        assert file.rows_delivered == len(clean) + len(refused)
        lines = [line for line, _ in (*clean, *refused)]
        assert len(set(lines)) == len(lines), "each row has a line of its own"
        assert file.state in ("live", "held")
        assert file.state == "live" or file.reason


@given(dumps())
@example(("reviews_1.csv", b'review_id,rating,created_at,body\nR0,5,2026-03-01 10:00:00,"a\n\n,""b"\n', [("R0", 'a\n\n,"b')]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_valid_dump_comes_through_to_the_last_character(dump: tuple[str, bytes, list[tuple[str, str]]]) -> None:
    name, content, rows = dump
    home = landed(name, content)
    try:
        assert_accounted(home)
        columns, feed = ("review_id, body", "reviews") if name.startswith("reviews") else ("order_id, city", "orders")
        assert sorted((key, text or "") for key, text in home.clean(columns, feed)) == sorted(rows)
    finally:
        shutil.rmtree(home.folder)


@given(spoiled())
@example(("orders_1.csv", b"order_id,,order_line_id,customer_id,ordered_at,status,quantity,unit_price\nR0,1,C1,2026-03-01,completed,2\n"))
@example(("orders_1.csv", f"{ORDERS_HEADER},City,city\n{order()},a\n".encode()))
@example(("orders_1.csv", f"{ORDERS_HEADER},a\0b\n{order()}\n".encode()))
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_spoiled_dump_is_accounted_for_row_by_row_or_held(dump: tuple[str, bytes]) -> None:
    name, content = dump
    try:
        home = landed(name, content)
    except RegularsError:
        return
    try:
        assert_accounted(home)
    finally:
        shutil.rmtree(home.folder)


@given(
    st.lists(
        st.tuples(st.sampled_from(["sound", "text in a number", "a column less", "a column more", "no id"]), st.integers(0, 99)),
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_counted_by_another_hand_are_all_there(kinds: list[tuple[str, int]]) -> None:
    """Mutations of whole rows leave their number known: lines of the text, whose values hold no line break."""
    spoil = {
        "sound": lambda row: row,
        "text in a number": lambda row: row.replace("9.90", "nine"),
        "a column less": lambda row: row.rpartition(",")[0],
        "a column more": lambda row: row + ",",
        "no id": lambda row: row[row.index(",") :],
    }
    rows = [spoil[kind](order(number)) for kind, number in kinds]
    home = landed("orders_1.csv", "\n".join([ORDERS_HEADER, *rows]).encode() + b"\n")
    try:
        assert_accounted(home)
        (file,) = home.ledger().files()
        if file.state == "live":
            assert file.rows_delivered == len(kinds)
            assert file.rows_clean == sum(kind == "sound" for kind, _ in kinds)
    finally:
        shutil.rmtree(home.folder)
