"""Do the scores predict? What was said of every customer on a past day, the cut, beside what happened in the days after it.

Two things happen or don't: a customer comes back (a purchase day within the horizon), and brings money (net, so perhaps less than none).
Each signal is compared on the customers of whom it is known with a baseline on the same ones: recency alone, or the money so far.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import polars as pl

from transforms import clv, prediction
from transforms.prediction import Flags, Interval, Measure, Values
from transforms.ranges import check_ranges
from transforms.schemas import MONEY

_HAPPENED: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "customer_id": pl.String,
    "purchase_days_after": pl.Int64,
    "net_amount_after": MONEY,
}
HAPPENED = pl.Schema(_HAPPENED)
"""Grain: one row per customer with a purchase by the cut. Days with a purchase, and net money, within the horizon."""

_STAGES = {"decline": 1.0, "exploration": 2.0, "build_up": 3.0, "stable": 4.0}
"""The stages as an order, the worst first; lost, within decline, is 0."""
_STAGE = pl.when("is_lost").then(0.0).otherwise(pl.col("lifecycle_stage").replace_strict(_STAGES, return_dtype=pl.Float64))
_LIFECYCLE = (
    pl.when(pl.col("p_purchase").is_not_null())
    .then(pl.when("is_lost").then(0.0).otherwise(2.0) + pl.col("p_purchase"))
    .otherwise(_STAGE + 1 / (1 + pl.col("overdue_ratio")))
)
"""Lost last, and within the lost and the others by the chance of a purchase within the horizon. The other stages tell where a customer is
in the own rhythm, whatever its pace, and so not who comes back within so many days. Where no chance is known: by stage, and within it by
the overdue ratio, whose share lies between 0 and 1."""
SIGNALS: Mapping[str, pl.Expr] = {
    "recency": -pl.col("recency_days"),
    "money_so_far": pl.col("net_amount"),
    "p_alive": pl.col("p_alive"),
    "p_purchase": pl.col("p_purchase"),
    "expected_orders": pl.col("expected_orders"),
    "clv": pl.col("clv_365d"),
    "overdue_ratio": -pl.col("overdue_ratio"),
    "lifecycle_stage": _STAGE,
    "lifecycle": _LIFECYCLE,
    "rfm": pl.col("r_score") + pl.col("f_score") + pl.col("m_score"),
    "loyalty": pl.col("loyalty_score"),
}
"""What is compared, each so that more is better."""
COARSE_RECENCY = "recency_in_stages"
"""Recency cut into as many classes, of the same sizes, as there are lifecycle stages."""
PROBABILITIES = ("p_purchase", "p_alive")
GROUPS = ("lifecycle_stage", "rfm_group", "abc_class", "loyalty_type")
"""What customers are counted by; of the stage decline, those who are lost for themselves."""
RANKINGS = ("clv", "money_so_far", "recency", "loyalty")
CANDIDATES = ("recency", "p_purchase", "lifecycle", "rfm", "loyalty")
"""Signals of who comes back, of which the base's best is named. Each is known for all customers, or for none."""


@dataclass(frozen=True)
class Comparison:
    """``measure``: ``auc`` and ``brier`` of coming back, ``spearman`` and ``top_decile_lift`` of net money."""

    measure: str
    signal: str
    baseline: str = "recency"


COMPARISONS = (
    *(Comparison("auc", name) for name in ("p_alive", "p_purchase", "overdue_ratio", "lifecycle", "lifecycle_stage")),
    Comparison("auc", "lifecycle", "p_purchase"),
    Comparison("auc", "lifecycle_stage", COARSE_RECENCY),
    Comparison("auc", "rfm"),
    Comparison("auc", "loyalty"),
    # not of P(alive): who is still a customer need not buy within the horizon
    Comparison("brier", "p_purchase"),
    *(
        Comparison(measure, signal, baseline)
        for measure in ("spearman", "top_decile_lift")
        for signal, baseline in (("clv", "recency"), ("clv", "money_so_far"), ("loyalty", "recency"))
    ),
)


@dataclass(frozen=True)
class Rules:
    resamples: int = 400
    """Draws of the bootstrap. 10 to 10,000."""
    seed: int = 7
    """The same seed gives the same intervals. 0 to 2,147,483,647."""
    bins: int = 10
    """Bins of the calibration, and of recency where it stands in for a probability. 2 to 100."""

    def __post_init__(self) -> None:
        check_ranges("backtest", self, {"resamples": (10, 10_000), "seed": (0, 2**31 - 1), "bins": (2, 100)})


