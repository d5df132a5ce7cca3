"""Means of few values, shrunk toward the base: Bühlmann–Straub credibility.

A group's true mean is taken to vary around the base's with variance τ², its values around that mean with variance σ². After n values of
mean x the expectation is (n·x + k·μ) / (n + k) with k = σ²/τ². Both variances are estimated without bias from the groups' counts, sums and
sums of squares (analysis of variance of unequal groups). Source: Bühlmann & Straub (1970), Glaubwürdigkeit für Schadensätze.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

LEAST_STRENGTH, GREATEST_STRENGTH = 0.5, 500.0
"""Groups that differ no more than chance (τ² estimated at 0 or less) are worth as little as finite strength allows."""
UNFITTED_STRENGTH = 5.0
"""No group has two values, or there is one group: nothing tells the variances apart. *Ours.*"""


@dataclass(frozen=True)
class Prior:
    """``mean``: of all the base's values. ``strength``: how many values of the base's mean are added to a group's own (k)."""

    mean: float
    strength: float
    is_fitted: bool


def fit(groups: pl.LazyFrame) -> Prior | None:
    """The prior from one row per group: ``count`` of its values, their ``total`` and their ``squares`` (sum of squares), whole numbers.

    None where there is no value. Equal groups are taken together, so that the order of rows changes nothing.
    """
    alike = (
        groups.select(pl.col("count", "total", "squares").cast(pl.Int64))
        .filter(pl.col("count") > 0)
        .group_by("count", "total", "squares")
        .agg(groups=pl.len())
        .sort("count", "total", "squares")
        .collect(engine="streaming")
    )
    if alike.is_empty():
        return None
    count, total, squares, times = (column.cast(pl.Float64).to_numpy() for column in alike)
    values, groups_count = float((times * count).sum()), float(times.sum())
    mean = float((times * total).sum()) / values
    within = float((times * (squares - total**2 / count)).sum())
    between = float((times * (total - count * mean) ** 2 / count).sum())
    spread = values - float((times * count**2).sum()) / values
    if values == groups_count or groups_count == 1 or spread <= 0:
        return Prior(mean, UNFITTED_STRENGTH, is_fitted=False)
    sigma_squared = within / (values - groups_count)
    tau_squared = (between - (groups_count - 1) * sigma_squared) / spread
    strength = sigma_squared / tau_squared if tau_squared > 0 else GREATEST_STRENGTH
    return Prior(mean, float(np.clip(strength, LEAST_STRENGTH, GREATEST_STRENGTH)), is_fitted=True)


def shrunk(count: pl.Expr, mean: pl.Expr, prior: Prior) -> pl.Expr:
    """(n·x + k·μ) / (n + k); null where ``count`` is 0 or the mean unknown."""
    return pl.when(count > 0).then((count * mean + prior.strength * prior.mean) / (count + prior.strength))
