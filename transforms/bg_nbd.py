"""BG/NBD: from how often, how lately and since when a customer bought to how probably he still buys, and how often he will.

The model of Fader, Hardie & Lee, "Counting your customers the easy way", Marketing Science 24 (2005): while active, a customer buys at
random at a rate of his own (gamma with shape ``r`` and scale ``alpha``); after each purchase he leaves with a probability of his own (beta
with ``a`` and ``b``). All times are weeks, as in the literature. A history is ``repeats``, the purchase days after the first (x in the
paper), ``last``, the age at the last of them (t_x), and ``age``, the time since the first (T).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import digamma, expit, gammaln

from transforms.likelihood import Observed, Search, Values, maximise, total

LIMITS = {"r": (0.005, 500.0), "alpha": (1 / 7, 1e5), "a": (0.01, 1000.0), "b": (0.01, 1000.0)}
"""Within these every formula below is exact to 8 digits. An ``alpha`` below a day would mean several purchase days a day."""
_NODES = 64


@dataclass(frozen=True)
class Statistics:
    """The base as weighted sufficient statistics: each distinct history once, with the number of customers who have it."""

    repeats: Values
    last: Values
    age: Values
    customers: Values


@dataclass(frozen=True)
class Estimate:
    """The four parameters (``alpha`` in weeks), the standard error of each, and how the search for them ended."""

    r: float
    alpha: float
    a: float
    b: float
    standard_errors: dict[str, float | None]
    search: Search


def fit(base: Statistics) -> Estimate:
    """The parameters of maximum likelihood. Needs one repeat purchase at least, and time in which to see it."""
    rate = total(base.customers, base.repeats) / total(base.customers, base.age)
    starts = [(r, r / rate, a, b) for r, a, b in ((0.3, 0.8, 2.5), (1.0, 0.3, 3.0), (3.0, 1.0, 1.0), (0.3, 0.05, 1.0))]
    found = maximise(observed, base, LIMITS, starts)
    return Estimate(**found.values, standard_errors=found.standard_errors, search=found.search)


def observed(base: Statistics) -> Observed:
    """From (r, alpha, a, b) to the log-likelihood of the base and its gradient. Source: equation (6) of the paper, in logarithms.

    What hangs on one number of a history alone is worked out once per distinct number. Only the mixture of "left after the last purchase"
    and "still there" needs each history, and that only of those who came back.
    """
    counts, places = np.unique(base.repeats, return_inverse=True)
    having = np.bincount(places, weights=base.customers)
    ages, age_of = np.unique(base.age, return_inverse=True)
    aged, bought = (np.bincount(age_of, weights=base.customers * part) for part in (1.0, base.repeats))
    back = base.repeats > 0
    repeats, customers, age_of = base.repeats[back], base.customers[back], age_of[back]
    repeated, repeated_of = np.unique(repeats, return_inverse=True)
    lasts, last_of = np.unique(base.last[back], return_inverse=True)

    def of(parameters: Values) -> tuple[float, Values]:
        r, alpha, a, b = parameters
        log_age, log_last = np.log(alpha + ages), np.log(alpha + lasts)
        silence = log_age[age_of] - log_last[last_of]
        log_odds = (np.log(a) - np.log(b + repeated - 1))[repeated_of] + (r + repeats) * silence
        small = np.exp(-np.abs(log_odds))
        left = customers * np.where(log_odds > 0, 1.0, small) / (1 + small)
        mixture = total(customers, np.maximum(log_odds, 0) + np.log1p(small))
        events = r * aged + bought
        buying = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
        staying = gammaln(a + b) + gammaln(b + counts) - gammaln(b) - gammaln(a + b + counts)
        both = digamma(a + b) - digamma(a + b + counts)
        per_week = (1 / (alpha + ages))[age_of] - (1 / (alpha + lasts))[last_of]
        gradient = [
            total(having, digamma(r + counts) - digamma(r) + np.log(alpha)) - total(aged, log_age) + total(left, silence),
            having.sum() * r / alpha - total(events, 1 / (alpha + ages)) + total(left, (r + repeats) * per_week),
            total(having, both) + left.sum() / a,
            total(having, both + digamma(b + counts) - digamma(b)) - total(left, (1 / (b + repeated - 1))[repeated_of]),
        ]
        return total(having, buying + staying) - total(events, log_age) + mixture, np.array(gradient)

    return Observed(of, float(base.customers.sum()))


def probability_alive(found: Estimate, repeats: Values, last: Values, age: Values) -> Values:
    """P(still a customer), given the history. The model has 1 for everybody who came once: nobody leaves before the first repeat.

    Source: Fader, Hardie & Lee, "Computing P(alive) using the BG/NBD model" (2008).
    """
    log_odds = np.log(found.a) - np.log(found.b + np.maximum(repeats, 1) - 1)
    log_odds = log_odds + (found.r + repeats) * (np.log(found.alpha + age) - np.log(found.alpha + last))
    return np.where(repeats > 0, expit(-log_odds), 1.0)


def probability_of_silence(found: Estimate, repeats: Values, last: Values, age: Values, weeks: float) -> Values:
    """P(no purchase in the next ``weeks``), given the history: gone, or there and silent so long. A newcomer's history is 0, 0, 0."""
    silent_though_there = (found.r + repeats) * (np.log(found.alpha + age) - np.log(found.alpha + age + weeks))
    return 1 + probability_alive(found, repeats, last, age) * np.expm1(silent_though_there)