@dataclass(frozen=True)
class Result:
    """``totals``: figures of the whole base. ``lost``: of those who were called lost at the cut, how many bought again (``share``, with its
    interval), and the share that may (``allowed_share``). The tables, one row per:

    ``comparisons``: signal, measure and baseline, with intervals of the value, the baseline's and the gain (of a Brier score, what it is
    lower by); ``verdict``: ``better``, ``worse``, ``open`` where the gain's interval holds 0, ``unknown``. ``calibration``: probability
    and bin, the lowest first. ``deciles``: ranking and tenth of the customers, 1 the best; ``lift`` in multiples of everybody's mean.
    ``groups``: dimension and group, those that come back most first. ``trust``: signal of ``CANDIDATES`` that is known, the best first:
    its AUC, what the best is ahead by, and ``verdict``: ``best``, ``as_good`` where that interval holds 0, ``less``.
    """

    totals: dict[str, float | int | None]
    lost: dict[str, float | int | None]
    comparisons: pl.DataFrame
    calibration: pl.DataFrame
    deciles: pl.DataFrame
    groups: pl.DataFrame
    trust: pl.DataFrame


def table(facts: pl.LazyFrame, scored: pl.LazyFrame, happened: pl.LazyFrame, found: clv.Parameters, days: int) -> pl.DataFrame:
    """``CUSTOMER_FACTS`` and ``CUSTOMER_SCORES`` as of the cut and ``HAPPENED`` after it: signals and outcome of each customer of the last.

    ``found``: as fitted at the cut, for what it expects of the ``days`` of the horizon.
    """
    known = ("customer_id", "purchase_days_count", "recency_days", "net_amount", "p_purchase", "expected_orders", "expected_net_amount")
    said = scored.select("customer_id", *{name for signal in SIGNALS.values() for name in signal.meta.root_names()} - set(known), *_LABELS)
    return (
        happened.join(clv.outlook(facts, found, days).select(known), on="customer_id")
        .join(said, on="customer_id")
        .sort("customer_id")
        .select(
            "customer_id",
            came_back=pl.col("purchase_days_after") > 0,
            purchase_days_after="purchase_days_after",
            net_amount_after=pl.col("net_amount_after").cast(pl.Float64),
            expected_net_amount="expected_net_amount",
            **{name: signal.cast(pl.Float64) for name, signal in SIGNALS.items()},
            in_lifecycle_stage=pl.when("is_lost").then(pl.lit("lost")).otherwise("lifecycle_stage"),
            **{f"in_{name}": pl.col(name) for name in _LABELS},
        )
        .collect()
    )


_LABELS = [name for name in GROUPS if name != "lifecycle_stage"]


def measure(customers: pl.DataFrame, rules: Rules, lost_max_return_share: float) -> Result:
    """All figures of a ``table``. ``lost_max_return_share``: of the lifecycle's rules. ``ValueError`` where nobody bought by the cut."""
    if customers.is_empty():
        raise ValueError("no customer had a purchase by the cut")
    base = _Base(customers, rules)
    found = prediction.intervals(base.measures, base.gains, customers.height, rules.resamples, rules.seed)
    return Result(
        totals=_totals(customers),
        lost=_lost(customers, found, lost_max_return_share),
        comparisons=_comparisons(base, found),
        calibration=_calibration(base, found),
        deciles=pl.concat([_deciles(customers, name) for name in RANKINGS]),
        groups=_groups(base, found),
        trust=_trust(base, found),
    )


