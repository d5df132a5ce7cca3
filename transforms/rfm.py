"""Recency, frequency and money scores and the named group of every customer, by a named preset.

A value's level is found from thresholds alone, so equal values always get equal scores. The best level is the highest one everywhere;
recency is the one value where small is good, so its level is turned round.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from transforms.rfm_presets import PRESETS, PROSPECT, VALUES, Cut, Preset, Values, cut_of, own_preset

WINDOWS = {"all_time": ("orders_count", "net_amount"), "last_12_months": ("orders_count_12m", "net_amount_12m")}
"""Which columns of the facts count as frequency and money. Recency is the last purchase's, whenever it was."""


@dataclass(frozen=True)
class Rules:
    preset: str = "grid_11"
    """Name of a preset: ``grid_11`` (ours), ``rfm_r_030`` (R package rfm 0.3.0), ``klaviyo_3x3x3``, ``cn_8``, or one of ``presets``."""
    window: str = "all_time"
    """What counts as frequency and money: ``all_time``, or ``last_12_months`` up to the day of the facts."""
    recency: Any = None
    """How recency is cut, in place of the preset's own way: ``quantiles``, ``mean``, ``median``, ``top 20%``, or thresholds (days)."""
    frequency: Any = None
    """How frequency is cut (orders)."""
    money: Any = None
    """How money is cut (currency)."""
    presets: Mapping[str, Any] = field(default_factory=dict)
    """Presets of the merchant's own by their names: see ``rfm_presets.own_preset``."""

    def __post_init__(self) -> None:
        if self.window not in WINDOWS:
            raise ValueError(f"rfm.window is {self.window!r}; expected {' or '.join(WINDOWS)}.")
        if not isinstance(self.presets, Mapping):
            raise ValueError(f"rfm.presets is {self.presets!r}; expected presets by their names.")
        own = {name: own_preset(name, given) for name, given in self.presets.items()}
        if self.preset not in {**PRESETS, **own}:
            raise ValueError(f"rfm.preset is {self.preset!r}; known presets: {', '.join([*PRESETS, *own])}.")
        preset_of(self)


def preset_of(rules: Rules) -> Preset:
    """The preset that the rules name, with the cuts that they change. ``ValueError`` for a cut that does not fit its levels."""
    preset = PRESETS[rules.preset] if rules.preset in PRESETS else own_preset(rules.preset, rules.presets[rules.preset])
    changed = {value: rule for value in VALUES if (rule := getattr(rules, value)) is not None}
    try:
        cuts: dict[str, Any] = {value: cut_of(value, preset.levels, rule) for value, rule in changed.items()}
    except ValueError as error:
        raise ValueError(f"rfm.{error}") from None
    return replace(preset, **cuts)


@dataclass(frozen=True)
class Scale:
    """A cut as fitted: thresholds in days, orders or currency.

    ``largest``: the base's largest value, if that alone puts a value into the top level, else None.
    """

    thresholds: tuple[float, ...]
    is_threshold_above: bool
    largest: float | None


@dataclass(frozen=True)
class Parameters:
    """All that ``apply`` needs.

    ``customers_count`` counts customers with a purchase; ``groups`` maps a cell such as ``"543"`` to its group.
    """

    rules: Rules
    customers_count: int
    levels: int
    recency: Scale
    frequency: Scale
    money: Scale
    groups: dict[str, str]
    groups_zh: dict[str, str]
    warnings: tuple[str, ...]


