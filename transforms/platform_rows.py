"""People as the rows of a platform's file: each person is written or refused, once, and a refusal has a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from transforms.platform_ids import hashed, mainland_mobile, valid

REASONS = ("no_address", "invalid_email", "invalid_phone", "not_mainland_mobile", "not_mobile", "no_external_userid", "duplicate")
"""Why a person is not in a file. ``duplicate``: all that tells who this is stands in a row before."""

REFUSED = pl.Schema({"customer_id": pl.String, "reason": pl.String})


@dataclass(frozen=True)
class Column:
    """One column of a platform file."""

    header: str
    kind: str
    """The type of its plain values, of ``transforms.platform_ids.TYPES``."""
    value: pl.Expr
    """Plain value from ``transforms.platform_ids.contacts``; null where the platform would refuse it."""
    reason: Callable[[pl.Expr], pl.Expr] | None = None
    """Of a column that says who a person is: from the value, why it is null although there is something to make it from, else null.
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


def phone_reason(otherwise: str = "invalid_phone") -> Callable[[pl.Expr], pl.Expr]:
    """Why there is no phone, where there is a text for one; ``otherwise``: for a number that is valid and can't be used."""

    def reason(value: pl.Expr) -> pl.Expr:
        lacks = pl.col("is_phone_given") & value.is_null()
        return pl.when(lacks & pl.col("phone").is_null()).then(pl.lit("invalid_phone")).when(lacks).then(pl.lit(otherwise))

    return reason


def mainland_phone(header: str) -> Column:
    """Column of mobile numbers of mainland China, which say who a person is; any other number is refused as none."""
    return Column(header, "mainland_mobile", mainland_mobile(pl.col("phone")), phone_reason("not_mainland_mobile"))


def rows_of(contacts: pl.DataFrame, columns: Sequence[Column], form: str) -> Rows:
    """The rows of a file, in the order of ``contacts`` (``transforms.platform_ids.contacts``). ``form``: ``sha256``, ``md5`` or ``plain``.

    A person is written who has one of the columns that say who somebody is, and refused for the first reason of these otherwise. Every
    cell is of the type that its column names: a value of another would be a fault of ours, and is an empty cell.
    """
    names = [f"cell_{number}" for number in range(len(columns))]
    values = contacts.with_columns(valid(column.value, column.kind).alias(name) for name, column in zip(names, columns, strict=True))
    reason_of = {name: column.reason(pl.col(name)) for name, column in zip(names, columns, strict=True) if column.reason}
    identifying, reasons = list(reason_of), [f"reason_of_{name}" for name in reason_of]
    cells = values.select("customer_id", *names, *(reason.alias(f"reason_of_{name}") for name, reason in reason_of.items())).with_columns(
        reason=pl.when(pl.all_horizontal(pl.col(identifying).is_null())).then(pl.coalesce(*reasons, pl.lit("no_address")))
    )
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
