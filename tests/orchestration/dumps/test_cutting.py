"""Of a text with irregular places most is left to the fast reader, and nothing tells: every row is what the careful reader makes of it."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.dumps import careful
from orchestration.dumps.careful import Record, Refusal
from orchestration.dumps.cutting import Regular, Sizes, TooIrregularError, cut
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.receive import BOM, Census, HeldError
from tests.orchestration.dumps.conftest import Home

FIELDS = [
    "",
    "a",
    "红茶🍵",
    " b ",
    '"',
    '""',
    '"q"',
    '"a,b;c"',
    '"say ""so"""',
    '"two\nlines"',
    '"two\r\nlines"',
    '"\n"',
    '"open',
    "x" * 40,
    "\x0b",
]
FAULTS = ["", '"', '""', ' "', '" ', "\0", "\r", "\n", "\r\n", "\ufeff", ",", ";", '\n"', '"\n', " \n", ",,,,", "\\", "\u3000\n"]


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, Dialect, Sizes]:
    """Rows of three columns, mostly regular, with faults planted anywhere, and how closely to look at them."""
    dialect = Dialect(delimiter=draw(st.sampled_from([",", ";", "|", "\t"])))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    plain = st.lists(st.sampled_from([*FIELDS[:4], '"q"', '"two\nlines"']), min_size=3, max_size=3)
    odd = st.lists(st.sampled_from(FIELDS), min_size=0, max_size=5)
    rows = draw(st.lists(st.one_of(*[plain] * 6, odd), max_size=25))
    text = end.join(dialect.delimiter.join(row) for row in [["id", "name", "body"], *rows])
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(FAULTS)) + text[place:]
    mark, last = draw(st.sampled_from(["", "\ufeff"])), draw(st.sampled_from([end, end, ""]))
    return (mark + text + last).encode(), dialect, Sizes(draw(st.integers(20, 300)), draw(st.integers(1, 40)), share=1)


def read_whole(text: Path, dialect: Dialect) -> list[Record | Refusal] | str:
    try:
        return list(careful.read(text, dialect, 3))
    except HeldError as error:
        return error.reason


def read_in_pieces(text: Path, dialect: Dialect, sizes: Sizes) -> list[Record | Refusal] | str:
    """A stretch is split by what is known of it alone: its bytes, its first line, and that it is regular."""
    census, content = Census(dialect.delimiter), text.read_bytes()
    census.add(content)
    outcomes: list[Record | Refusal] = []
    behind = 0
    try:
        for piece in cut(text, dialect, 3, census.line_end, sizes):
            if not isinstance(piece, Regular):
                outcomes.append(piece)
                continue
            assert behind <= piece.start.offset < piece.end.offset
            assert not piece.start.offset or content[piece.start.offset :][:3] != BOM, "where it begins a gathered text, it would be a mark"
            behind = piece.end.offset
            assert piece.start.breaks == content.count(b"\n", 0, piece.start.offset)
            assert piece.end.breaks == content.count(b"\n", 0, behind)
            line = piece.start.breaks + 1
            rows = careful.rows_of(content[piece.start.offset : behind].decode("utf-8-sig" if line == 1 else "utf-8"), dialect)
            assert len(rows) == piece.end.records - piece.start.records
            for row in rows:
                outcomes.append(Record(line, row))
                line += 1 + "".join(row).count("\n")
            assert line == piece.end.breaks + 1
    except HeldError as error:
        return error.reason
    return outcomes[1:]  # the header is a stretch's


@given(texts())
@example(("id,name,body\n1,aaaa\n\ufeff2,b,c\n3,d,e\n".encode(), Dialect(), Sizes(most=30, least=5, share=1)))
@settings(max_examples=400, deadline=None)
def test_a_text_read_in_pieces_says_what_it_says_read_as_a_whole(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[bytes, Dialect, Sizes]
) -> None:
    content, dialect, sizes = drawn
    text = tmp_path_factory.getbasetemp() / "text.csv"
    text.write_bytes(content)
    try:
        outcomes = read_in_pieces(text, dialect, sizes)
    except TooIrregularError:
        return  # then it is read as a whole
    assert outcomes == read_whole(text, dialect)


