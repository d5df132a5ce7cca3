"""A table: seconds and memory of all scores, next to one hand-written Polars pass of RFM and ABC on the same customers.

Both read the same Parquet file of customer facts and write what they found as Parquet, each in a process of its own, in turns; the medians
are compared. CLV is set aside (nothing is fitted of it): it has a bench of its own. Peak memory is measured with everything in, CLV too.

    python -m tests.benchmarks.scores --customers 1000000 --memory-at 5000000
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.bench import measure, table

TURNS = 3
ALL, NO_CLV, BY_HAND = "all", "no_clv", "by_hand"


def write_facts(path: Path, size: int, seed: int = 1) -> None:
    """``CUSTOMER_FACTS`` of made-up customers of two years, a twentieth of them without a purchase; a million rows at a time."""
    import polars as pl

    portion = 1_000_000
    parts = []
    for number, start in enumerate(range(0, size, portion)):
        part = path.with_suffix(f".{number}")
        _facts(start, min(portion, size - start), np.random.default_rng([seed, number])).write_parquet(part)
        parts.append(part)
    pl.scan_parquet(parts).sink_parquet(path)
    for part in parts:
        part.unlink()


def _facts(start: int, size: int, randomly: np.random.Generator) -> Any:
    import polars as pl

    from transforms.schemas import CUSTOMER_FACTS

    days = np.where(randomly.random(size) < 0.05, 0, np.minimum(randomly.geometric(0.35, size), 200))
    tenure = randomly.integers(0, 730, size)
    active = np.where(days > 1, (tenure * randomly.random(size)).astype(int), 0)
    has_bought, has_repeated = days > 0, days > 1
    gap = np.where(has_repeated, active / np.maximum(days - 1, 1), 0.0)
    net = np.round(days * randomly.lognormal(4, 1, size), 2)
    reviews = np.where(has_bought, randomly.poisson(0.5, size), 0)
    as_of = np.datetime64("2026-10-31")
    frame = pl.DataFrame(
        {
            "customer_id": np.char.add("online:C", (start + np.arange(size)).astype(str)),
            "first_order_date": as_of - tenure,
            "last_order_date": as_of - (tenure - active),
            "recency_days": tenure - active,
            "tenure_days": tenure,
            "orders_count": days + randomly.poisson(0.1, size) * has_bought,
            "purchase_days_count": days,
            "net_amount": net,
            "repeat_net_amount": np.round(net * np.maximum(days - 1, 0) / np.maximum(days, 1), 2),
            "mean_gap_days": gap,
            "gap_stddev_days": gap * randomly.random(size),
            "first_to_second_days": gap,
            "categories_count": np.minimum(days, randomly.integers(1, 6, size)),
            "full_price_share": randomly.random(size),
            "reviews_count": reviews,
            "mean_rating": np.where(reviews > 0, randomly.integers(1, 6, size), 0).astype(float),
            "helpful_votes_count": reviews * randomly.poisson(0.3, size),
            "has_open_complaint": randomly.random(size) < 0.02,
        }
    ).lazy()
    dates, of_repeat = (
        ("first_order_date", "last_order_date", "recency_days", "tenure_days"),
        ("mean_gap_days", "gap_stddev_days", "first_to_second_days"),
    )
    frame = frame.with_columns(
        *(pl.when(pl.col("purchase_days_count") > 0).then(pl.col(name)) for name in (*dates, "full_price_share")),
        *(pl.when(pl.col("purchase_days_count") > 1).then(pl.col(name)) for name in of_repeat),
        mean_rating=pl.when(pl.col("reviews_count") > 0).then("mean_rating"),
        as_of_date=pl.lit(as_of),
    ).with_columns(
        first_order_at=pl.col("first_order_date").cast(pl.Datetime("us")),
        last_order_at=pl.col("last_order_date").cast(pl.Datetime("us")) + pl.duration(hours=12),
        last_negative_review_at=pl.when(pl.col("mean_rating") < 2.5).then(pl.col("last_order_date").cast(pl.Datetime("us"))),
        orders_count_12m="orders_count",
        net_amount_12m="net_amount",
    )
    known = frame.collect_schema().names()
    # what no score reads yet has some value too: a table is as wide as it is
    others = {name: _other(kind) for name, kind in CUSTOMER_FACTS.items() if name not in known}
    return frame.with_columns(**others).select(CUSTOMER_FACTS.names()).cast(dict(CUSTOMER_FACTS)).collect()


def _other(kind: Any) -> Any:
    import polars as pl

    if kind == pl.String:
        return pl.lit("online")
    if kind.is_temporal():
        return pl.lit(None, kind)
    return pl.col("purchase_days_count") % 7 / 7


def score(facts: Path, target: Path, has_clv: bool) -> None:
    """All scores, as a run computes them."""
    import polars as pl

    from transforms import clv, scores

    customers = pl.scan_parquet(facts)
    parameters = scores.fit(customers, scores.Rules(clv=clv.Rules() if has_clv else clv.Rules(min_repeat_customers=1_000_000)))
    scores.apply(customers, parameters).sink_parquet(target)


def score_by_hand(facts: Path, target: Path) -> None:
    """RFM scores by quintiles with their group, and the ABC class, as one would write them in a notebook."""
    import polars as pl

    names = ["lost", "hibernating", "about_to_sleep", "promising", "champions"]
    fifths = (0.2, 0.4, 0.6, 0.8)

    def fifth(value: pl.Expr) -> pl.Expr:
        return 1 + sum((value > value.quantile(share, "linear")).cast(pl.Int8) for share in fifths)

    money = pl.col("net_amount").cast(pl.Float64)
    (
        pl.scan_parquet(facts)
        .filter(pl.col("orders_count") > 0)
        .select("customer_id", "recency_days", "orders_count", "net_amount")
        .sort("net_amount", descending=True)
        .with_columns(r=6 - fifth(pl.col("recency_days")), f=fifth(pl.col("orders_count")), m=fifth(money))
        .with_columns(
            rfm_group=((pl.col("r") + pl.col("f") + pl.col("m")) // 3).replace_strict(dict(enumerate(names, 1)), return_dtype=pl.String),
            before=(money.cum_sum() - money) / money.sum(),
        )
        .with_columns(
            abc_class=pl.when(pl.col("before") < 0.8)
            .then(pl.lit("A"))
            .when(pl.col("before") < 0.95)
            .then(pl.lit("B"))
            .otherwise(pl.lit("C"))
        )
        .sink_parquet(target)
    )


def measured(whose: str, facts: Path) -> dict[str, float]:
    """One process. ``seconds``: without its start."""
    run = measure([sys.executable, "-m", "tests.benchmarks.scores", "--run", whose, "--facts", facts])
    return {**json.loads(run.output.splitlines()[-1]), "CPU seconds": run.cpu_seconds, "peak_bytes": run.peak_bytes}


def run(whose: str, facts: Path) -> dict[str, float]:
    """What one process does: the seconds of the work alone, and this process's highest resident size."""
    import polars as pl

    pl.select(1)  # threads are started
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        target = Path(folder, "scores.parquet")
        score_by_hand(facts, target) if whose == BY_HAND else score(facts, target, whose == ALL)
        return {"seconds": time.perf_counter() - started}


