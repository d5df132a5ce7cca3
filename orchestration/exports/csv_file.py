"""CSV for people, which a spreadsheet opens right and whose cells can't act."""

from pathlib import Path

import polars as pl

from orchestration.io import portions, write_atomically

_ACTS = r"^'*[=+\-@\t\r\n\x00＝＋－＠]"


def write_csv(frame: pl.DataFrame | pl.LazyFrame, path: Path) -> None:
    """CSV for people: UTF-8 with BOM, CRLF, every text quoted, no text that a spreadsheet would run (see ``inert``)."""
    with write_atomically(path) as partial, partial.open("wb") as file:
        for number, rows in enumerate(portions(frame.lazy().with_columns(inert(pl.col(pl.String))))):
            rows.collect().write_csv(
                file,
                include_bom=number == 0,
                include_header=number == 0,
                line_terminator="\r\n",
                quote_style="non_numeric",  # a bare text could be split at another separator, and its tail be a formula
                datetime_format="%Y-%m-%d %H:%M:%S",
            )


def inert(text: pl.Expr) -> pl.Expr:
    """Puts ``'`` before a text that a spreadsheet would read as a formula (OWASP, CSV injection).

    Such a text begins with ``= + - @``, a full-width form of these, tab, CR, LF or NUL.

    A text that is already ``'`` and such a beginning gets one more, so that removing one ``'`` from ``'…=`` always gives the original.
    """
    return pl.when(text.str.contains(_ACTS)).then(pl.lit("'") + text).otherwise(text).name.keep()
