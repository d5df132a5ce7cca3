"""Customers as people may see them: ids that are an address or a number hidden, money in cents."""

import hashlib

import polars as pl

_PERSONAL_ID = r"@|(?:^|:)(?:\+|00)\d{7,}$|(?:^|:)(?:86)?1[3-9]\d{9}$"


def without_personal_ids(customer_ids: pl.Series, salt: str) -> pl.Series:
    """Customer ids in their order; those that are an address or a number masked, the same id always in the same way."""
    personal = customer_ids.filter(customer_ids.str.contains(_PERSONAL_ID)).unique().to_list()
    return customer_ids.replace(personal, [_masked(customer_id, salt) for customer_id in personal])


def in_cents(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Money half away from zero to cents; categories as text, so that they are treated as such."""
    return frame.with_columns(
        pl.col(pl.Decimal).round(2, mode="half_away_from_zero").cast(pl.Decimal(18, 2)), pl.col(pl.Categorical, pl.Enum).cast(pl.String)
    )


def _masked(customer_id: str, salt: str) -> str:
    source = customer_id.split(":", 1)[0] if ":" in customer_id else ""
    return f"{source}:masked-{hashlib.blake2b(customer_id.encode(), key=salt.encode()[:64], digest_size=8).hexdigest()}".lstrip(":")