REVIEWS = "review_id,rating,created_at,body"
PLACES = {
    "a column less": "F,5,2026-03-01",
    "a column more": "F,5,2026-03-01,x,y",
    "a zero byte": "F,5,2026-03-01,x\0y",
    "an open quote": 'F,5,2026-03-01,"open',
    "two open quotes": 'F,5,2026-03-01,"open\nG,5,2026-03-01,"too',
    "a quote behind a blank": 'F,5,2026-03-01, "so"',
    "blanks between quotes": 'F,5,2026-03-01,"so" "so"',
    "a break within a record too wide": 'F,5,2026-03-01,"a\nb",c',
    "a blank line": "\n \n",
    "another line end": "F,5,2026-03-01,x\r",
    "a mark": "\ufeffF,5,2026-03-01,x",
    "a value that can't be cast": "F,nine,,x",
}


def reviews(day: int, texts: list[str], place: str | None, end: str) -> str:
    """Some fifty kilobytes, with the place in their midst and near the end."""
    rows = [f'R{day}-{number},5,2026-03-01 10:00:00,"{texts[number % len(texts)]}"' for number in range(1200)]
    if place is not None:
        rows.insert(1150, place)
        rows.insert(600, place)
        rows.insert(200, "T,5,2026-03-01")  # so that the census finds the file irregular, whatever the place
    return end.join([REVIEWS, *rows]) + end


def expected(content: str, path: Path) -> tuple[list[tuple[int, str, str | None]], list[tuple[int, str, str | None]]]:
    """Line, id and text of what can be read, and line, reason and original of what can't, as if the careful reader had all of it."""
    path.write_text(content, newline="")
    clean, refused = [], []
    for outcome in careful.read(path, Dialect(), 4):
        if isinstance(outcome, Refusal):
            refused.append((outcome.line, outcome.reason, outcome.original))
        elif outcome.fields[1] == "nine":
            refused.append((outcome.line, "not_a_number", '{"review_id":"F","rating":"nine","created_at":null,"body":"x"}'))
        else:
            clean.append((outcome.line, outcome.fields[0].strip(), outcome.fields[3] or None))
    return sorted(clean), sorted(refused)


CASES = {f"{name}, LF": (place, "\n") for name, place in PLACES.items()} | {
    f"{name}, CRLF": (PLACES[name].replace("\n", "\r\n"), "\r\n") for name in ("a column less", "two open quotes", "a blank line")
}


@pytest.mark.parametrize(("place", "end"), CASES.values(), ids=CASES)
def test_files_with_irregular_places_are_read_with_regular_ones_and_all_rows_keep_file_and_line(
    home: Home, tmp_path: Path, place: str, end: str
) -> None:
    delivered = {
        "reviews_2026-03-01.csv": reviews(1, ["good", "所以，很好"], None, end),
        "reviews_2026-03-02.csv": reviews(2, ["good", "two" + end + "lines", 'say ""so"", he'], place, end),
        "reviews_2026-03-03.csv": "\ufeff" + reviews(3, ["good"], place, end),
        "reviews_2026-03-04.csv": reviews(4, ["good"], None, end),
    }
    for name, content in delivered.items():
        home.deliver(name, content.encode())
    landing = home.land()
    assert len({file.batch for file in landing.live}) == 1, "no file was taken out to be read as a whole"
    for file in landing.live:
        clean, refused = expected(delivered[file.file_name], tmp_path / "text.csv")
        assert (file.rows_clean, file.rows_quarantined) == (len(clean), len(refused))
        assert [row[1:] for row in home.clean("file_id, line, review_id, body", "reviews") if row[0] == file.file_id] == clean
        found = home.quarantine("file_id, line, reason, original", "reviews")
        assert [row[1:] for row in found if row[0] == file.file_id] == refused


def test_a_text_that_is_mostly_irregular_is_left_to_the_careful_reader(tmp_path: Path) -> None:
    text = tmp_path / "text.csv"
    text.write_text("id,name,body\n" + ("1,a,b\n" * 900 + "1,a\n") * 50)
    with pytest.raises(TooIrregularError):
        list(cut(text, Dialect(), 3, b"\n"))


def test_files_whose_lines_end_in_different_ways_are_not_read_as_one_text(home: Home) -> None:
    for day in range(1, 9):
        end = "\r\n" if day % 2 else "\n"
        home.deliver(f"reviews_2026-03-{day:02d}.csv", end.join([REVIEWS, f"R{day},5,2026-03-01,x"]) + end)
    assert len({file.batch for file in home.land().live}) == 2
