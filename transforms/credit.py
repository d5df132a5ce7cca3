"""Credit grade (信誉) of every customer, A to D, from orders left unpaid, cancelled after shipping, refused and returned.

Of each kind of failure: which share of the orders that either went well or failed in this way failed in this way, shrunk toward the base
(``transforms.shares``). An order gets past all four; the score is 100 times the product of 1 − weight × share. The grade compares what is
missing to 100 with what the base's own shares would leave: risk ratio = (100 − score) / (100 − base score). Combination, weights and lines
are *ours*.

What holds for every customer: one more failed order never improves score or grade, one more order that went well never worsens them.
"""

from dataclasses import dataclass

import polars as pl

from transforms import shares
from transforms.ranges import check_ranges
from transforms.reasons import reasons

GRADES = ("A", "B", "C", "D")
KINDS = {
    "unpaid": ("unpaid_orders_count", "orders left unpaid", "有未付款订单"),
    "cancelled_after_shipping": ("cancelled_after_shipping_orders_count", "orders cancelled after shipping", "有发货后取消的订单"),
    "refused": ("refused_orders_count", "orders refused at the door", "有拒收的订单"),
    "returned": ("refunded_orders_count", "orders returned", "有退货退款的订单"),
}
"""Kind of failure → its count among the facts, and how it is said."""


@dataclass(frozen=True)
class Rules:
    """How much a failure of each kind takes off; lines are risk ratios, 1 being as the base."""

    unpaid_weight: float = 0.5
    """An order placed and never paid. 0 to 1."""
    cancelled_after_shipping_weight: float = 1.0
    """Cancelled when the goods were already under way. 0 to 1."""
    refused_weight: float = 1.0
    """Goods not accepted at the door (拒收). 0 to 1."""
    returned_weight: float = 0.5
    """Any money given back. 0 to 1."""
    a_line: float = 0.8
    """A up to this risk ratio. 0.01 to 1."""
    b_line: float = 2.0
    """B up to this one. 1 to 10."""
    c_line: float = 4.0
    """C up to this one, D beyond. 1 to 100, not below ``b_line``."""
    max_prior_orders: float = 20.0
    """The base is worth no more than so many of a customer's own orders, however little customers differ. 1 to 500."""

    def __post_init__(self) -> None:
        weights = {f"{kind}_weight": (0, 1) for kind in KINDS}
        check_ranges("credit", self, {**weights, "a_line": (0.01, 1), "b_line": (1, 10), "c_line": (1, 100), "max_prior_orders": (1, 500)})
        if self.c_line < self.b_line:
            raise ValueError(f"credit.c_line is {self.c_line!r}; expected at least b_line, which is {self.b_line!r}.")


@dataclass(frozen=True)
class Parameters:
    """The prior of each kind of failure, None where the base has none of it; ``base_score``: the score at the priors' means."""

    rules: Rules
    unpaid: shares.Prior | None
    cancelled_after_shipping: shares.Prior | None
    refused: shares.Prior | None
    returned: shares.Prior | None
    base_score: float
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Reads ``orders_count`` and the four counts of failures."""
    cases = {kind: (pl.col(column), _good() + pl.col(column)) for kind, (column, _, _) in KINDS.items()}
    priors = shares.fit(facts, cases, rules.max_prior_orders)
    passed = 1.0
    for kind, prior in priors.items():
        passed *= 1 - _weight(rules, kind) * (prior.mean if prior else 0)
    warnings = [f"credit_{kind}_share is unknown for all: no such order is in the base" for kind, prior in priors.items() if not prior]
    if passed == 1:
        warnings.append("credit_grade is unknown for all: no order of the base failed in a way that has a weight")
    return Parameters(rules, **priors, base_score=100 * passed, warnings=tuple(warnings))


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``credit_unpaid_share``, ``credit_cancelled_after_shipping_share``, ``credit_refused_share``, ``credit_returned_share`` (0 to
    1, shrunk; null where the base knows no such failure), ``credit_score`` (0 to 100), ``credit_grade``, ``credit_reasons`` and
    ``credit_reasons_zh``: all of them null for who never placed an order, and where the base has no failure at all.
    """
    rules = parameters.rules
    is_known = _is_known(parameters)
    parts = {f"credit_{kind}_share": _share(parameters, kind) for kind in KINDS}
    # A share unknown to the whole base takes nothing off; where none is known there is no score.
    passed = pl.lit(1.0)
    for kind in KINDS:
        passed = passed * (1 - _weight(rules, kind) * pl.col(f"credit_{kind}_share").fill_null(0.0))
    ratio = (100 - pl.col("credit_score")) / max(100 - parameters.base_score, 1e-12)
    grade = (
        pl.when(ratio.is_null())
        .then(None)
        .when(ratio <= rules.a_line)
        .then(pl.lit("A"))
        .when(ratio <= rules.b_line)
        .then(pl.lit("B"))
        .when(ratio <= rules.c_line)
        .then(pl.lit("C"))
        .otherwise(pl.lit("D"))
    )
    has_failed = pl.any_horizontal(pl.col(column) > 0 for column, _, _ in KINDS.values())
    said = [(is_known & (pl.col(column) > 0), en, zh) for column, en, zh in KINDS.values()]
    said.append((is_known & ~has_failed, "every order went well", "所有订单均正常"))
    return (
        facts.with_columns(**parts)
        .with_columns(credit_score=pl.when(is_known).then((100 * passed).clip(0.0, 100.0)))
        .with_columns(grade.alias("credit_grade"), *reasons(said, "credit_reasons"))
    )


def _good() -> pl.Expr:
    """Purchases of which nothing was given back."""
    return pl.max_horizontal(pl.col("orders_count") - pl.col("refunded_orders_count"), 0)


def _share(parameters: Parameters, kind: str) -> pl.Expr:
    """Expected share of the customer's orders, good ones and failures of this kind, that fail so; the base's where there are none of
    them but others."""
    prior: shares.Prior | None = getattr(parameters, kind)
    if prior is None:
        return pl.lit(None, pl.Float64)
    count = pl.col(KINDS[kind][0])
    return pl.when(_has_ordered()).then((count + prior.mean * prior.strength) / (_good() + count + prior.strength))


def _has_ordered() -> pl.Expr:
    return _good() + pl.sum_horizontal(column for column, _, _ in KINDS.values()) > 0


def _is_known(parameters: Parameters) -> pl.Expr:
    return _has_ordered() if parameters.base_score < 100 else pl.lit(value=False)


def _weight(rules: Rules, kind: str) -> float:
    return float(getattr(rules, f"{kind}_weight"))
