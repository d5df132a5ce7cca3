"""People as the rows of a platform's file: each person is written or refused, once, and a refusal has a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from transforms.platform_ids import hashed, valid

REASONS = ("no_address", "invalid_email", "invalid_phone", "not_mainland_mobile", "not_mobile", "no_external_userid", "duplicate")
"""Why a person is not in a file. ``duplicate``: everything that would stand in the row stands in one before it."""

REFUSED = pl.Schema({"customer_id": pl.String, "reason": pl.String})


@dataclass(frozen=True)
class Column:
    """One column of a platform file."""

    header: str
    kind: str
    """The type of its plain values, of ``transforms.platform_ids.TYPES``."""
    value: pl.Expr
    """Plain value from ``transforms.platform_ids.contacts``; null where the platform would refuse it."""
    reason: pl.Expr | None = None
    """Of a column that says who a person is: why ``value`` is null although there is something to make it from, else null.
    None: an extra, which may be empty."""
    is_hashed: bool = True
    """Whether it is hashed in a hashed file."""


class Rows(NamedTuple):
    """``written``: customer_id, then the cells as ``cell_0``, ``cell_1``, …; null is an empty cell. ``refused``: ``REFUSED``.

    ``left_out``: how many of those written lack an address that was on record, by reason.
    """

    written: pl.DataFrame
    refused: pl.DataFrame
    left_out: dict[str, int]


def email_reason(value: pl.Expr) -> pl.Expr:
    """Why there is no e-mail, where there is a text for one."""
    return pl.when(pl.col("email").is_not_null() & value.is_null()).then(pl.lit("invalid_email"))


def phone_reason(value: pl.Expr, otherwise: str = "invalid_phone") -> pl.Expr:
    """Why there is no phone, where there is a text for one; ``otherwise``: for a number that is valid and can't be used."""
    lacks = pl.col("is_phone_given") & value.is_null()
    return pl.when(lacks & pl.col("phone").is_null()).then(pl.lit("invalid_phone")).when(lacks).then(pl.lit(otherwise))


def rows_of(contacts: pl.DataFrame, columns: Sequence[Column], form: str) -> Rows:
    """The rows of a file, in the order of ``contacts`` (``transforms.platform_ids.contacts``). ``form``: ``sha256``, ``md5`` or ``plain``.

    A person is written who has one of the columns that say who somebody is, and refused for the first reason of these otherwise. Every
    cell is of the type that its column names: a value of another would be a fault of ours, and is an empty cell.
    """
    names = [f"cell_{number}" for number in range(len(columns))]
    identifying = [name for name, column in zip(names, columns, strict=True) if column.reason is not None]
    reasons = {f"reason_of_{name}": column.reason for name, column in zip(names, columns, strict=True) if column.reason is not None}
    cells = contacts.select(
        "customer_id", **{name: valid(column.value, column.kind) for name, column in zip(names, columns, strict=True)}, **reasons
    ).with_columns(reason=pl.when(pl.all_horizontal(pl.col(identifying).is_null())).then(pl.coalesce(*reasons, pl.lit("no_address"))))
    first_of_its_kind = pl.struct(identifying).is_first_distinct().over(pl.col("reason").is_null())
    cells = cells.with_columns(reason=pl.coalesce("reason", pl.when(~first_of_its_kind).then(pl.lit("duplicate"))))
    written = cells.filter(pl.col("reason").is_null())
    left_out: dict[str, int] = {}
    for name in reasons:
        for reason, count in written[name].drop_nulls().value_counts(sort=True).iter_rows():
            left_out[reason] = left_out.get(reason, 0) + count
    if form != "plain":
        hidden = [name for name, column in zip(names, columns, strict=True) if column.is_hashed]
        written = written.with_columns(hashed(written[name], form) for name in hidden)
    return Rows(written.select("customer_id", *names), cells.filter(pl.col("reason").is_not_null()).select(REFUSED.names()), left_out)
