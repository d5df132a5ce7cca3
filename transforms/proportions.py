"""Intervals of shares and of their differences, for small counts too: Wilson (1927), and Newcombe (1998), method 10, built from it."""

import polars as pl

Z_95 = 1.959963984540054


def wilson(count: pl.Expr, of: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Lower and upper end of the 95 % interval of ``count / of``, without continuity correction; null where ``of`` is 0."""
    share, z_squared = count / of, Z_95**2
    middle = (share + z_squared / (2 * of)) / (1 + z_squared / of)
    half = Z_95 / (1 + z_squared / of) * (share * (1 - share) / of + z_squared / (4 * of * of)).sqrt()
    return tuple(pl.when(of > 0).then(end.clip(0.0, 1.0)) for end in (middle - half, middle + half))  # type: ignore[return-value]


def difference(
    share: pl.Expr, interval: tuple[pl.Expr, pl.Expr], other: pl.Expr, others: tuple[pl.Expr, pl.Expr]
) -> tuple[pl.Expr, pl.Expr]:
    """Lower and upper end of the 95 % interval of ``share - other``, two independent shares with their Wilson intervals."""
    below = ((share - interval[0]) ** 2 + (others[1] - other) ** 2).sqrt()
    above = ((interval[1] - share) ** 2 + (other - others[0]) ** 2).sqrt()
    return share - other - below, share - other + above
