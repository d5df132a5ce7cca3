"""Reasons in plain words, in both languages, from which of a few statements hold of a customer."""

from collections.abc import Sequence

import polars as pl

Statement = tuple[pl.Expr, str, str]
"""Whether it holds (unknown: it doesn't), and how it is said in English and in Chinese."""


def reasons(statements: Sequence[Statement], name: str) -> list[pl.Expr]:
    """``<name>`` and ``<name>_zh``: what holds, joined by ``"; "``; null where nothing does. At most ten statements.

    Which of them hold is one number per row and its text is looked up: a tenth of the time of putting texts together row by row.
    """
    numbers = [pl.when(holds.fill_null(value=False)).then(1 << place).otherwise(0) for place, (holds, _, _) in enumerate(statements)]
    number = pl.sum_horizontal(*numbers).cast(pl.Int32)
    codes = range(1, 1 << len(statements))

    def said(words: Sequence[str]) -> pl.Expr:
        texts = ["; ".join(word for place, word in enumerate(words) if code >> place & 1) for code in codes]
        return number.replace_strict(list(codes), texts, default=None, return_dtype=pl.String)

    return [said([en for _, en, _ in statements]).alias(name), said([zh for _, _, zh in statements]).alias(f"{name}_zh")]
