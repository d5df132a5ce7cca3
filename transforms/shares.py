"""Shares of few cases, shrunk toward the base: what share of a customer's orders went a certain way, if only few of them are known.

Beta-binomial, empirical Bayes. A customer's true share is taken to be drawn from a beta distribution of mean μ (the base's own share) and
strength M; after f of n cases its expectation is (f + μM) / (n + M). M is fitted to the base by maximum likelihood of the counts, so it is
large where customers differ little and small where they differ much. Sources: Skellam (1948), A probability distribution derived from the
binomial; Casella (1985), An introduction to empirical Bayes data analysis.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import minimize_scalar
from scipy.special import betaln

LEAST_STRENGTH = 0.5
UNFITTED_STRENGTH = 5.0
"""Nobody has two cases: counts say nothing of how customers differ. *Ours.*"""


@dataclass(frozen=True)
class Prior:
    """``mean``: the base's share, 0 to 1. ``strength``: how many cases it is worth beside a customer's own. ``is_fitted``: whether the
    base could tell the strength."""

    mean: float
    strength: float
    is_fitted: bool


def fit(facts: pl.LazyFrame, shares: Mapping[str, tuple[pl.Expr, pl.Expr]], greatest_strength: float) -> dict[str, Prior | None]:
    """The prior of each share ``(count, of)`` by its name; None where it happened to nobody, so that the base can't tell it from not being
    recorded. All are counted together.

    ``greatest_strength``: where customers differ no more than chance the likelihood has its maximum at infinity, and whatever somebody did
    would be put down to chance. Customers without a case are left out. Equal counts are taken together: the fit is as fast for a million
    customers as for a hundred.
    """
    counted = [
        facts.select(count=count.cast(pl.Float64), of=of.cast(pl.Float64))
        .filter(pl.col("of") > 0)
        .group_by("count", "of")
        .agg(customers=pl.len())
        .sort("count", "of")
        for count, of in shares.values()
    ]
    found = pl.collect_all(counted, engine="streaming")
    return {name: _prior(cases, greatest_strength) for name, cases in zip(shares, found, strict=True)}


def _prior(cases: pl.DataFrame, greatest_strength: float) -> Prior | None:
    """The prior from how many ``customers`` had ``count`` of their ``of`` cases."""
    count_, of_, customers = (cases[name].cast(pl.Float64).to_numpy() for name in ("count", "of", "customers"))
    happened = float((customers * count_).sum())
    if not happened:
        return None
    mean = happened / float((customers * of_).sum())
    if mean >= 1 or of_.max() < 2:
        return Prior(mean, min(UNFITTED_STRENGTH, greatest_strength), is_fitted=False)

    def loss(log_strength: float) -> float:
        a, b = mean * np.exp(log_strength), (1 - mean) * np.exp(log_strength)
        return -float((customers * (betaln(count_ + a, of_ - count_ + b) - betaln(a, b))).sum())

    found: Any = minimize_scalar(loss, bounds=(np.log(LEAST_STRENGTH), np.log(greatest_strength)), method="bounded")
    return Prior(mean, float(np.exp(found.x)), is_fitted=True)


def shrunk(count: pl.Expr, of: pl.Expr, prior: Prior) -> pl.Expr:
    """(count + μM) / (of + M); null where ``of`` is 0 or null."""
    return pl.when(of > 0).then((count + prior.mean * prior.strength) / (of + prior.strength))
