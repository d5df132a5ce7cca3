"""Recency, frequency and money scores and the named group of every customer, by a named preset.

A preset is data: how each of the three values is cut into levels, and which group each cell of levels belongs to. Every preset is a
total partition, checked when this module is imported: each of its cells belongs to exactly one group.

A value's level is found from thresholds alone, so equal values always get equal scores. The best level is the highest one everywhere;
recency is the one value where small is good, so its level is turned round.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

Values = npt.NDArray[np.float64]
Cell = tuple[int, int, int]

PROSPECT = "prospect"

GROUP_NAMES_ZH = {
    "champions": "核心客户",
    "loyal_customers": "忠诚客户",
    "potential_loyalists": "准忠诚客户",
    "new_customers": "新客户",
    "promising": "可培养客户",
    "need_attention": "需关注客户",
    "about_to_sleep": "即将沉睡客户",
    "at_risk": "流失风险客户",
    "cannot_lose": "不可失去客户",
    "hibernating": "沉睡客户",
    "lost": "流失客户",
    "others": "其他客户",
    PROSPECT: "潜在客户",
}


@dataclass(frozen=True)
class Cut:
    """How one value is cut into levels.

    ``thresholds``: from the base's values (sorted ascending, at least one) to the thresholds, ascending.
    ``is_threshold_above``: a value equal to a threshold lies above it (lower ≤ x < upper) or below it (lower < x ≤ upper).
    ``is_largest_in_top_level``: the base's largest value is in the top level even where so many share it that no threshold lies
    below it; not where all values are equal, for then it is the smallest too.
    """

    thresholds: Callable[[Values], tuple[float, ...]]
    is_threshold_above: bool = False
    is_largest_in_top_level: bool = True


@dataclass(frozen=True)
class Preset:
    """Levels per value, a ``Cut`` for each, and the group of every (r, f, m) cell; a missing or strange cell raises ``ValueError``."""

    levels: int
    recency: Cut
    frequency: Cut
    money: Cut
    groups: Mapping[Cell, str]

    def __post_init__(self) -> None:
        expected = set(product(range(1, self.levels + 1), repeat=3))
        if wrong := self.groups.keys() ^ expected:
            raise ValueError(f"A preset of {self.levels} levels has a group for each of {len(expected)} cells; wrong: {sorted(wrong)}.")
        if unnamed := set(self.groups.values()) - GROUP_NAMES_ZH.keys():
            raise ValueError(f"Groups without a Chinese name: {sorted(unnamed)}.")


def quantiles(levels: int, plus: float = 0.0) -> Callable[[Values], tuple[float, ...]]:
    """Thresholds at the k/levels quantiles, type 7 of Hyndman & Fan (1996) (linear interpolation), ``plus`` a constant.

    The position (n − 1)·k/levels is split in whole numbers, so that a quantile that falls on a value *is* that value, at any n.
    """

    def thresholds(values: Values) -> tuple[float, ...]:
        found = []
        for k in range(1, levels):
            index, remainder = divmod((len(values) - 1) * k, levels)
            below, above = values[index], values[min(index + 1, len(values) - 1)]
            found.append(float(below + (above - below) * remainder / levels + plus))
        return tuple(found)

    return thresholds


def _grid_11() -> dict[Cell, str]:
    """R × FM, FM = (F + M) / 2 with a half counted for the customer (2.5 → 3): 25 cells, eleven groups, each cell in one of them."""
    # One row per R; columns FM 1 to 5. After the R × F map that most tutorials copy, with its lowest corner split by recency into
    # hibernating and lost, and the fairly recent with the very best FM counted among the champions.
    grid = {
        5: ("new_customers", "potential_loyalists", "potential_loyalists", "champions", "champions"),
        4: ("promising", "potential_loyalists", "potential_loyalists", "loyal_customers", "champions"),
        3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal_customers", "loyal_customers"),
        2: ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
        1: ("lost", "lost", "at_risk", "at_risk", "cannot_lose"),
    }
    return {(r, f, m): grid[r][(f + m + 1) // 2 - 1] for r, f, m in product(range(1, 6), repeat=3)}


def _rfm_r_030() -> dict[Cell, str]:
    """Ranges of R, F and M, both ends included; the first that matches wins, else ``others``. Source: R package rfm 0.3.0."""
    ranges = (
        ("champions", (5, 5), (5, 5), (5, 5)),
        ("potential_loyalists", (3, 5), (3, 5), (2, 5)),
        ("loyal_customers", (2, 4), (2, 4), (2, 4)),
        ("promising", (3, 4), (1, 3), (3, 5)),
        ("new_customers", (4, 5), (1, 3), (1, 5)),
        ("cannot_lose", (1, 2), (3, 4), (4, 5)),
        ("at_risk", (1, 2), (2, 5), (4, 5)),
        ("need_attention", (1, 3), (3, 5), (3, 5)),
        ("about_to_sleep", (2, 3), (1, 3), (1, 4)),
        ("lost", (1, 1), (1, 5), (1, 5)),
    )

    def group(cell: Cell) -> str:
        matches = (name for name, *bounds in ranges if all(low <= score <= high for score, (low, high) in zip(cell, bounds, strict=True)))
        return next(matches, "others")

    return {(r, f, m): group((r, f, m)) for r, f, m in product(range(1, 6), repeat=3)}


# In grid_11 a value on a threshold lies below it: when 70 % of customers have one order, those share the lowest frequency score; when
# 40 % bought on the last day of a sale, those share the best recency score. A tie at the other end is caught by the largest value.
_QUINTILES = Cut(quantiles(5))
_R_QUINTILES = Cut(quantiles(5, plus=1), is_threshold_above=True, is_largest_in_top_level=False)

PRESETS: dict[str, Preset] = {
    "grid_11": Preset(5, _QUINTILES, _QUINTILES, _QUINTILES, _grid_11()),
    "rfm_r_030": Preset(5, _R_QUINTILES, _R_QUINTILES, _R_QUINTILES, _rfm_r_030()),
}


@dataclass(frozen=True)
class Rules:
    preset: str = "grid_11"
    """Name of a preset: ``grid_11`` (ours) or ``rfm_r_030`` (R package rfm 0.3.0)."""

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"rfm.preset is {self.preset!r}; known presets: {', '.join(PRESETS)}.")


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

    Reads ``orders_count``, ``recency_days``, ``net_amount``. A base without spread (one customer, all equal, 90 % with one order) gives
    thresholds that coincide, so fewer distinct scores, and a warning for each value concerned.
    """
    preset = PRESETS[rules.preset]
    buyers = (
        facts.filter(pl.col("orders_count") > 0)
        .select(recency=pl.col("recency_days"), frequency=pl.col("orders_count"), money=pl.col("net_amount"))
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
        groups_zh={group: GROUP_NAMES_ZH[group] for group in sorted({*preset.groups.values(), PROSPECT})},
        warnings=tuple(warnings) if buyers.height else ("no customer has a purchase: there is nothing to cut",),
    )


def apply(facts: pl.LazyFrame, parameters: Parameters) -> pl.LazyFrame:
    """Adds ``r_score``, ``f_score``, ``m_score`` (1 to ``levels``), ``rfm_group`` and ``rfm_group_zh``.

    A customer without a purchase has null scores and is ``prospect``. Money of zero or less scores 1, however little the others brought.
    """
    levels = parameters.levels
    net_amount = pl.col("net_amount").cast(pl.Float64)
    recency = levels + 1 - _level(pl.col("recency_days"), parameters.recency, levels)
    frequency = _level(pl.col("orders_count"), parameters.frequency, levels)
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
