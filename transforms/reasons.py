"""Reasons in plain words, in both languages, from which of a few statements hold of a customer."""

from collections.abc import Sequence

import polars as pl

Statement = tuple[pl.Expr, str, str]
"""Whether it holds (unknown: it doesn't), and how it is said in English and in Chinese."""
SEPARATORS = ("; ", "；")
"""Between two statements in English and in Chinese."""


def joined(statements: Sequence[Statement], name: str) -> list[pl.Expr]:
    """``<name>`` and ``<name>_zh``: what holds, joined; empty where nothing does. Put together row by row."""
    said = [[pl.when(holds).then(pl.lit(words[language])) for holds, *words in statements] for language in (0, 1)]
    return [
        pl.concat_str(words, separator=separator, ignore_nulls=True).alias(column)
        for words, separator, column in zip(said, SEPARATORS, (name, f"{name}_zh"), strict=True)
    ]


def reasons(statements: Sequence[Statement], name: str) -> list[pl.Expr]:
    """The same, null where nothing holds, for tables of many customers. At most ten statements.

    Which of them hold is one number per row and its text is looked up: a tenth of the time of putting texts together row by row.
    """
    numbers = [pl.when(holds.fill_null(value=False)).then(1 << place).otherwise(0) for place, (holds, _, _) in enumerate(statements)]
    number = pl.sum_horizontal(*numbers).cast(pl.Int32)
    codes = range(1, 1 << len(statements))

    def said(words: Sequence[str], separator: str) -> pl.Expr:
        texts = [separator.join(word for place, word in enumerate(words) if code >> place & 1) for code in codes]
        return number.replace_strict(list(codes), texts, default=None, return_dtype=pl.String)

    en, zh = SEPARATORS
    return [
        said([statement[1] for statement in statements], en).alias(name),
        said([statement[2] for statement in statements], zh).alias(f"{name}_zh"),
    ]
