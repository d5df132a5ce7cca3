"""What a backtest says of bases made by hand, and of the two real ones whose figures stand in docs/backtest.md."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from transforms import backtest, scores

from .purchases import PURCHASES, facts_of_purchases, happened_after
from .regimes import REGIMES, last_cut, purchases_of

CUT, DAYS = date(2024, 6, 30), 90
RULES = backtest.Rules(resamples=30)


def measured(purchases: pl.DataFrame, cut: date = CUT, days: int = DAYS, rules: backtest.Rules = RULES) -> backtest.Result:
    """A backtest on purchases, with scores by the default rules."""
    facts = facts_of_purchases(purchases, cut)
    parameters = scores.fit(facts, scores.Rules())
    happened = happened_after(purchases, cut, days)
    return backtest.measure(backtest.table(facts, scores.apply(facts, parameters), happened, parameters.clv, days), rules, 0.1)


def bought(days_of: dict[str, list[str]], amount: float = 10) -> pl.DataFrame:
    rows = [(who, date.fromisoformat(day), f"{who}{day}", amount) for who, days in days_of.items() for day in days]
    return pl.DataFrame(rows, schema=PURCHASES, orient="row")


def figure(result: backtest.Result, measure: str, signal: str, baseline: str = "recency") -> dict[str, object]:
    return result.comparisons.row(
        by_predicate=(pl.col("measure") == measure) & (pl.col("signal") == signal) & (pl.col("baseline") == baseline), named=True
    )


FEW = bought(
    {
        "regular, back": ["2024-01-10", "2024-02-10", "2024-03-10", "2024-04-10", "2024-05-10", "2024-07-01", "2024-08-01"],
        "once, gone": ["2024-06-20"],
        "once, too late": ["2024-01-02", "2024-09-29"],
        "after the cut alone": ["2024-07-15"],
        "twice, back": ["2024-05-01", "2024-06-01", "2024-07-20"],
    }
)


def test_customers_are_those_with_a_purchase_by_the_cut_and_nothing_after_the_horizon_counts() -> None:
    result = measured(FEW)
    assert {name: result.totals[name] for name in ("customers", "came_back", "purchase_days", "net_amount")} == {
        "customers": 4,
        "came_back": 2,
        "purchase_days": 3,
        "net_amount": 30.0,
    }


def test_each_score_stands_beside_recency_on_the_same_customers() -> None:
    result = measured(FEW)
    # recency: 10 days (gone), 29 (back), 51 (back), 180 (gone)
    assert figure(result, "auc", "rfm")["baseline_value"] == 0.5
    assert figure(result, "auc", "loyalty")["value"] == 1.0
    assert figure(result, "auc", "loyalty")["gain"] == 0.5


def test_what_cannot_be_told_of_a_small_base_is_unknown_and_the_rest_is_told() -> None:
    result = measured(FEW)
    assert figure(result, "auc", "p_alive")["customers"] == 0
    assert (figure(result, "auc", "p_alive")["value"], figure(result, "auc", "p_alive")["verdict"]) == (None, "unknown")
    assert result.totals["expected_net_amount"] is None
    assert result.calibration.is_empty()
    assert set(result.deciles["ranking"]) == {"money_so_far", "recency", "loyalty"}


@pytest.mark.parametrize("back", [pytest.param("2024-07-15", id="all came back"), pytest.param("2025-01-01", id="nobody did")])
def test_where_all_do_the_same_nothing_is_better_than_anything(back: str) -> None:
    result = measured(bought({"a": ["2024-01-01", back], "b": ["2024-02-01", "2024-03-01", back]}))
    assert set(result.comparisons.filter(measure="auc")["verdict"]) == {"unknown"}
    assert result.groups["came_back"].n_unique() == 1


def test_groups_account_for_every_customer_and_all_the_money() -> None:
    result = measured(FEW)
    for _, groups in result.groups.group_by("dimension"):
        assert groups["customers"].sum() == 4
        assert groups["share_of_net_amount"].sum() == pytest.approx(1)
    assert result.groups["dimension"].unique(maintain_order=True).to_list() == list(backtest.GROUPS)


def test_deciles_of_customers_that_all_tie_are_all_alike() -> None:
    result = measured(bought({f"{number:02}": ["2024-06-01", *(["2024-07-01"] if number < 5 else [])] for number in range(20)}))
    recency = result.deciles.filter(ranking="recency")
    assert recency["customers"].to_list() == [2] * 10
    assert recency["lift"].to_list() == pytest.approx([1.0] * 10)


# ── Who comes back, and who is lost ──────────────────────────────────────────────────────────────────────────────────


def customers_of(**columns: list[object]) -> pl.DataFrame:
    """A ``table`` of customers with these columns; what is not given is the same of everybody."""
    height = len(columns["came_back"])
    plain = {"customer_id": [f"c{number}" for number in range(height)], "purchase_days_after": [0] * height}
    same = dict.fromkeys((*backtest.SIGNALS, "net_amount_after", "expected_net_amount"), [1.0] * height)
    groups = {f"in_{name}": ["x"] * height for name in backtest.GROUPS}
    return pl.DataFrame({**plain, **same, **groups, **columns})


def test_the_lost_come_last_and_the_others_by_their_chance() -> None:
    rows = pl.DataFrame(
        {
            "is_lost": [True, True, False, False, False],
            "p_purchase": [0.9, 0.1, 0.0, 0.4, 0.8],
            "lifecycle_stage": ["decline", "decline", "stable", "exploration", "decline"],
            "overdue_ratio": [9.0, 9.0, 0.1, 0.1, 5.0],
        }
    )
    order = rows.select(signal=backtest.SIGNALS["lifecycle"])["signal"]
    assert order.arg_sort().to_list() == [1, 0, 2, 3, 4]
    unknown = rows.with_columns(p_purchase=pl.lit(None, pl.Float64)).select(signal=backtest.SIGNALS["lifecycle"])["signal"]
    assert unknown.rank("dense").to_list() == [1, 1, 4, 3, 2]


def test_the_score_to_trust_is_the_one_that_tells_best_who_comes_back() -> None:
    came_back = [True, False] * 100
    good = [2.0 if back else 1.0 for back in came_back]
    almost = [3 - value if number in (0, 7) else value for number, value in enumerate(good)]
    customers = customers_of(
        came_back=came_back, lifecycle=good, p_purchase=almost, loyalty=[-value for value in good], recency=[1.0] * 200, rfm=[None] * 200
    )
    trust = backtest.measure(customers, backtest.Rules(resamples=200), 0.1).trust
    assert dict(trust.select("signal", "verdict").iter_rows()) == {
        "lifecycle": "best",
        "p_purchase": "as_good",
        "recency": "less",
        "loyalty": "less",
    }
    assert trust["signal"].to_list() == ["lifecycle", "p_purchase", "recency", "loyalty"]
    assert trust.row(0, named=True)["value"] == 1.0


def test_how_many_of_the_lost_came_back_is_told_beside_what_was_expected_and_what_may() -> None:
    customers = customers_of(
        came_back=[True, False, False, True], p_purchase=[0.25, 0.5, 0.25, 0.9], in_lifecycle_stage=["lost", "lost", "lost", "stable"]
    )
    lost = backtest.measure(customers, RULES, 0.1).lost
    expected = {"customers": 3, "came_back": 1, "expected_to_come_back": 1.0, "share": pytest.approx(1 / 3), "allowed_share": 0.1}
    assert {name: lost[name] for name in expected} == expected
    assert 0 <= lost["share_low"] <= lost["share"] <= lost["share_high"] <= 1


@pytest.mark.parametrize("horizon_days", [31, 90])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", REGIMES)
def test_the_lifecycle_does_not_lose_to_recency_or_bg_nbd_in_any_regime(name: str, seed: int, horizon_days: int) -> None:
    regime = REGIMES[name]
    found = measured(purchases_of(regime, seed), last_cut(regime, horizon_days), horizon_days, backtest.Rules(resamples=100))
    for baseline in ("recency", "p_purchase"):
        row = figure(found, "auc", "lifecycle", baseline)
        # Nobody can tell two AUC that differ by less than a thousandth.
        assert row["verdict"] != "worse" or row["gain"] > -0.001, row
    assert found.lost["customers"] > 0
    assert found.lost["share"] <= found.lost["allowed_share"]


def test_the_order_of_the_purchases_changes_no_figure() -> None:
    assert measured(FEW.reverse()).comparisons.equals(measured(FEW).comparisons)


def test_nobody_by_the_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="no customer had a purchase by the cut"):
        measured(FEW, cut=date(2023, 1, 1))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        pytest.param({"resamples": 1}, "backtest.resamples is 1; expected a number from 10 to 10000", id="too few draws"),
        pytest.param({"bins": 1}, "backtest.bins is 1; expected a number from 2 to 100", id="one bin"),
    ],
)
def test_rules_out_of_range_are_refused(rules: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        backtest.Rules(**rules)


# ── Real bases ───────────────────────────────────────────────────────────────────────────────────────────────────────


def cdnow(folder: Path) -> pl.DataFrame:
    lines = pl.read_csv(folder / "cdnow" / "CDNOW_master.txt", has_header=False, new_columns=["line"], separator="\0", skip_rows=1)
    parts = lines["line"].str.strip_chars().str.extract_groups(r"(\d+)\s+(\d{8})\s+\d+\s+([\d.]+)").struct.unnest()
    customer, day, amount = (parts[name] for name in parts.columns)
    return pl.select(customer_id=customer, day=day.str.to_date("%Y%m%d"), order_id=customer + day, amount=amount.cast(pl.Float64))


def online_retail(folder: Path) -> pl.DataFrame:
    lines = pl.scan_csv(folder / "online_retail" / "*.csv", infer_schema=False, encoding="utf8-lossy")
    return (
        lines.filter(pl.col("CustomerID") != "")
        .select(
            customer_id="CustomerID",
            day=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
            order_id="InvoiceNo",
            amount=pl.col("Quantity").cast(pl.Float64) * pl.col("UnitPrice").cast(pl.Float64),
        )
        .collect()
    )


REAL = {"cdnow": (cdnow, date(1997, 9, 30), 39 * 7), "online_retail": (online_retail, date(2011, 9, 9), 90)}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("base", "figures", "better"),
    [
        pytest.param(
            "cdnow",
            {"p_alive": 0.700, "p_purchase": 0.746, "overdue_ratio": 0.762, "lifecycle": 0.766, "loyalty": 0.769},
            {"overdue_ratio", "lifecycle", "rfm", "loyalty"},
            id="CDNOW",
        ),
        pytest.param(
            "online_retail",
            {"p_alive": 0.579, "p_purchase": 0.734, "overdue_ratio": 0.697, "lifecycle": 0.731, "loyalty": 0.739},
            {"p_purchase", "overdue_ratio", "lifecycle", "lifecycle_stage", "rfm", "loyalty"},
            id="Online Retail",
        ),
    ],
)
def test_real_customers_came_back_as_the_scores_of_the_cut_say(
    shared_data: Path, base: str, figures: dict[str, float], better: set[str]
) -> None:
    """Figures of AUC as in docs/backtest.md, to two digits: there from the whole street, here from the purchases alone."""
    read, cut, days = REAL[base]
    found = measured(read(shared_data), cut, days).comparisons.filter(measure="auc", baseline="recency")
    told = dict(found.select("signal", "value").iter_rows())
    assert {name: told[name] for name in figures} == pytest.approx(figures, abs=0.006)
    assert set(found.filter(verdict="better")["signal"]) == better
