"""RFM's presets: shipped ones as published, cuts as settings ask for them, a merchant's own, refused unless every cell has one group."""

import dataclasses
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import rfm, rfm_presets, scores

from .histories import Customer, days_ago, facts_of
from .test_rfm import SCORES, base_of, scored

# ── Shipped: total partitions ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("preset", "cells"), [("grid_11", 125), ("rfm_r_030", 125), ("klaviyo_3x3x3", 27), ("cn_8", 8)])
def test_each_cell_of_a_shipped_preset_has_exactly_one_group_with_a_chinese_name(preset: str, cells: int) -> None:
    levels = rfm_presets.PRESETS[preset].levels
    every_cell = list(product(range(1, levels + 1), repeat=3))
    thresholds = rfm.Scale(tuple(float(level) for level in range(1, levels)), is_threshold_above=False, largest=None)
    facts = base_of([levels + 1 - r for r, _, _ in every_cell], [f for _, f, _ in every_cell], [m for _, _, m in every_cell])
    parameters = dataclasses.replace(rfm.fit(facts, rfm.Rules(preset)), recency=thresholds, frequency=thresholds, money=thresholds)

    result = rfm.apply(facts, parameters).collect()

    assert len(every_cell) == cells
    assert result.select(SCORES).rows() == every_cell
    assert result["rfm_group"].to_list() == [rfm_presets.PRESETS[preset].groups[cell] for cell in every_cell]
    assert result["rfm_group_zh"].to_list() == [rfm_presets.GROUP_NAMES_ZH[group] for group in result["rfm_group"]]


GRID_11 = [
    (5, "new_customers potential_loyalists potential_loyalists champions champions"),
    (4, "promising potential_loyalists potential_loyalists loyal_customers champions"),
    (3, "about_to_sleep about_to_sleep need_attention loyal_customers loyal_customers"),
    (2, "hibernating hibernating at_risk at_risk cannot_lose"),
    (1, "lost lost at_risk at_risk cannot_lose"),
]


@pytest.mark.parametrize(("r", "groups"), [pytest.param(r, groups.split(), id=f"R{r}") for r, groups in GRID_11])
def test_grid_11_maps_r_and_fm(r: int, groups: list[str]) -> None:
    assert [rfm_presets.PRESETS["grid_11"].groups[r, fm, fm] for fm in range(1, 6)] == groups


def test_grid_11_uses_all_of_its_eleven_groups() -> None:
    assert len(set(rfm_presets.PRESETS["grid_11"].groups.values())) == 11


@pytest.mark.parametrize(
    ("f", "m", "fm"),
    [
        pytest.param(1, 2, 2, id="1.5 counts as 2"),
        pytest.param(2, 3, 3, id="2.5 counts as 3"),
        pytest.param(5, 2, 4, id="3.5 counts as 4"),
        pytest.param(4, 5, 5, id="4.5 counts as 5"),
        pytest.param(1, 5, 3, id="whole means stay"),
        pytest.param(1, 1, 1, id="lowest stays"),
    ],
)
def test_half_an_fm_counts_for_the_customer(f: int, m: int, fm: int) -> None:
    groups = rfm_presets.PRESETS["grid_11"].groups
    assert [groups[r, f, m] for r in range(1, 6)] == [groups[r, fm, fm] for r in range(1, 6)]


R_CELLS = [
    ("555", "champions"),
    ("333", "potential_loyalists"),
    ("222", "loyal_customers"),
    ("313", "promising"),
    ("512", "new_customers"),
    ("144", "cannot_lose"),
    ("155", "at_risk"),
    ("153", "need_attention"),
    ("311", "about_to_sleep"),
    ("131", "lost"),
    ("215", "others"),
    ("551", "others"),
]


