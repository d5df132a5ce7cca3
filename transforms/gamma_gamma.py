"""Gamma-Gamma: from what a customer's repeat purchase days brought to what the next one will bring on average.

The model of Fader & Hardie, "The Gamma-Gamma model of monetary value" (2013): a customer's purchase days scatter around his own mean (gamma
with shape ``p``), and the means of the base are spread as an inverse gamma (``q``, ``gamma``). How much and how often are taken as
independent of each other. ``repeats``: purchase days after the first (the paper's x); ``money``: what they brought in all.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import digamma, gammaln

from transforms.likelihood import Observed, Search, Values, maximise, total

LIMITS = {"p": (0.01, 10_000.0), "q": (0.01, 1000.0), "gamma": (1e-4, 1e5)}
"""``gamma`` in units of the base's mean purchase day."""


@dataclass(frozen=True)
class Statistics:
    """The customers with a repeat purchase that brought money: each distinct (repeats, money) once, with their number."""

    repeats: Values
    money: Values
    customers: Values


@dataclass(frozen=True)
class Estimate:
    """The three parameters (``gamma`` in currency), the standard error of each, and how the search for them ended.

    ``mean``: of the base's own means, in currency; None where there is none (``q`` of 1 or less), and then nothing can be predicted.
    """

    p: float
    q: float
    gamma: float
    mean: float | None
    standard_errors: dict[str, float | None]
    search: Search


def fit(base: Statistics) -> Estimate:
    """The parameters of maximum likelihood. Needs a customer with a repeat purchase at least. No currency changes ``p`` or ``q``."""
    unit = total(base.customers, base.money) / total(base.customers, base.repeats)
    scaled = Statistics(base.repeats, base.money / unit, base.customers)
    starts = [(p, q, max(q - 1, 0.5) / p) for p, q in ((6.0, 4.0), (1.0, 2.0), (2.0, 8.0), (20.0, 3.0))]
    count = float(base.customers.sum())
    found = maximise(observed, scaled, LIMITS, starts)
    p, q, gamma = found.values.values()
    error = found.standard_errors["gamma"]
    return Estimate(
        p=p,
        q=q,
        gamma=gamma * unit,
        mean=p * gamma * unit / (q - 1) if q > 1 else None,
        standard_errors={**found.standard_errors, "gamma": None if error is None else error * unit},
        search=replace(found.search, log_likelihood=found.search.log_likelihood - count * float(np.log(unit))),
    )


def observed(base: Statistics) -> Observed:
    """From (p, q, gamma) to the log-likelihood of the base and its gradient. Source: equation (1a) of the paper, in logarithms."""
    distinct, places = np.unique(base.repeats, return_inverse=True)
    having = np.bincount(places, weights=base.customers)
    repeats, money, customers = base.repeats, base.money, base.customers
    count, purchases = float(customers.sum()), customers * repeats
    log_means, log_money = total(customers, np.log(money / repeats)), total(purchases, np.log(money))

    def of(parameters: Values) -> tuple[float, Values]:
        p, q, gamma = parameters
        shapes = p * distinct
        log_sum = np.log(gamma + money)
        per_customer, per_purchase = total(customers, log_sum), total(purchases, log_sum)
        inverse = customers / (gamma + money)
        both, alone = digamma(shapes + q), digamma(shapes)
        value = total(having, gammaln(shapes + q) - gammaln(shapes)) + count * (q * np.log(gamma) - gammaln(q))
        value += p * log_money - log_means - p * per_purchase - q * per_customer
        gradient = [
            total(having * distinct, both - alone) + log_money - per_purchase,
            total(having, both) + count * (np.log(gamma) - digamma(q)) - per_customer,
            count * q / gamma - total(p * repeats + q, inverse),
        ]
        return float(value), np.array(gradient)

    return Observed(of, float(base.customers.sum()))


def expected_money(found: Estimate, repeats: Values, money: Values) -> Values:
    """What a coming purchase day is expected to bring, in currency: the customer's own mean drawn towards the base's.

    Source: equation (5) of the paper. Without a repeat it is the base's mean. Never below zero for money of zero or more.
    """
    return found.p * (found.gamma + money) / (found.p * repeats + found.q - 1)
