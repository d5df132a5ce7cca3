"""Maximum likelihood for a model of a few positive parameters: the estimates, their standard errors, and whether the search converged.

The search goes over the logarithms of the parameters, within limits, by L-BFGS-B with the exact gradient from several starts. On a large
base the starts are tried on a sample; where the best of them ends, the whole base takes over, and Newton's method finds the last digits. A
parameter may end on a limit, where the data can't tell it from infinity or from zero: that is a maximum too, and is said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Values = npt.NDArray[np.float64]
LogLikelihood = Callable[[Values], tuple[float, Values]]
"""From the parameters to the log-likelihood of all observations and its gradient with respect to the parameters."""
Loss = Callable[[Values], tuple[float, Values]]
Base = TypeVar("Base", bound=Any)

_STEP = 1e-4
"""Of the logarithms, for the second derivatives as differences of gradients."""
_FLAT = 1e-7
"""Gradient of the log-likelihood per observation, by the logarithms, that counts as none."""
_SAME = 1e-7
"""Log-likelihood per observation within which two starts have found the same maximum."""
_SAMPLE = 20_000
"""Distinct histories up to which the starts are tried on the whole base."""
_POLISHING_STEPS = 12
_OPTIONS = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-7}


@dataclass(frozen=True)
class Observed:
    """A log-likelihood, and how many observations it is of."""

    log_likelihood: LogLikelihood
    count: float


@dataclass(frozen=True)
class Search:
    """How a search ended. ``at_limit``: parameters that the limits hold. ``starts_agreeing``: starts that ended at this log-likelihood."""

    log_likelihood: float
    is_converged: bool
    at_limit: tuple[str, ...]
    starts_count: int
    starts_agreeing: int


@dataclass(frozen=True)
class Maximum:
    """Where it ended. ``standard_errors``: from the observed information; None for a parameter on a limit, and without a maximum."""

    values: dict[str, float]
    standard_errors: dict[str, float | None]
    search: Search


def maximise(
    observed: Callable[[Base], Observed], base: Base, limits: Mapping[str, tuple[float, float]], starts: Sequence[Sequence[float]]
) -> Maximum:
    """The highest maximum found from the starts. ``base``: a dataclass of arrays, one element per distinct history.
    ``limits``: lowest and highest value of each parameter, all above zero.

    Converged: the gradient is zero but for parameters on a limit, and the log-likelihood curves down in every other direction.
    """
    low, high = np.log(np.array(list(limits.values()))).T
    whole = observed(base)
    sample = thinned(base, _SAMPLE)
    trial, loss = _loss(whole if sample is base else observed(sample)), _loss(whole)
    ends = [_minimised(trial, np.log(start), low, high) for start in starts]
    found = np.nan_to_num([trial(end)[0] for end in ends], nan=np.inf)
    best = ends[int(np.argmin(found))]
    logs, curvature = _polished(loss, best if sample is base else _minimised(loss, best, low, high), low, high)
    lowest, slope = loss(logs)
    free = _free(logs, slope, low, high)
    is_maximum = bool(np.isfinite(lowest) and np.isfinite(curvature).all() and (np.linalg.eigvalsh(curvature) > 0).all())
    is_converged = is_maximum and bool(np.all(np.abs(slope[free]) < _FLAT))
    errors: list[float | None] = [None] * len(logs)
    if is_converged:
        variances = np.diag(np.linalg.inv(curvature)) / whole.count
        for place, variance in zip(np.flatnonzero(free), variances, strict=True):
            errors[place] = float(np.exp(logs[place]) * np.sqrt(variance))
    return Maximum(
        values=dict(zip(limits, np.exp(logs).tolist(), strict=True)),
        standard_errors=dict(zip(limits, errors, strict=True)),
        search=Search(
            log_likelihood=float(-lowest * whole.count),
            is_converged=is_converged,
            at_limit=tuple(name for name, is_free in zip(limits, free, strict=True) if not is_free),
            starts_count=len(ends),
            starts_agreeing=int(np.sum(found - found.min() < _SAME)),
        ),
    )


def total(weights: npt.NDArray[Any], values: npt.NDArray[Any]) -> float:
    """Sum of weights × values. NumPy's pairwise sum, not a dot product: BLAS would spread that over cores, which costs ten times what it
    brings at these lengths, and the sum would hang on how many cores there are.
    """
    return float(np.sum(weights * values))


def thinned(base: Base, at_most: int) -> Base:
    """Every so-manieth element of each array, so that at most so many are left; the base itself where it is no larger."""
    arrays = {field.name: getattr(base, field.name) for field in fields(base)}
    step = -(-len(next(iter(arrays.values()))) // at_most)
    return base if step <= 1 else replace(base, **{name: array[::step] for name, array in arrays.items()})


def _minimised(loss: Loss, logs: Values, low: Values, high: Values) -> Values:
    start, bounds = np.clip(logs, low, high), np.array([low, high]).T
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=_OPTIONS).x)


def _loss(observed: Observed) -> Loss:
    """What is minimised: minus the log-likelihood per observation, by the logarithms of the parameters."""

    def loss(logs: Values) -> tuple[float, Values]:
        values = np.exp(logs)
        total, gradient = observed.log_likelihood(values)
        return -total / observed.count, -gradient * values / observed.count

    return loss


def _free(logs: Values, slope: Values, low: Values, high: Values) -> npt.NDArray[np.bool_]:
    """Which parameters the limits don't hold: not on one, or on one that the log-likelihood leads away from."""
    return ~(((logs <= low) & (slope > 0)) | ((logs >= high) & (slope < 0)))


def _polished(loss: Loss, logs: Values, low: Values, high: Values) -> tuple[Values, Values]:
    """The minimum near ``logs`` by Newton's method, and the second derivatives there by the parameters that are free.

    A step counts if it makes the gradient smaller: so near the minimum the loss itself differs by no more than it is rounded.
    """
    value, slope = loss(logs)
    free = _free(logs, slope, low, high)
    curvature = _curvature(loss, logs, free)
    for _ in range(_POLISHING_STEPS):
        steepest = np.max(np.abs(slope[free]), initial=0.0)
        if steepest < _FLAT / 100 or not np.isfinite(curvature).all() or (np.linalg.eigvalsh(curvature) <= 0).any():
            break
        step = np.zeros_like(logs)
        step[free] = np.linalg.solve(curvature, slope[free])
        moved = np.clip(logs - step, low, high)
        moved_value, moved_slope = loss(moved)
        moved_free = _free(moved, moved_slope, low, high)
        if not (moved_value < value + _SAME and np.max(np.abs(moved_slope[moved_free]), initial=0.0) < steepest):
            break
        logs, value, slope, free = moved, moved_value, moved_slope, moved_free
        curvature = _curvature(loss, logs, free)
    return logs, curvature


def _curvature(loss: Loss, logs: Values, free: npt.NDArray[np.bool_]) -> Values:
    """Second derivatives by the free parameters: central differences of the exact gradient."""
    columns = []
    for place in np.flatnonzero(free):
        step = np.zeros_like(logs)
        step[place] = _STEP
        columns.append((loss(logs + step)[1] - loss(logs - step)[1])[free] / (2 * _STEP))
    second = np.array(columns).reshape(int(free.sum()), int(free.sum()))
    return (second + second.T) / 2