@pytest.mark.parametrize(("cell", "group"), [pytest.param(cell, group, id=f"{cell} {group}") for cell, group in R_CELLS])
def test_the_first_range_of_rfm_r_030_that_matches_wins(cell: str, group: str) -> None:
    r, f, m = map(int, cell)
    assert rfm_presets.PRESETS["rfm_r_030"].groups[r, f, m] == group


def test_rfm_r_030_adds_one_to_its_thresholds_and_counts_a_value_on_one_as_above_it() -> None:
    facts = base_of([10, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60])
    assert rfm.fit(facts, rfm.Rules("rfm_r_030")).frequency.thresholds == (3, 4, 5, 6)
    assert scored(facts, "rfm_r_030")["f_score"].to_list() == [1, 1, 2, 3, 4, 5]


def test_a_preset_with_a_cell_left_out_is_refused() -> None:
    cut = rfm_presets.Cut(rfm_presets.quantiles(2))
    cells = dict.fromkeys(product((1, 2), repeat=3), "lost")
    del cells[1, 2, 1]
    with pytest.raises(ValueError, match=r"2 levels has a group for each of 8 cells; wrong: \[\(1, 2, 1\)\]"):
        rfm_presets.Preset(2, cut, cut, cut, cells, rfm_presets.GROUP_NAMES_ZH)


def test_a_preset_with_a_group_without_a_chinese_name_is_refused() -> None:
    cut = rfm_presets.Cut(rfm_presets.quantiles(2))
    with pytest.raises(ValueError, match="without a Chinese name: \\['stars'\\]"):
        rfm_presets.Preset(2, cut, cut, cut, dict.fromkeys(product((1, 2), repeat=3), "stars"), rfm_presets.GROUP_NAMES_ZH)


def test_an_unknown_preset_is_refused_and_the_known_are_listed() -> None:
    with pytest.raises(ValueError, match=r"rfm.preset is 'grid_12'; known presets: grid_11, rfm_r_030, klaviyo_3x3x3, cn_8"):
        rfm.Rules(preset="grid_12")


# Klaviyo's help centre, "Understanding RFM segments".
KLAVIYO = {
    "champions": "333 332 323",
    "loyal": "321 322 331 232 233",
    "recent": "312 313 311 222 223",
    "needs_attention": "213 221 123 132 133",
    "at_risk": "231 212 122 131 211",
    "inactive": "111 112 113 121",
}


@pytest.mark.parametrize(("group", "cells"), KLAVIYO.items(), ids=KLAVIYO)
def test_klaviyo_3x3x3_has_the_published_cells(group: str, cells: str) -> None:
    groups = rfm_presets.PRESETS["klaviyo_3x3x3"].groups
    assert {"".join(map(str, cell)) for cell, found in groups.items() if found == group} == set(cells.split())


def test_klaviyo_3x3x3_cuts_recency_at_180_and_365_days_and_the_rest_in_thirds() -> None:
    facts = base_of([180, 181, 365, 366, 9, 9], [1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60])
    result = scored(facts, "klaviyo_3x3x3")
    assert result["r_score"].to_list() == [3, 2, 2, 1, 3, 3]
    assert result["f_score"].to_list() == result["m_score"].to_list() == [1, 1, 2, 2, 3, 3]


# Recency, frequency and money, each above (1) or below (0) the line, as Chinese textbooks write the eight.
CN_8 = {
    "111": "重要价值客户", "011": "重要保持客户", "101": "重要发展客户", "001": "重要挽留客户",
    "110": "一般价值客户", "100": "一般发展客户", "010": "一般保持客户", "000": "一般挽留客户",
}  # fmt: skip


@pytest.mark.parametrize(("signs", "name_zh"), CN_8.items(), ids=CN_8)
def test_cn_8_has_the_names_of_the_eight(signs: str, name_zh: str) -> None:
    preset = rfm_presets.PRESETS["cn_8"]
    r, f, m = (int(sign) + 1 for sign in signs)
    assert preset.names_zh[preset.groups[r, f, m]] == name_zh