def fit(facts: pl.LazyFrame, rules: Rules) -> Parameters:
    """Thresholds of the base of customers with a purchase.

    Reads ``orders_count``, ``recency_days`` and the window's two columns; the base is who bought within the window. A base without spread
    (one customer, all equal, 90 % with one order) gives thresholds that coincide, so fewer distinct scores, and a warning for each value
    concerned.
    """
    preset = preset_of(rules)
    orders, money = WINDOWS[rules.window]
    buyers = (
        facts.filter((pl.col("orders_count") > 0) & (pl.col(orders) > 0))
        .select(recency=pl.col("recency_days"), frequency=pl.col(orders), money=pl.col(money))
        .drop_nulls()
        .select(pl.all().cast(pl.Float64))
        .collect(engine="streaming")
    )
    base = {name: np.sort(buyers[name].to_numpy()) for name in buyers.columns}
    scales = {name: _scale(getattr(preset, name), values) for name, values in base.items()}
    warnings = [w for name, values in base.items() for w in _warnings(name, scales[name], preset.levels, values)]
    return Parameters(
        rules=rules,
        customers_count=buyers.height,
        levels=preset.levels,
        **scales,
        groups={f"{r}{f}{m}": group for (r, f, m), group in preset.groups.items()},
        groups_zh={group: preset.names_zh[group] for group in sorted({*preset.groups.values(), PROSPECT})},
        warnings=tuple(warnings) if buyers.height else ("no customer has a purchase: there is nothing to cut",),
    )


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``r_score``, ``f_score``, ``m_score`` (1 to ``levels``), ``rfm_group`` and ``rfm_group_zh``.

    A customer without a purchase has null scores and is ``prospect``; one who bought before the window alone has the lowest of frequency
    and money. Money of zero or less scores 1, however little the others brought.
    """
    levels = parameters.levels
    orders, amount = WINDOWS[parameters.rules.window]
    net_amount = pl.col(amount).cast(pl.Float64)
    recency = levels + 1 - _level(pl.col("recency_days"), parameters.recency, levels)
    frequency = pl.when(pl.col(orders) > 0).then(_level(pl.col(orders), parameters.frequency, levels)).otherwise(1)
    money = pl.when(net_amount > 0).then(_level(net_amount, parameters.money, levels)).otherwise(1)
    has_purchase = pl.col("orders_count") > 0
    cell = pl.col("r_score").cast(pl.Int16) * 100 + pl.col("f_score").cast(pl.Int16) * 10 + pl.col("m_score").cast(pl.Int16)
    return (
        facts.with_columns(
            r_score=pl.when(has_purchase).then(recency).cast(pl.Int8),
            f_score=pl.when(has_purchase).then(frequency).cast(pl.Int8),
            m_score=pl.when(has_purchase).then(money).cast(pl.Int8),
        )
        .with_columns(rfm_group=_lookup(cell, {int(cell): group for cell, group in parameters.groups.items()}).fill_null(PROSPECT))
        .with_columns(rfm_group_zh=_lookup(pl.col("rfm_group"), parameters.groups_zh))
    )


def _scale(cut: Cut, values: Values) -> Scale:
    has_spread = len(values) > 0 and values[0] < values[-1]
    return Scale(
        thresholds=cut.thresholds(values) if len(values) else (),
        is_threshold_above=cut.is_threshold_above,
        largest=float(values[-1]) if cut.is_largest_in_top_level and has_spread else None,
    )


def _level(value: pl.Expr, scale: Scale, levels: int) -> pl.Expr:
    level = pl.lit(1, pl.Int8)
    for threshold in scale.thresholds:
        level = level + (value >= threshold if scale.is_threshold_above else value > threshold).cast(pl.Int8)
    return level if scale.largest is None else pl.when(value >= scale.largest).then(pl.lit(levels, pl.Int8)).otherwise(level)


def _lookup(key: pl.Expr, names: Mapping[int, str] | Mapping[str, str]) -> pl.Expr:
    return key.replace_strict(list(names.keys()), list(names.values()), return_dtype=pl.String)


def _warnings(name: str, scale: Scale, levels: int, values: Values) -> list[str]:
    if not len(values):
        return []
    used = pl.LazyFrame({name: values}).select(_level(pl.col(name), scale, levels).n_unique()).collect().item()
    if used == levels:
        return []
    distinct, counts = np.unique(values, return_counts=True)
    commonest, share = distinct[counts.argmax()], counts.max() / len(values)
    return [f"{name}: {used} of {levels} scores occur; {share:.0%} of {len(values):,} customers share the value {commonest:g}"]