def expected_purchases(found: Estimate, repeats: Values, last: Values, age: Values, weeks: float) -> Values:
    """Purchase days to expect in the next ``weeks``, given the history: equation (10) of the paper. A newcomer's history is 0, 0, 0.

    The paper's form has a hypergeometric function that overflows for customers who buy often and breaks down at a = 1. It is the mean of
    (1 − (1 + p·weeks / (alpha + age))^−(r + repeats)) / p over p from beta(a, b + repeats): smooth in p, so 64 nodes of Gauss and Jacobi
    give it to 8 digits or more. Worked out once per distinct (repeats, age).
    """
    counts, count_of = np.unique(repeats, return_inverse=True)
    ages, age_of = np.unique(age, return_inverse=True)
    pairs, pair_of = np.unique(count_of * len(ages) + age_of, return_inverse=True)
    if_alive = np.empty(len(pairs))
    for number, count in enumerate(counts):
        first, end = np.searchsorted(pairs, (number * len(ages), (number + 1) * len(ages)))
        horizons = weeks / (found.alpha + ages[pairs[first:end] - number * len(ages)])
        leaving, of_nodes = _leaving(found.a, found.b + float(count))
        bought = -np.expm1(-(found.r + count) * np.log1p(leaving * horizons[:, None]))
        # summed row by row: a matrix product rounds differently in another company
        if_alive[first:end] = (bought * (of_nodes / leaving)).sum(axis=1)
    return probability_alive(found, repeats, last, age) * if_alive[pair_of]


@lru_cache(maxsize=4096)
def _leaving(a: float, b: float) -> tuple[Values, Values]:
    """Gauss and Jacobi's nodes in (0, 1) and weights (of sum 1) for a mean over beta(a, b): Golub & Welsch (1969)."""
    k = np.arange(1.0, _NODES)
    at = 2 * k + a + b - 2
    diagonal = np.concatenate([[(a - b) / (a + b)], (a - b) * (a + b - 2) / (at * (at + 2))])
    # at k = 1 a factor above and below the line is the same, and may be 0
    ratio = np.concatenate([[1.0], (k[1:] + a + b - 2) / (at[1:] - 1)])
    beside = 4 * k * (k + a - 1) * (k + b - 1) * ratio / (at**2 * (at + 1))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(beside))
    return np.maximum((1 + nodes) / 2, np.finfo(float).tiny), vectors[0] ** 2
