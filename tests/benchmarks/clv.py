"""A table: seconds and memory of fitting and predicting CLV, next to ``lifetimes`` on the same customers, each in a process of its own.

Both read the same Parquet file of customers drawn from BG/NBD and Gamma-Gamma, fit both models and predict P(alive), the purchases of 90
days and the money of 365 for every customer. ``lifetimes`` runs as it comes: one start, no standard errors of ours.

    python -m tests.benchmarks.clv --customers 1000000
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.bench import measure, table

OURS, PEER = "Regulars", "lifetimes"


def write_customers(path: Path, size: int, seed: int = 1) -> None:
    """Three years of customers, as ``clv`` reads them from ``customer_facts``."""
    import polars as pl

    randomly = np.random.default_rng(seed)
    rate, leaving = randomly.gamma(0.4, 1 / 40, size), randomly.beta(0.8, 2.5, size)
    age = randomly.integers(0, 3 * 365, size)
    repeats, last, clock, is_there = np.zeros(size, int), np.zeros(size), np.zeros(size), np.ones(size, bool)
    while is_there.any():
        there = np.flatnonzero(is_there)
        clock[there] += randomly.exponential(1 / rate[there])
        is_in_time = clock[there] <= age[there]
        is_there[there[~is_in_time]] = False
        bought = there[is_in_time]
        repeats[bought] += 1
        last[bought] = clock[bought]
        is_there[bought[randomly.random(len(bought)) < leaving[bought]]] = False
    last = np.floor(last).astype(int)
    repeats = np.minimum(repeats, last)  # at most one purchase day a day
    mean = 15 * 6 / randomly.gamma(4, 1, size)
    money = np.where(repeats > 0, mean * randomly.gamma(6 * np.maximum(repeats, 1)) / 6, 0)
    customers = pl.DataFrame(
        {
            "purchase_days_count": repeats + 1,
            "tenure_days": age.astype(np.int32),
            "recency_days": (age - np.where(repeats > 0, last, 0)).astype(np.int32),
            "repeat_net_amount": np.round(money, 2),
        }
    )
    customers.with_columns(pl.col("repeat_net_amount").cast(pl.Decimal(18, 4))).write_parquet(path)


def forecast_by_us(path: Path) -> dict[str, float]:
    """Fitted parameters, and how much is expected of all customers together."""
    import polars as pl

    from transforms import clv

    facts = pl.scan_parquet(path)
    found = clv.fit(facts, clv.Rules())
    forecast = clv.apply(facts, found).select("p_alive", "expected_orders_90d", "clv_365d").collect(engine="streaming")
    assert found.purchases is not None
    assert found.money is not None
    names = {name: getattr(found.purchases, name) for name in ("r", "alpha", "a", "b")} | {
        name: getattr(found.money, name) for name in ("p", "q", "gamma")
    }
    return names | {"orders in 90 days": forecast["expected_orders_90d"].sum(), "money in 365 days": float(forecast["clv_365d"].sum())}


def forecast_by_lifetimes(path: Path) -> dict[str, float]:
    """The same by ``lifetimes``, in weeks."""
    import polars as pl
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    facts = pl.read_parquet(path).to_pandas()
    repeats, age = facts.purchase_days_count - 1, facts.tenure_days / 7
    last = (facts.tenure_days - facts.recency_days) / 7
    mean = facts.repeat_net_amount.astype(float) / repeats.clip(lower=1)
    purchases = BetaGeoFitter().fit(repeats, last, age)
    is_paying = (repeats > 0) & (mean > 0)
    money = GammaGammaFitter().fit(repeats[is_paying], mean[is_paying])
    purchases.conditional_probability_alive(repeats, last, age)
    orders, later = (
        purchases.conditional_expected_number_of_purchases_up_to_time(days / 7, repeats, last, age).to_numpy() for days in (90, 365)
    )
    worth = later * money.conditional_expected_average_profit(repeats, mean).to_numpy()
    names = {**purchases.params_, **money.params_}
    names["gamma"] = names.pop("v")
    return {**{name: float(value) for name, value in names.items()}, "orders in 90 days": orders.sum(), "money in 365 days": worth.sum()}


def measured(whose: str, path: Path) -> dict[str, float]:
    """One column of the table; what failed says so in place of figures."""
    run = measure([sys.executable, "-m", "tests.benchmarks.clv", "--run", whose, "--customers-in", path])
    told: dict[str, Any] = json.loads(run.output.splitlines()[-1])
    return {"seconds": run.seconds, "CPU seconds": run.cpu_seconds, "peak memory, MB": run.peak_bytes / 1e6, **told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", default=1_000_000, type=int)
    parser.add_argument("--only-us", action="store_true", help="leave lifetimes out")
    parser.add_argument("--run", choices=(OURS, PEER), help=argparse.SUPPRESS)
    parser.add_argument("--customers-in", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps((forecast_by_us if asked.run == OURS else forecast_by_lifetimes)(asked.customers_in)))
        return
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        path = Path(folder, "customers.parquet")
        measure([sys.executable, "-c", f"from tests.benchmarks.clv import *; write_customers(Path({str(path)!r}), {asked.customers})"])
        columns = {whose: measured(whose, path) for whose in ((OURS,) if asked.only_us else (OURS, PEER))}
    print(f"{asked.customers:,} customers, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n", *table(columns), sep="\n")


if __name__ == "__main__":
    main()
