"""How well a score predicted: AUC, Brier score, rank correlation, lift and calibration, with bootstrap intervals.

Each figure is a function of weights, one row per resample and one column per customer: ones give the figure itself, and how often each
customer was drawn gives the figure of a resample. All figures of a bootstrap see the same draws, so the difference of two figures has an
interval of its own. Equal scores are ties, never in the order in which rows happen to stand.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Measure = Callable[[Values], Values]
"""From weights (resamples × customers) to one figure per resample; NaN where it has no meaning, such as an AUC without anybody who left."""

_CELLS = 4_000_000
"""How many weights are held at a time: 32 MB each for a few arrays of that size."""


@dataclass(frozen=True)
class Interval:
    """A figure with the percentile interval of its bootstrap; None where the figure has no meaning."""

    value: float | None
    low: float | None
    high: float | None


class _Ties:
    """Customers by rising score, equal scores together."""

    def __init__(self, score: Values) -> None:
        distinct, self.of = np.unique(score, return_inverse=True)
        self._order = np.argsort(self.of, kind="stable")
        self._starts = np.searchsorted(self.of[self._order], np.arange(len(distinct)))

    def sums(self, weights: Values) -> Values:
        """Resamples × distinct scores."""
        return np.add.reduceat(weights[:, self._order], self._starts, axis=1)

    def ranks(self, weights: Values) -> Values:
        """Mean rank of each customer's score, ties sharing theirs: resamples × customers."""
        each = self.sums(weights)
        return (np.cumsum(each, axis=1) - (each - 1) / 2)[:, self.of]


def auc(score: Values, happened: Flags) -> Measure:
    """How often a customer with whom it happened had the higher score, of all pairs with and without; ties count half.

    Source: the Mann and Whitney form, Hanley & McNeil, Radiology 143 (1982).
    """
    ties = _Ties(score)

    def of(weights: Values) -> Values:
        having, lacking = ties.sums(weights * happened), ties.sums(weights * ~happened)
        below = np.cumsum(lacking, axis=1) - lacking / 2
        return _ratio((having * below).sum(axis=1), having.sum(axis=1) * lacking.sum(axis=1))

    return of


def brier(probability: Values, happened: Flags) -> Measure:
    """Mean squared distance of a probability from what happened: 0 is perfect. Source: Brier (1950)."""
    return mean((probability - happened) ** 2)


def mean(amount: Values, of_whom: Flags | None = None) -> Measure:
    """Mean amount, over all or over some."""
    among = np.ones(len(amount)) if of_whom is None else of_whom.astype(np.float64)
    return lambda weights: _ratio((weights * (amount * among)).sum(axis=1), (weights * among).sum(axis=1))


def spearman(score: Values, amount: Values) -> Measure:
    """Correlation of the ranks of two values, ties having their mean rank. Source: Spearman (1904), as Pearson's of ranks."""
    scores, amounts = _Ties(score), _Ties(amount)

    def of(weights: Values) -> Values:
        total = weights.sum(axis=1, keepdims=True)
        one, other = (ties.ranks(weights) - (total + 1) / 2 for ties in (scores, amounts))
        spread = np.sqrt((weights * one**2).sum(axis=1) * (weights * other**2).sum(axis=1))
        return _ratio((weights * one * other).sum(axis=1), spread)

    return of


def lift(score: Values, amount: Values, share: float = 0.1) -> Measure:
    """Mean amount of the best ``share`` of the customers by score, in multiples of everybody's. A tie on the edge is in by part of it."""
    ties = _Ties(-score)

    def of(weights: Values) -> Values:
        each, brought = ties.sums(weights), ties.sums(weights * amount)
        best = share * each.sum(axis=1, keepdims=True)
        inside = np.clip(best - (np.cumsum(each, axis=1) - each), 0, each)
        of_best = (inside * np.divide(brought, each, out=np.zeros_like(brought), where=each > 0)).sum(axis=1)
        return _ratio(of_best, share * brought.sum(axis=1))

    return of


def among(who: Flags, measure: Callable[[Flags], Measure]) -> Measure:
    """A measure of some of the customers: ``measure`` is given who they are and sees weights of them alone."""
    inner, columns = measure(who), np.flatnonzero(who)
    return lambda weights: inner(weights[:, columns])


def in_classes_of_the_same_sizes(score: Values, classes: Values) -> Values:
    """``score`` as coarse as ``classes``: as many customers in each, the best in the best. Who ties over an edge has the mean of both."""
    ranked = np.empty(len(score))
    ranked[np.argsort(score, kind="stable")] = np.sort(classes)
    _, place = np.unique(score, return_inverse=True)
    return (np.bincount(place, weights=ranked) / np.bincount(place))[place]


def bins_of(score: Values, count: int) -> npt.NDArray[np.int64]:
    """Bin of each customer, 0 for the lowest scores: of equal size as far as ties, which stay together, allow. Empty bins are left out."""
    middle = _Ties(score).ranks(np.ones((1, len(score))))[0] - 0.5
    return np.unique((middle * count / max(len(score), 1)).astype(np.int64), return_inverse=True)[1]


def shares_by_bin(score: Values, happened: Flags, count: int) -> Values:
    """The share with whom it happened in each customer's bin of the score: the best that so many bins can say, told by hindsight."""
    place = bins_of(score, count)
    return (np.bincount(place, weights=happened) / np.bincount(place))[place]


def intervals(
    measures: Mapping[str, Measure],
    differences: Mapping[str, tuple[str, str]],
    customers: int,
    resamples: int,
    seed: int,
    confidence: float = 0.95,
) -> dict[str, Interval]:
    """Each measure, and each difference (name of the one, name of the other that is taken from it), with its interval.

    Percentile bootstrap over customers, Efron & Tibshirani (1993): the same seed draws the same.
    """
    whole = {name: measure(np.ones((1, customers))) for name, measure in measures.items()}
    drawn: dict[str, list[Values]] = {name: [] for name in measures}
    for weights in _draws(customers, resamples, seed):
        for name, measure in measures.items():
            drawn[name].append(measure(weights))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    for name, (one, other) in differences.items():
        whole[name], spread[name] = whole[one] - whole[other], spread[one] - spread[other]
    return {name: _interval(whole[name][0], spread[name], confidence) for name in whole}


def _draws(customers: int, resamples: int, seed: int) -> Iterator[Values]:
    """How often each customer was drawn, a portion of the resamples at a time."""
    randomly = np.random.default_rng(seed)
    portion = max(1, _CELLS // max(customers, 1))
    for done in range(0, resamples, portion):
        rows = min(portion, resamples - done)
        drawn = randomly.integers(0, customers, (rows, customers)) + np.arange(rows)[:, None] * customers
        yield np.bincount(drawn.ravel(), minlength=rows * customers).reshape(rows, customers).astype(np.float64)


def _interval(value: float, spread: Values, confidence: float) -> Interval:
    if not np.isfinite(value):
        return Interval(None, None, None)
    known = spread[np.isfinite(spread)]
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2]) if len(known) else (np.nan, np.nan)
    return Interval(float(value), *(float(edge) if np.isfinite(edge) else None for edge in (low, high)))


def _ratio(above: Values, below: Values) -> Values:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