# ── Cuts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

TEN = [1, 1, 1, 1, 1, 1, 2, 3, 4, 15]
CUTS = [
    ("mean of the base: 3", "mean", [1, 1, 1, 1, 1, 1, 1, 1, 2, 2]),
    ("median of the base: 1", "median", [1, 1, 1, 1, 1, 1, 2, 2, 2, 2]),
    ("at least a fixed value", 3, [1, 1, 1, 1, 1, 1, 1, 2, 2, 2]),
    ("at least a fixed value, as a list", [2.5], [1, 1, 1, 1, 1, 1, 1, 2, 2, 2]),
    ("the top 20 %", "top 20%", [1, 1, 1, 1, 1, 1, 1, 1, 2, 2]),
    ("the top 70 %, less those who share a value with the rest", "top 70 %", [1, 1, 1, 1, 1, 1, 2, 2, 2, 2]),
    ("nobody reaches it", 99, [1] * 10),
]


@pytest.mark.parametrize(("rule", "scores"), [pytest.param(*case, id=name) for name, *case in CUTS])
def test_frequency_and_money_are_cut_as_asked(rule: Any, scores: list[int]) -> None:
    facts = base_of([9] * 10, TEN, TEN)
    rules = rfm.Rules("cn_8", frequency=rule, money=rule)
    result = rfm.apply(facts, rfm.fit(facts, rules)).sort("orders_count").collect()
    assert result["f_score"].to_list() == result["m_score"].to_list() == scores


@pytest.mark.parametrize(
    ("rule", "scores"),
    [
        pytest.param("mean", [2, 2, 2, 2, 2, 2, 2, 2, 1, 1], id="no longer ago than the mean: 3"),
        pytest.param("median", [2, 2, 2, 2, 2, 2, 1, 1, 1, 1], id="no longer ago than the median: 1"),
        pytest.param(3, [2, 2, 2, 2, 2, 2, 2, 2, 1, 1], id="at most a fixed number of days ago"),
        pytest.param("top 20%", [2, 2, 2, 2, 2, 2, 1, 1, 1, 1], id="the most recent fifth, and all who share its day"),
    ],
)
def test_recency_is_cut_the_other_way_round(rule: Any, scores: list[int]) -> None:
    facts = base_of(TEN, [1] * 10, [1] * 10)
    result = rfm.apply(facts, rfm.fit(facts, rfm.Rules("cn_8", recency=rule))).sort("recency_days").collect()
    assert result["r_score"].to_list() == scores


def test_the_thresholds_of_a_cut_are_published() -> None:
    facts = base_of(TEN, TEN, TEN)
    fitted = rfm.fit(facts, rfm.Rules("cn_8", frequency="median", money=7))
    assert (fitted.recency.thresholds, fitted.frequency.thresholds, fitted.money.thresholds) == ((3.0,), (1.0,), (7.0,))


def test_a_shipped_preset_may_be_cut_at_fixed_values_too() -> None:
    facts = base_of([9] * 6, [1, 2, 3, 4, 5, 9], [1] * 6)
    fitted = rfm.fit(facts, rfm.Rules("grid_11", frequency=[2, 3, 4, 5]))
    assert rfm.apply(facts, fitted).sort("orders_count").collect()["f_score"].to_list() == [1, 2, 3, 4, 5, 5]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"preset": "cn_8", "money": "most"}, "rfm.money is 'most'; expected quantiles, mean, median, 'top 20%',", id="word"),
        pytest.param({"preset": "cn_8", "money": "top 0%"}, "rfm.money is 'top 0%'; expected", id="top nobody"),
        pytest.param({"preset": "cn_8", "recency": [30, 60]}, r"rfm.recency has the thresholds \[30, 60\]; expected 1", id="too many"),
        pytest.param({"recency": "mean"}, "rfm.recency is 'mean', which makes 2 levels; expected quantiles or 4 thresholds", id="5 levels"),
        pytest.param({"recency": [1, 2, 2, 3]}, "rfm.recency has the thresholds .* expected 4, ascending", id="not ascending"),
        pytest.param({"preset": "cn_8", "money": True}, "rfm.money is True; expected quantiles", id="a truth"),
        pytest.param({"window": "last_week"}, "rfm.window is 'last_week'; expected all_time or last_12_months", id="window"),
        pytest.param({"presets": ["mine"]}, r"rfm.presets is \['mine'\]; expected presets by their names", id="a list of presets"),
    ],
)
def test_cuts_and_windows_that_make_no_sense_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rfm.Rules(**rules)


# ── Windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_within_a_window_only_its_orders_and_money_count_and_only_its_buyers_are_the_base() -> None:
    people = (
        Customer("a", days_ago(10, 20, 30)),
        Customer("b", days_ago(5)),
        Customer("once_great", days_ago(*range(400, 440))),
        Customer("back", days_ago(*range(400, 440), 3)),
        Customer("never"),
    )
    facts = facts_of(*people)
    always, lately = (rfm.fit(facts, rfm.Rules(window=window)) for window in ("all_time", "last_12_months"))
    assert (always.customers_count, lately.customers_count) == (4, 3)
    found = rfm.apply(facts, lately).collect()
    by_name = {row["customer_id"]: row for row in found.iter_rows(named=True)}
    assert [by_name[name]["f_score"] for name in ("a", "b", "back", "once_great")] == [5, 1, 1, 1]
    assert [by_name["once_great"][score] for score in SCORES] == [1, 1, 1]
    assert (by_name["once_great"]["rfm_group"], by_name["never"]["rfm_group"]) == ("lost", "prospect")
    assert rfm.apply(facts, always).collect().filter(customer_id="once_great")["f_score"].item() == 4


# ── A merchant's own ─────────────────────────────────────────────────────────────────────────────────────────────────


def own(**changes: Any) -> dict[str, Any]:
    """Three levels, three groups; a change of None leaves a key out."""
    groups = {
        "stars": {"zh": "明星", "cells": ["3[2-3][2-3]"]},
        "sleepers": {"zh": "沉睡", "cells": ["1**"]},
        "rest": {"zh": "其他", "cells": ["2**", "31*", "3[2-3]1"]},
    }
    given = {"levels": 3, "recency": [30, 90], "groups": groups, **changes}
    return {key: value for key, value in given.items() if value is not None}


def groups_of(**cells: list[str]) -> dict[str, Any]:
    return {name: {"zh": "名", "cells": patterns} for name, patterns in cells.items()}


def test_a_preset_of_ones_own_scores_and_names_its_groups() -> None:
    facts = base_of([30, 31, 90, 91, 1, 1], [1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60])
    parameters = rfm.fit(facts, rfm.Rules("mine", presets={"mine": own()}))
    result = rfm.apply(facts, parameters).sort("customer_id").collect()
    assert result["r_score"].to_list() == [3, 2, 2, 1, 3, 3]
    assert result["rfm_group"].to_list() == ["rest", "rest", "rest", "sleepers", "stars", "stars"]
    assert result["rfm_group_zh"].to_list() == ["其他", "其他", "其他", "沉睡", "明星", "明星"]


def test_parameters_of_a_preset_of_ones_own_read_back_from_json_are_the_same() -> None:
    facts = facts_of(Customer("a", days_ago(9)), Customer("b", days_ago(40, 50)))
    fitted = scores.fit(facts, scores.Rules(rfm=rfm.Rules("mine", recency=(10, 20), presets={"mine": own()})))
    assert scores.Parameters.from_json(fitted.to_json()) == fitted