class _Base:
    """Every measure that is needed, by name, so that one bootstrap serves all."""

    def __init__(self, customers: pl.DataFrame, rules: Rules) -> None:
        self.customers, self._rules = customers, rules
        self._signals = {name: customers[name].to_numpy().astype(np.float64) for name in SIGNALS}
        stage, recency = self._signals["lifecycle_stage"], self._signals["recency"]
        self._signals[COARSE_RECENCY] = prediction.in_classes_of_the_same_sizes(recency, stage)
        self._came_back = customers["came_back"].to_numpy()
        self._money = customers["net_amount_after"].to_numpy()
        self.measures: dict[str, Measure] = {}
        self.gains: dict[str, tuple[str, str]] = {}
        for each in COMPARISONS:
            one, other = self.name(each, each.signal), self.name(each, each.baseline)
            for name, signal in ((one, each.signal), (other, each.baseline)):
                self.measures[name] = self._measure(each.measure, signal, self.known(each.signal))
            # of a Brier score less is better
            self.gains[self.gain_of(each)] = (other, one) if each.measure == "brier" else (one, other)
        self.candidates = {name: f"auc {name} of {len(self._money)}" for name in CANDIDATES if self.known(name).all()}
        for name, measure_name in self.candidates.items():
            self.measures[measure_name] = self._measure("auc", name, self.known(name))
        for one, other in permutations(self.candidates.values(), 2):
            self.gains[f"{one} ahead of {other}"] = (one, other)
        for probability in PROBABILITIES:
            for number, members in enumerate(self.bins(probability)):
                self.measures[f"calibration {probability} {number}"] = prediction.mean(self._came_back.astype(float), members)
        for dimension, group, members in self.groups():
            self.measures[f"group {dimension} {group}"] = prediction.mean(self._came_back.astype(float), members)

    def known(self, signal: str) -> Flags:
        return np.isfinite(self._signals[signal])

    def name(self, each: Comparison, signal: str) -> str:
        """Of the signal's figure on those of whom the compared one is known; the same for all comparisons that can share it."""
        return f"{each.measure} {signal} of {int(self.known(each.signal).sum())}"

    def gain_of(self, each: Comparison) -> str:
        return f"{self.name(each, each.signal)} over {each.baseline}"

    def bins(self, probability: str) -> list[Flags]:
        who = np.flatnonzero(self.known(probability))
        places = prediction.bins_of(self._signals[probability][who], self._rules.bins)
        return [_flags(who[places == number], len(self._money)) for number in range(places.max(initial=-1) + 1)]

    def groups(self) -> list[tuple[str, str, Flags]]:
        columns = {name: self.customers[f"in_{name}"] for name in GROUPS}
        return [(name, group, (column == group).to_numpy()) for name, column in columns.items() for group in column.unique().sort()]

    def _measure(self, kind: str, signal: str, who: Flags) -> Measure:
        return prediction.among(who, lambda those: self._inner(kind, self._signals[signal][those], signal, those))

    def _inner(self, kind: str, score: Values, signal: str, those: Flags) -> Measure:
        came_back, money = self._came_back[those], self._money[those]
        if not len(score):
            return lambda weights: np.full(len(weights), np.nan)
        if kind == "auc":
            return prediction.auc(score, came_back)
        if kind == "spearman":
            return prediction.spearman(score, money)
        if kind == "top_decile_lift":
            return prediction.lift(score, money)
        is_probability = signal in PROBABILITIES
        return prediction.brier(score if is_probability else prediction.shares_by_bin(score, came_back, self._rules.bins), came_back)


def _flags(places: np.ndarray, size: int) -> Flags:
    flags = np.zeros(size, bool)
    flags[places] = True
    return flags


def _totals(customers: pl.DataFrame) -> dict[str, float | int | None]:
    def expected(column: str) -> float | None:
        return float(customers[column].sum()) if customers[column].null_count() == 0 else None

    return {
        "customers": customers.height,
        "came_back": int(customers["came_back"].sum()),
        "expected_to_come_back": expected("p_purchase"),
        "purchase_days": int(customers["purchase_days_after"].sum()),
        "expected_purchase_days": expected("expected_orders"),
        "net_amount": float(customers["net_amount_after"].sum()),
        "expected_net_amount": expected("expected_net_amount"),
    }


def _lost(customers: pl.DataFrame, found: Mapping[str, Interval], allowed_share: float) -> dict[str, float | int | None]:
    lost = customers.filter(in_lifecycle_stage="lost")
    share = found.get("group lifecycle_stage lost", Interval(None, None, None))
    known = lost.height and lost["p_purchase"].null_count() == 0
    return {
        "customers": lost.height,
        "came_back": int(lost["came_back"].sum()),
        "expected_to_come_back": float(lost["p_purchase"].sum()) if known else None,
        "share": share.value,
        "share_low": share.low,
        "share_high": share.high,
        "allowed_share": allowed_share,
    }


