"""A table: seconds and memory of all scores, next to one hand-written Polars pass of RFM and ABC on the same customers.

Both read the same Parquet file of customer facts, each in a process of its own, in turns, until all customers' rows are in memory; the
medians are compared. CLV is set aside (nothing is fitted of it): it has a bench of its own. Peak memory is measured with CLV, Parquet to
Parquet, as a run goes.

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
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.bench import measure, table

if TYPE_CHECKING:
    import polars as pl

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
            "longest_gap_days": gap,
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
        ("mean_gap_days", "gap_stddev_days", "longest_gap_days", "first_to_second_days"),
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


def score(facts: Path) -> "pl.LazyFrame":
    """All scores but CLV; fitted already, yet to be applied."""
    import polars as pl

    from transforms import clv, scores

    customers = pl.scan_parquet(facts)
    return scores.apply(customers, scores.fit(customers, scores.Rules(clv=clv.Rules(min_repeat_customers=1_000_000))))


def write_scores(facts: Path) -> None:
    """All scores, as a run computes and writes them."""
    import polars as pl

    from orchestration.io import write_parquet_portions
    from transforms import scores

    customers = pl.scan_parquet(facts)
    write_parquet_portions(scores.portions(customers, scores.fit(customers, scores.Rules())), facts.with_suffix(".scores"))


GRID = (
    *("lost", "lost", "at_risk", "at_risk", "cannot_lose"),
    *("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    *("about_to_sleep", "about_to_sleep", "need_attention", "loyal_customers", "loyal_customers"),
    *("promising", "potential_loyalists", "potential_loyalists", "loyal_customers", "champions"),
    *("new_customers", "potential_loyalists", "potential_loyalists", "champions", "champions"),
)
"""Group by recency (from the worst), then by frequency and money together."""


def score_by_hand(facts: Path) -> "pl.LazyFrame":
    """RFM scores by quintiles with their group, and the ABC class, as one would write them down once: what the models say, and no more."""
    import polars as pl

    is_buyer, money = pl.col("orders_count") > 0, pl.col("net_amount")
    counts, paid = is_buyer & (money > 0), money.cast(pl.Float64)

    def fifth(value: pl.Expr) -> pl.Expr:
        base = value.filter(is_buyer).cast(pl.Float64)
        above = sum((value > base.quantile(share, "linear")).cast(pl.Int8) for share in (0.2, 0.4, 0.6, 0.8))
        return pl.when((value >= base.max()) & (base.max() > base.min())).then(pl.lit(5, pl.Int8)).otherwise(1 + above)

    place = (pl.col("r_score") - 1) * 5 + (pl.col("f_score") + pl.col("m_score") + 1) // 2 - 1
    before = pl.col("counted").cum_sum() - pl.col("counted")
    return (
        pl.scan_parquet(facts)
        .select("customer_id", "recency_days", "orders_count", "net_amount")
        .sort("net_amount", "customer_id", descending=[True, False])
        .with_columns(
            r_score=pl.when(is_buyer).then(6 - fifth(pl.col("recency_days"))),
            f_score=pl.when(is_buyer).then(fifth(pl.col("orders_count"))),
            m_score=pl.when(is_buyer).then(pl.when(money > 0).then(fifth(paid)).otherwise(1)),
            counted=pl.when(counts).then(money).otherwise(0),
        )
        .with_columns(
            rfm_group=place.replace_strict(dict(enumerate(GRID)), return_dtype=pl.String).fill_null("prospect"),
            abc_class=pl.when(~counts)
            .then(pl.lit("Z"))
            .when(before < 0.8 * pl.col("counted").sum())
            .then(pl.lit("A"))
            .when(before < 0.95 * pl.col("counted").sum())
            .then(pl.lit("B"))
            .otherwise(pl.lit("C")),
        )
        .drop("counted", "recency_days", "orders_count", "net_amount")
    )


def measured(whose: str, facts: Path) -> dict[str, float]:
    """One process. ``seconds``: without its start."""
    run = measure([sys.executable, "-m", "tests.benchmarks.scores", "--run", whose, "--facts", facts])
    return {**json.loads(run.output.splitlines()[-1]), "CPU seconds": run.cpu_seconds, "peak_bytes": run.peak_bytes}


def run(whose: str, facts: Path) -> dict[str, float]:
    """What one process does: the seconds of the work alone."""
    import polars as pl

    from transforms import scores  # noqa: F401  (what is imported is imported before the clock runs)

    pl.select(1)  # threads are started
    started = time.perf_counter()
    if whose == ALL:
        write_scores(facts)
    else:
        (score_by_hand(facts) if whose == BY_HAND else score(facts)).collect(engine="streaming")
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
                column["all scores and CLV, to Parquet, s"] = seconds[ALL]
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