def compare(customers: int, memory_at: int) -> dict[str, dict[str, float]]:
    """Rows of the table by size."""
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        for size, kinds, turns in ((customers, (BY_HAND, NO_CLV), TURNS), (memory_at, (ALL,), 1)):
            facts = Path(folder, f"{size}.parquet")
            measure([sys.executable, "-c", f"from tests.benchmarks.scores import *; write_facts(Path({str(facts)!r}), {size})"])
            found = {kind: [] for kind in kinds}
            for _ in range(turns):
                for kind in kinds:
                    found[kind].append(measured(kind, facts))
            seconds = {kind: statistics.median(each["seconds"] for each in runs) for kind, runs in found.items()}
            peaks = {kind: max(each["peak_bytes"] for each in runs) / 1e6 for kind, runs in found.items()}
            column = columns.setdefault(f"{size:,} customers", {})
            if BY_HAND in kinds:
                column |= {"all scores but CLV, s": seconds[NO_CLV], "RFM and ABC by hand, s": seconds[BY_HAND]}
                column |= {"all scores / by hand": seconds[NO_CLV] / seconds[BY_HAND], "by hand: peak memory, MB": peaks[BY_HAND]}
            else:
                column["all scores and CLV, s"] = seconds[ALL]
            column["scores: peak memory, MB"] = peaks[kinds[-1]]
            facts.unlink()
    return columns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", default=1_000_000, type=int)
    parser.add_argument("--memory-at", default=5_000_000, type=int, help="how many customers peak memory is measured at")
    parser.add_argument("--run", choices=(ALL, NO_CLV, BY_HAND), help=argparse.SUPPRESS)
    parser.add_argument("--facts", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(run(asked.run, asked.facts)))
        return
    columns = compare(asked.customers, asked.memory_at)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}\n", *table(columns), sep="\n")


if __name__ == "__main__":
    main()