def _trust(base: _Base, found: Mapping[str, Interval]) -> pl.DataFrame:
    known = {name: found[measure_name] for name, measure_name in base.candidates.items() if found[measure_name].value is not None}
    ranked = sorted(known, key=lambda name: (-(known[name].value or 0), CANDIDATES.index(name)))
    rows = []
    for name in ranked:
        auc, best = known[name], ranked[0]
        ahead = Interval(0, 0, 0) if name == best else found[f"{base.candidates[best]} ahead of {base.candidates[name]}"]
        verdict = "best" if name == best else "less" if ahead.low is not None and ahead.low > 0 else "as_good"
        rows.append([name, auc.value, auc.low, auc.high, ahead.value, ahead.low, ahead.high, verdict])
    figures = [f"{kind}{edge}" for kind in ("value", "behind") for edge in ("", "_low", "_high")]
    return _frame(rows, {"signal": pl.String, **dict.fromkeys(figures, pl.Float64), "verdict": pl.String})


def _comparisons(base: _Base, found: Mapping[str, Interval]) -> pl.DataFrame:
    rows = []
    for each in COMPARISONS:
        figures = (found[base.name(each, each.signal)], found[base.name(each, each.baseline)], found[base.gain_of(each)])
        spread = [number for figure in figures for number in (figure.value, figure.low, figure.high)]
        rows.append([each.measure, each.signal, each.baseline, int(base.known(each.signal).sum()), *spread, _verdict(figures[2])])
    names = [f"{kind}{edge}" for kind in ("value", "baseline_value", "gain") for edge in ("", "_low", "_high")]
    texts = dict.fromkeys(("measure", "signal", "baseline"), pl.String)
    return _frame(rows, {**texts, "customers": pl.Int64, **dict.fromkeys(names, pl.Float64), "verdict": pl.String})


def _verdict(gain: Interval) -> str:
    if gain.low is None or gain.high is None:
        return "unknown"
    return "better" if gain.low > 0 else "worse" if gain.high < 0 else "open"


def _calibration(base: _Base, found: Mapping[str, Interval]) -> pl.DataFrame:
    rows = []
    for probability in PROBABILITIES:
        for number, members in enumerate(base.bins(probability)):
            share = found[f"calibration {probability} {number}"]
            said = base.customers[probability].filter(pl.Series(members)).mean()
            rows.append([probability, number + 1, int(members.sum()), said, share.value, share.low, share.high])
    kinds = {"probability": pl.String, "bin": pl.Int64, "customers": pl.Int64}
    return _frame(rows, {**kinds, **dict.fromkeys(("predicted", "came_back", "came_back_low", "came_back_high"), pl.Float64)})


def _deciles(customers: pl.DataFrame, ranking: str) -> pl.DataFrame:
    known = customers.filter(pl.col(ranking).is_not_null())
    of_all = pl.lit(known["net_amount_after"].mean(), pl.Float64)
    # each place of a tie has the tie's mean: no decile hangs on the order of ids
    fair = pl.col("came_back", "net_amount_after").cast(pl.Float64).mean().over(ranking)
    return (
        known.select(ranking, fair)
        .sort(ranking, descending=True)
        .with_columns(decile=1 + pl.int_range(pl.len()) * 10 // max(known.height, 1))
        .group_by("decile")
        .agg(customers=pl.len().cast(pl.Int64), came_back=pl.col("came_back").mean(), net_amount_after=pl.col("net_amount_after").mean())
        .with_columns(lift=pl.when(of_all > 0).then(pl.col("net_amount_after") / of_all))
        .sort("decile")
        .select(pl.lit(ranking).alias("ranking"), pl.col("decile").cast(pl.Int64), "customers", "came_back", "net_amount_after", "lift")
    )


def _groups(base: _Base, found: Mapping[str, Interval]) -> pl.DataFrame:
    rows = []
    money = base.customers["net_amount_after"].to_numpy()
    total = float(money.sum())
    for dimension, group, members in base.groups():
        share, brought = found[f"group {dimension} {group}"], money[members]
        of_all = float(brought.sum()) / total if total > 0 else None
        rows.append([dimension, group, len(brought), share.value, share.low, share.high, float(brought.mean()), of_all])
    shares = ("came_back", "came_back_low", "came_back_high", "net_amount_after", "share_of_net_amount")
    frame = _frame(rows, {"dimension": pl.String, "group": pl.String, "customers": pl.Int64, **dict.fromkeys(shares, pl.Float64)})
    place = pl.col("dimension").replace_strict({name: number for number, name in enumerate(GROUPS)}, return_dtype=pl.Int64)
    return frame.sort(place, "came_back", "group", descending=[False, True, False])


def _frame(rows: Sequence[Sequence[object]], schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
