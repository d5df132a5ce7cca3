"""The condition of a list: SQL that looks at one row of ``customer_360``, parsed, checked and translated here, and evaluated by Polars.

The text is never given to an engine. It is parsed by sqlglot, which touches nothing; ``syntax`` lets through what is on its lists and
refuses the rest; ``translate`` builds the expression. So the worst that a text can do is to be refused. What is accepted means what DuckDB
would take it to mean, with three exceptions: a date with a time is the merchant's local time, and beside a date it counts by its day; a
division by zero is unknown; and where DuckDB would stop because a number is too large for its type, the result here is the exact one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import polars as pl
from sqlglot import exp

from transforms.conditions.codes import Codes, codes_of
from transforms.conditions.syntax import columns_in, tree_of
from transforms.conditions.translate import Translator

__all__ = ["Codes", "Condition", "Meaning", "codes_of", "parse"]


@dataclass(frozen=True)
class Meaning:
    """``expression``: true for the rows that are chosen. ``lacks``: values it names that only another preset of RFM has."""

    expression: pl.Expr
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """A condition whose syntax is allowed. ``columns``: what it reads, in the order of the text."""

    tree: exp.Expr
    columns: tuple[str, ...]

    def meaning(self, columns: Mapping[str, pl.DataType], time_zone: str = "UTC", codes: Mapping[str, Codes] | None = None) -> Meaning:
        """The condition on a row of these columns. ``codes``: column → the texts that occur in it.

        Raises ``Refusal`` for an unknown column, for types that don't go together, and for a text that a column never has.
        """
        translator = Translator(columns, codes or {}, time_zone)
        expression = translator.condition(self.tree)
        return Meaning(expression, tuple(dict.fromkeys(translator.lacks)))


@lru_cache(maxsize=1024)
def parse(sql: str) -> Condition:
    """The condition that ``sql`` writes. Raises ``Refusal`` for anything else."""
    tree = tree_of(sql)
    return Condition(tree, columns_in(tree))