FAULTY = [
    (
        "cells in none and in two",
        {"levels": 2, "recency": None, "groups": groups_of(stars=["22*", "212"], sleepers=["1**", "212"])},
        r"every one of its 8 cells .* one group; in none: 211; in more than one: 212 \(stars, sleepers\)\.",
    ),
    (
        "cells in none",
        {"groups": groups_of(stars=["[2-3]**", "1[2-3]*", "113"])},
        r"every one of its 27 cells .*; in none: 111, 112\.",
    ),
    ("cells in two", {"groups": groups_of(all=["***"], stars=["333"])}, r"; in more than one: 333 \(all, stars\)\."),
    (
        "a pattern of two",
        {"groups": groups_of(all=["**"])},
        r"groups.all.cells has '\*\*'; expected three of: a level from 1 to 3",
    ),
    ("a level there isn't", {"groups": groups_of(all=["4**"])}, r"groups.all.cells has '4\*\*'; expected three of"),
    ("a range turned round", {"groups": groups_of(all=["[3-1]**"])}, r"groups.all.cells has '\[3-1\]\*\*'"),
    ("no cells", {"groups": groups_of(all=[])}, r"groups.all.cells is \[\]; expected patterns"),
    ("no Chinese name", {"groups": {"all": {"cells": ["***"]}}}, "groups.all.zh is None; expected the group's name in Chinese"),
    ("a group's unknown key", {"groups": {"all": {"zh": "名", "cell": ["***"]}}}, "groups.all: unknown: cell. Known: zh, cells"),
    ("a group called prospect", {"groups": groups_of(prospect=["***"])}, "groups.prospect: expected a name .* not prospect"),
    ("an unknown key", {"level": 3}, "unknown: level. Known: levels, recency, frequency, money, groups"),
    ("no levels", {"levels": None}, "levels is None; expected a whole number from 2 to 5"),
    ("too many levels", {"levels": 6}, "levels is 6; expected a whole number from 2 to 5"),
    ("no groups", {"groups": None}, "groups is None; expected groups by their names"),
    ("a cut that doesn't fit", {"recency": [30]}, r"recency has the thresholds \[30\]; expected 2, ascending, for 3 levels"),
]


@pytest.mark.parametrize(("changes", "message"), [pytest.param(*case, id=name) for name, *case in FAULTY])
def test_a_preset_of_ones_own_that_is_faulty_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"^rfm\.presets\.mine.*{message}"):
        rfm.Rules("mine", presets={"mine": own(**changes)})


@pytest.mark.parametrize("name", ["grid_11", "Mine", "5_stars", ""])
def test_a_preset_of_ones_own_has_a_name_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match="expected a name of lower case letters, digits and underscores that is not one of grid_11"):
        rfm.Rules(presets={name: own()})


@given(
    levels=st.integers(2, 4),
    data=st.data(),
)
def test_every_way_to_give_each_cell_one_group_is_accepted_and_every_other_is_refused(levels: int, data: st.DataObject) -> None:
    cells = ["".join(map(str, cell)) for cell in product(range(1, levels + 1), repeat=3)]
    owners = data.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=len(cells), max_size=len(cells)))
    shared = {name: [cell for cell, owner in zip(cells, owners, strict=True) if owner == name] for name in dict.fromkeys(owners)}
    preset = rfm_presets.own_preset("mine", {"levels": levels, "groups": groups_of(**shared)})
    assert {"".join(map(str, cell)): group for cell, group in preset.groups.items()} == dict(zip(cells, owners, strict=True))

    cell = data.draw(st.sampled_from(cells))
    with_gap = {name: kept for name, patterns in shared.items() if (kept := [pattern for pattern in patterns if pattern != cell])}
    for faulty, fault in ((with_gap, rf"in none: {cell}\."), ({**shared, "d": [cell]}, rf"in more than one: {cell} \([abc], d\)\.")):
        if faulty:
            with pytest.raises(ValueError, match=fault):
                rfm_presets.own_preset("mine", {"levels": levels, "groups": groups_of(**faulty)})
