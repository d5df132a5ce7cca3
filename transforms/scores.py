"""The scores of every customer in one table: RFM, ABC, CLV, quality, credit, preferences,
satisfaction, lifecycle and loyalty, fitted together and applied row by row."""

from __future__ import annotations  # a field may have the name of the module its type comes from

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, get_type_hints

import polars as pl

from transforms import abc, clv, credit, lifecycle, loyalty, preferences, quality, rfm, satisfaction
from transforms.schemas import CUSTOMER_SCORES, SCORES_THAT_MOVE


@dataclasses.dataclass(frozen=True)
class Rules:
    """The rules of each model."""

    rfm: rfm.Rules = dataclasses.field(default_factory=rfm.Rules)
    abc: abc.Rules = dataclasses.field(default_factory=abc.Rules)
    clv: clv.Rules = dataclasses.field(default_factory=clv.Rules)
    quality: quality.Rules = dataclasses.field(default_factory=quality.Rules)
    credit: credit.Rules = dataclasses.field(default_factory=credit.Rules)
    preferences: preferences.Rules = dataclasses.field(default_factory=preferences.Rules)
    satisfaction: satisfaction.Rules = dataclasses.field(default_factory=satisfaction.Rules)
    lifecycle: lifecycle.Rules = dataclasses.field(default_factory=lifecycle.Rules)
    loyalty: loyalty.Rules = dataclasses.field(default_factory=loyalty.Rules)


@dataclasses.dataclass(frozen=True)
class Parameters:
    """The parameters of each model, its rules among them: all that is needed to get the same scores again."""

    rfm: rfm.Parameters
    abc: abc.Parameters
    clv: clv.Parameters
    quality: quality.Parameters
    credit: credit.Parameters
    preferences: preferences.Parameters
    satisfaction: satisfaction.Parameters
    lifecycle: lifecycle.Parameters
    loyalty: loyalty.Parameters

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the base did not hold enough of, each beginning with the model's name."""
        return tuple(f"{model.name}: {warning}" for model in dataclasses.fields(self) for warning in getattr(self, model.name).warnings)

    def to_rows(self) -> list[tuple[str, str, str]]:
        """(model, parameter, value as JSON text), a nested parameter by its path: ``("lifecycle", "rules.overdue_at", "2.0")``."""
        models = ((model.name, getattr(self, model.name)) for model in dataclasses.fields(self))
        return [(model, path, _json(value)) for model, parameters in models for path, value in _leaves(parameters)]

    def to_json(self) -> str:
        """JSON text from which ``from_json`` makes equal parameters."""
        return _json(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Parameters:
        """Parameters from ``to_json``'s text. ``ValueError`` names what is missing, unknown or out of range."""
        restored: Parameters = _restored(cls, json.loads(text), "parameters")
        return restored


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Parameters of all models from ``CUSTOMER_FACTS``; each model scans only the columns it needs."""
    purchases = clv.fit(facts, rules.clv)
    rhythm = lifecycle.fit(facts, rules.lifecycle, purchases.mean_p_purchase_90d)
    silent = lifecycle.overdue(facts, rhythm).filter(lifecycle.is_long_silent(rhythm))  # a chance takes time to work out
    return Parameters(
        rfm=rfm.fit(facts, rules.rfm),
        abc=abc.fit(facts, rules.abc),
        clv=purchases,
        quality=quality.fit(facts, rules.quality),
        credit=credit.fit(facts, rules.credit),
        preferences=preferences.fit(facts, rules.preferences),
        satisfaction=satisfaction.fit(facts, rules.satisfaction),
        lifecycle=lifecycle.with_lost(clv.apply(silent, purchases), rhythm),
        loyalty=loyalty.fit(lifecycle.overdue(facts, rhythm), rules.loyalty),
    )


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """``CUSTOMER_FACTS`` in, ``CUSTOMER_SCORES`` out: the same customers, whichever and however many they are."""
    scored = rfm.apply(facts, parameters.rfm)
    scored = abc.apply(scored, parameters.abc)
    scored = clv.apply(scored, parameters.clv)
    scored = quality.apply(scored, parameters.quality)
    scored = credit.apply(scored, parameters.credit)
    scored = preferences.apply(scored, parameters.preferences)
    scored = satisfaction.apply(scored, parameters.satisfaction)
    scored = lifecycle.apply(scored, parameters.lifecycle)
    scored = loyalty.apply(scored, parameters.loyalty)
    return scored.select(CUSTOMER_SCORES.names())


def portions(facts: pl.LazyFrame, parameters: Parameters, customers: int = 262_144) -> Iterator[pl.LazyFrame]:
    """``apply``, so many customers at a time and in their order: as it never looks at another row, the portions are the whole.

    A sink of the streaming engine holds what it hasn't written, which is more than half a kilobyte for each customer there is.
    """
    count = int(facts.select(pl.len()).collect(engine="streaming").item())
    for start in range(0, max(count, 1), customers):
        yield apply(facts.slice(start, customers), parameters)


def with_digest(scored: pl.LazyFrame) -> pl.LazyFrame:
    """``CUSTOMER_SCORES`` and ``digest``: 64 bits, signed, that differ where the customer or any score does but ``SCORES_THAT_MOVE``.

    Another Polars may give others for the same scores; then every customer counts as changed.
    """
    lasting = [name for name in CUSTOMER_SCORES if name not in SCORES_THAT_MOVE]
    return scored.with_columns(digest=pl.struct(lasting).hash().reinterpret(signed=True))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _leaves(parameters: Any, path: str = "") -> Iterator[tuple[str, object]]:
    for field in dataclasses.fields(parameters):
        value = getattr(parameters, field.name)
        if dataclasses.is_dataclass(value):
            yield from _leaves(value, f"{path}{field.name}.")
        else:
            yield path + field.name, value


def _restored(kind: Any, stored: Any, path: str) -> Any:
    """``stored`` JSON as ``kind``: a dataclass from its fields, a tuple from a list, a ``X | None`` from null or an X."""
    if options := [option for option in getattr(kind, "__args__", ()) if dataclasses.is_dataclass(option)]:
        return None if stored is None else _restored(options[0], stored, path)
    if not dataclasses.is_dataclass(kind):
        return tuple(stored) if isinstance(stored, list) else stored
    hints = get_type_hints(kind)
    if wrong := hints.keys() ^ (stored.keys() if isinstance(stored, dict) else set()):
        raise ValueError(f"{path}: expected {', '.join(hints)}; missing or unknown: {', '.join(sorted(wrong))}.")
    make: Any = kind
    return make(**{name: _restored(hint, stored[name], f"{path}.{name}") for name, hint in hints.items()})
