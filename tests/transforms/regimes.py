"""Made-up shops with known truth in three regimes: fast and regular, slow and irregular, and mostly one-time buyers."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from .purchases import PURCHASES

START = date(2024, 1, 1)


@dataclass(frozen=True)
class Regime:
    """``rate``: mean purchases a day; rates of customers are drawn from a gamma distribution of shape ``rate_shape``. ``regularity``: shape
    of the gaps, 1 for chance, more for a steady rhythm. ``leaving``: beta distribution of the chance to leave after a purchase.
    ``never_back``: share of customers who leave after the first one. ``pauses``: chance of a pause of some weeks between two purchases."""

    customers: int
    days: int
    rate: float
    rate_shape: float
    regularity: float
    leaving: tuple[float, float]
    never_back: float = 0.0
    pauses: float = 0.0


REGIMES = {
    "fast and regular": Regime(2500, 400, 1 / 7, 1.5, regularity=3, leaving=(0.6, 25), pauses=0.01),
    "slow and irregular": Regime(5000, 800, 1 / 120, 0.8, regularity=0.8, leaving=(0.8, 2.5)),
    "mostly one-time": Regime(12_000, 700, 1 / 100, 0.6, regularity=1, leaving=(1, 1), never_back=0.85),
}


def purchases_of(regime: Regime, seed: int) -> pl.DataFrame:
    """``PURCHASES`` of the whole period."""
    randomly = np.random.default_rng(seed)
    rates = randomly.gamma(regime.rate_shape, regime.rate / regime.rate_shape, regime.customers)
    leaving = randomly.beta(*regime.leaving, regime.customers)
    never_back = randomly.random(regime.customers) < regime.never_back
    active, moments = np.arange(regime.customers), randomly.random(regime.customers) * regime.days
    visits = []
    while active.size:
        visits.append((active, moments))
        leaves = randomly.random(active.size) < leaving[active]
        if len(visits) == 1:
            leaves |= never_back[active]
        active, moments = active[~leaves], moments[~leaves]
        gaps = randomly.gamma(regime.regularity, 1 / regime.regularity, active.size) / np.maximum(rates[active], 1e-9)
        gaps += (randomly.random(active.size) < regime.pauses) * randomly.exponential(35, active.size)
        active, moments = active[moments + gaps < regime.days], (moments + gaps)[moments + gaps < regime.days]
    who, day = (np.concatenate(parts) for parts in zip(*visits, strict=True))
    rows = pl.DataFrame({"who": who, "day": day.astype(np.int64), "amount": np.exp(3 + 0.5 * randomly.standard_normal(len(who)))})
    return rows.select(
        customer_id=pl.format("C{}", "who"),
        day=pl.lit(START) + pl.duration(days="day"),
        order_id=pl.format("{}-{}", "who", pl.int_range(pl.len())),
        amount=pl.col("amount").round(2),
    ).match_to_schema(PURCHASES)


def last_cut(regime: Regime, horizon_days: int) -> date:
    """The last day after which a horizon of so many days is seen to its end."""
    return START + timedelta(days=regime.days - 1 - horizon_days)
