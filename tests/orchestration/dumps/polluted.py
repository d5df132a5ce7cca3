"""One dump of orders, and what goes wrong with such files, one thing at a time: the kinds of the Pollock benchmark and those of our own.

Kinds after Vitagliano et al., "Pollock: A Data Loading Benchmark", PVLDB 16 (2023): of the file (delimiter, quotes, escapes, line ends),
of the table (header, preamble, several tables), of a row (separators, quotes). Texts and rows are our own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

HEADER = ["order", "day", "pieces", "article", "price", "name", "description", "customer", "comment"]
NAMES = ["Teapot, round", 'Board, 48" long', "Men's boots", "Oolong", "Tea, green, loose", "8'9\" rod", "Cup", "Kids' hat"]
TEXTS = [
    "Keeps warm for an hour, even outdoors.",
    "Plain",
    "It doesn't slip, and won't wear out.",
    'Called "the best" by some, and the worst by others',
    "红茶，产自云南, 2026",
    "",
]


def table(rows: int = 12) -> list[list[str]]:
    """Rows that differ in every way that matters: commas, quotes, apostrophes and nothing in their values."""
    return [
        [
            f"A{number}",
            f"2026-03-{1 + number % 28:02d} 10:{number % 60:02d}:00",
            str(1 + number % 9),
            f"P-{number * 7}",
            f"{number % 50}.{number % 10}5",
            NAMES[number % len(NAMES)],
            TEXTS[number % len(TEXTS)],
            f"C{number % 5}",
            "" if number % 4 else "by post",
        ]
        for number in range(1, rows + 1)
    ]


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    end: str = "\r\n"

    def row(self, fields: list[str]) -> str:
        return self.delimiter.join(map(self.field, fields))

    def field(self, value: str) -> str:
        return f"{self.quote}{value.replace(self.quote, self.escape + self.quote) if self.quote else value}{self.quote}"

    def text(self, rows: list[list[str]]) -> str:
        return "".join(self.row(row) + self.end for row in rows)


STYLE = Style()


@dataclass(frozen=True)
class Polluted:
    """A file, and the rows that are truly in it. ``rows_hit``: those that the pollution touches, which may be refused."""

    kind: str
    name: str
    content: bytes
    rows: list[list[str]]
    rows_hit: int = 0


def whole_files(rows: int = 12) -> Iterator[Polluted]:
    """Pollutions of a file and its table."""
    data = table(rows)
    sound = STYLE.text([HEADER, *data])

    def file(kind: str, name: str, text: str, true: list[list[str]] | None = None, hit: int = 0) -> Polluted:
        return Polluted(kind, name, text.encode(), data if true is None else true, hit)

    yield file("sound", "source", sound)
    yield file("payload", "none", "", [])
    yield file("payload", "header alone", STYLE.text([HEADER]), [])
    yield file("payload", "one row", STYLE.text([HEADER, data[0]]), data[:1])
    yield file("trailing line end", "none", sound.removesuffix("\r\n"))
    yield file("trailing line end", "two", sound + "\r\n")
    yield file("header", "none", STYLE.text(data))
    yield file("header", "two equal rows", STYLE.text([HEADER, HEADER, *data]))
    yield file("header", "three equal rows", STYLE.text([HEADER, HEADER, HEADER, *data]))
    groups = ["Order", "", "", "Article", "", "", "", "Buyer", ""]
    units = ["no.", "date", "pcs", "no.", "EUR", "text", "text", "no.", "text"]
    yield file("header", "groups above the names", STYLE.text([groups, HEADER, *data]))
    yield file("header", "units above the names", STYLE.text([units, HEADER, *data]))
    yield from (file("preamble", name, text + sound) for name, text in PREAMBLES.items())
    yield from _tables(data, sound)
    yield from _styles(data)


PREAMBLES = {
    "one title": "Orders of March\r\n",
    "a title and a blank line": "Orders of March\r\n\r\n",
    "three titles": "PREAMBLE\r\n" * 3,
    "titles and a blank line": "Shop: Tea\r\nFrom: 2026-03-01\r\nTo: 2026-03-31\r\n\r\n",
    "titles as wide as the table": ('"PREAMBLE"' + "," * 8 + "\r\n") * 3,
    "titles and a row of nothing, as wide": ('"PREAMBLE"' + "," * 8 + "\r\n") * 3 + "," * 8 + "\r\n",
    "titles in pairs": '"Shop","Tea"\r\n"From","2026-03-01"\r\n',
    "a comment": "# exported by hand, with commas\r\n",
    "blank lines": "\r\n\r\n\r\n",
}


def _tables(data: list[list[str]], sound: str) -> Iterator[Polluted]:
    """Two tables in one file. The second has rows of its own, which are none of the orders."""
    apart = {"a blank line": "\r\n", "a row of nothing": "," * 8 + "\r\n", "a row of nothing, quoted": ",".join(['""'] * 9) + "\r\n"}
    others = {
        "less": [["channel", "orders", "total"], ["web", "12", "330.50"], ["shop", "3", "20.00"]],
        "as many": [[f"{name}_code" for name in HEADER], *([f"{n}{name}" for name in "abcdefghi"] for n in range(1, 4))],
        "more": [[f"{name}_code" for name in [*HEADER, "more", "yet"]], *([f"{n}{name}" for name in "abcdefghijk"] for n in range(1, 4))],
    }
    for width, rows in others.items():
        for between, line in apart.items():
            content = (sound + line + STYLE.text(rows)).encode()
            yield Polluted("several tables", f"{width} columns behind {between}", content, data)
    content = (sound + STYLE.text(others["less"])).encode()
    yield Polluted("several tables", "less columns at once", content, data)


def _styles(data: list[list[str]]) -> Iterator[Polluted]:
    """Other structural characters for the whole file."""

    def file(kind: str, name: str, style: Style, rows: list[list[str]] | None = None, hit: int = 0) -> Polluted:
        return Polluted(kind, name, style.text([HEADER, *(rows or data)]).encode(), rows or data, hit)

    delimiters = {"semicolon": ";", "tab": "\t", "bar": "|", "blank": " ", "colon": ":", "two bars": "||", "section sign": "§"}
    for name, delimiter in {**delimiters, "comma and blank": ", ", "semicolon and blank": "; "}.items():
        yield file("delimiter", name, Style(delimiter))
    bare = [[value.replace('"', "").replace(",", "") for value in row] for row in data]
    for name, delimiter in {"comma and blank, nothing quoted": ", ", "two bars, nothing quoted": "||"}.items():
        yield file("delimiter", name, Style(delimiter, quote=""), bare)
    excel = "sep=;\r\n" + Style(";").text([HEADER, *data])
    yield Polluted("delimiter", "a line that names it", excel.encode(), data)
    yield file("quote", "apostrophe", Style(quote="'", escape="'"))
    yield file("quote", "apostrophe, none escaped", Style(quote="'", escape=""), hit=sum("'" in row[5] + row[6] for row in data))
    yield file("escape", "backslash", Style(escape="\\"), hit=sum('"' in row[5] + row[6] for row in data))
    yield file("escape", "none", Style(escape=""), hit=sum('"' in row[5] + row[6] for row in data))
    for name, end in {"line feed": "\n", "return": "\r"}.items():
        yield file("line end", name, Style(end=end))


def rows_of_a_file(rows: int = 12) -> Iterator[Polluted]:
    """Pollutions of one row, or of one field of it: each row with each column, the header among them."""
    data = table(rows)
    for line in range(rows + 1):
        for column in range(len(HEADER)):
            if column:
                yield _with_row(data, line, "a separator less", f"{line}, {column}", _merged(column))
            yield _with_row(data, line, "a separator more", f"{line}, {column}", _widened(column))
            yield _with_row(data, line, "a quote more", f"{line}, {column}", _with_quote(column))
            yield _with_row(data, line, "a quote less", f"{line}, {column}", _without_quote(column))
        yield _with_row(data, line, "a row with another delimiter", str(line), Style(" ").row)
        yield _with_row(data, line, "a row with apostrophes", str(line), Style(quote="'", escape="'").row)
        yield _with_row(data, line, "a row of nothing", str(line), lambda fields: "")
        yield _with_row(data, line, "a row half as long", str(line), lambda fields: STYLE.row(fields[:4]))


def minimal_rows(rows: int = 12) -> Iterator[Polluted]:
    """The same of a file that quotes only what it has to, where a lost separator shifts a row without making it narrower."""
    data = table(rows)

    def plain(fields: list[str]) -> list[str]:
        return [STYLE.field(value) if set(value) & set(',"') else value for value in fields]

    for line in range(1, rows + 1):
        for column in range(1, len(HEADER)):
            fields = plain(data[line - 1])
            lost = ",".join([*fields[: column - 1], fields[column - 1] + fields[column], *fields[column + 1 :]])
            lines = [",".join(HEADER), *(",".join(plain(row)) for row in data)]
            lines[line] = lost
            yield Polluted("a separator less, quotes only where needed", f"{line}, {column}", "\n".join([*lines, ""]).encode(), data, 1)


def _with_row(data: list[list[str]], line: int, kind: str, name: str, written: object) -> Polluted:
    rows = [HEADER, *data]
    lines = [STYLE.row(row) for row in rows]
    lines[line] = written(rows[line])  # type: ignore[operator]
    return Polluted(kind, name, "".join(each + STYLE.end for each in lines).encode(), data, rows_hit=1)


def _merged(column: int) -> object:
    return lambda fields: STYLE.row(fields[:column]) + STYLE.row(fields[column:])


def _widened(column: int) -> object:
    return lambda fields: ",".join([*map(STYLE.field, fields[:column]), "", *map(STYLE.field, fields[column:])])


def _with_quote(column: int) -> object:
    return lambda fields: ",".join(('"' if place == column else "") + STYLE.field(value) for place, value in enumerate(fields))


def _without_quote(column: int) -> object:
    return lambda fields: ",".join(STYLE.field(value)[1:] if place == column else STYLE.field(value) for place, value in enumerate(fields))
