"""A backtest's days, what it takes for what happened, and the pages it leaves."""

import json
import re
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration import lake
from orchestration import settings as home_settings
from orchestration.backtest import words
from orchestration.backtest.happened import happened
from orchestration.backtest.hidden import HiddenRows, hidden_rows
from orchestration.backtest.result_files import write
from orchestration.backtest.window import Window, window
from orchestration.dumps.landing import land
from orchestration.errors import RegularsError
from orchestration.settings import Settings
from tests.transforms.test_backtest import FEW, measured
from transforms import backtest

CUT = "2024-06-30"
WINDOW = Window(date(2024, 6, 30), 90, date(2024, 12, 31))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return home_settings.load(tmp_path / "home", {})


def publish(settings: Settings, as_of: str = "2024-12-31") -> Path:
    folder = settings.home / "published"
    folder.mkdir(parents=True)
    (folder / "publication.json").write_text(json.dumps({"as_of": as_of}))
    return folder


# ── The days ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cut", "horizon", "message"),
    [
        pytest.param("30.6.2024", 90, r"'30.6.2024' is not a day.*correct --cut", id="not a day"),
        pytest.param(CUT, 0, r"horizon of 0 days .*Expected: 1 to 3650", id="no horizon"),
        pytest.param(
            "2024-10-03",
            90,
            r"90 days after 2024-10-03 end on 2025-01-01, .* 2024-12-31.*cut on 2024-10-02 or",
            id="too late",
        ),
    ],
)
def test_days_that_cannot_be_looked_at_are_refused_with_what_to_do(settings: Settings, cut: str, horizon: int, message: str) -> None:
    publish(settings)
    with pytest.raises(RegularsError, match=message):
        window(settings, cut, horizon)


def test_without_a_publication_nobody_knows_what_happened(settings: Settings) -> None:
    with pytest.raises(RegularsError, match="Nothing is published yet"):
        window(settings, CUT, 90)


def test_the_horizon_may_end_on_the_last_published_day(settings: Settings) -> None:
    publish(settings)
    asked = window(settings, "2024-10-02", 90)
    assert (asked.end, asked.folder(settings).name) == (date(2024, 12, 31), "2024-10-02_90")


# ── What happened ────────────────────────────────────────────────────────────────────────────────────────────────────

ORDERS = """
create table {schema}.fct_orders as select * from (values
    ('s:back', date '2024-07-01', date '2024-07-01', true, true, 50.0, 5.0),
    ('s:back', date '2024-07-01', date '2024-07-02', true, true, 20.0, 0.0),
    ('s:back', date '2024-09-29', date '2024-09-29', true, true, 7.0, 0.0),
    ('s:paid late', date '2024-06-29', date '2024-07-03', true, true, 30.0, 0.0),
    ('s:only a fee', date '2024-07-05', date '2024-07-05', true, false, 4.0, 0.0),
    ('s:unpaid', date '2024-07-05', null, false, false, 99.0, 0.0),
    ('s:one person', date '2024-08-01', date '2024-08-01', true, true, 11.0, 0.0),
    (null, date '2024-08-01', date '2024-08-01', true, true, 1000.0, 0.0)
) as rows(customer_id, ordered_date, counted_date, is_counted, is_purchase, gross_amount, discount_amount)"""
REFUNDS = """
create table {schema}.fct_refunds as select * from (values
    ('s:gave back', date '2024-05-01', date '2024-08-01', true, 12.5),
    ('s:gave back', date '2024-05-01', date '2024-06-30', true, 100.0),
    ('s:gave back', date '2024-05-01', date '2024-12-01', true, 100.0)
) as rows(customer_id, counted_date, refund_date, is_counted, refund_amount)"""
LINKS = """
create table {schema}.customer_links as select * from (values
    ('s', 'one person', 's:one person'), ('s', 'other id', 's:one person'), ('s', 'back', 's:back')
) as rows(source, source_customer_id, customer_id)"""
FACTS = """
create table {schema}.customer_facts as select * from (values
    ('s:back', 1, date '2024-06-01'), ('s:paid late', 1, date '2024-06-01'), ('s:only a fee', 1, date '2024-06-01'),
    ('s:unpaid', 1, date '2024-06-01'), ('s:gave back', 1, date '2024-05-01'), ('s:prospect', 0, null),
    ('s:one person', 1, date '2024-03-01'), ('s:other id', 1, date '2024-06-01')
) as rows(customer_id, orders_count, last_order_date)"""


def test_what_happened_is_what_was_ordered_counted_and_given_back_within_the_horizon(settings: Settings) -> None:
    looking_back = settings.looking_back_to(CUT)
    tables = {publish(settings) / "warehouse.duckdb": (ORDERS, REFUNDS, LINKS), looking_back.warehouse: (FACTS,)}
    for path, statements in tables.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts")
            for statement in statements:
                connection.execute(statement.format(schema="marts"))
    found = {who: (days, float(money)) for who, days, money in happened(looking_back, WINDOW).iter_rows()}
    assert found == {
        "s:back": (1, 65.0),  # one day, and one a day too late
        "s:paid late": (0, 30.0),  # the money came, the customer did not
        "s:only a fee": (0, 4.0),
        "s:unpaid": (0, 0.0),
        "s:gave back": (0, -12.5),
        "s:other id": (1, 11.0),  # two ids known at the cut turned out to be one person: counted once, as who bought last
    }


# ── What the cut hides ───────────────────────────────────────────────────────────────────────────────────────────────


def land_orders(settings: Settings, files: dict[str, list[str]]) -> None:
    """Land a file of orders per name: one order on each of the days."""
    folder = settings.inbox / "shop"
    folder.mkdir(parents=True)
    for name, days in files.items():
        rows = [f"{name}-{number},C{number},{day} 12:00:00,1,10" for number, day in enumerate(days)]
        (folder / name).write_text("\n".join(["order_id,customer_id,ordered_at,quantity,unit_price", *rows]) + "\n", encoding="utf-8")
    with lake.open_ledger(settings) as ledger:
        landed = land(settings, ledger, "test", lambda share: None)
    assert not landed.held


def test_rows_from_before_the_cut_in_a_file_dated_after_it_are_warned_of_with_a_day_to_cut_on(settings: Settings) -> None:
    land_orders(settings, {"orders_2024-05-31.csv": ["2024-05-03", "2024-05-30"], "orders_2024-06-30.csv": ["2024-06-02", "2024-06-20"]})
    found = hidden_rows(settings.looking_back_to("2024-06-15"))
    assert found == HiddenRows(rows=1, files=1, file_name="orders_2024-06-30.csv", last_day="2024-05-30")
    assert "1 order rows from before the cut are not seen" in found.sentences["en"]
    assert "cut there instead" in found.sentences["en"]
    assert "2024-05-30" in found.sentences["zh"]


@pytest.mark.parametrize("cut", ["2024-05-30", "2024-06-29", "2024-06-30"])
def test_a_cut_that_hides_nothing_by_mistake_warns_of_nothing(settings: Settings, cut: str) -> None:
    land_orders(settings, {"orders_2024-05-31.csv": ["2024-05-03", "2024-05-30"], "orders_2024-06-30.csv": ["2024-06-02", "2024-06-20"]})
    assert hidden_rows(settings.looking_back_to(cut)) is None


def test_a_warning_is_on_both_pages_and_in_the_figures(settings: Settings) -> None:
    hidden = HiddenRows(rows=7, files=2, file_name="orders_2024-07-31.csv", last_day="2024-06-30")
    told = write(settings, WINDOW, measured(FEW), {}, hidden)
    for language in ("en", "zh"):
        assert told["warnings"][language] == [hidden.sentences[language]]
        assert hidden.sentences[language] in (WINDOW.folder(settings) / f"report.{language}.html").read_text(encoding="utf-8")


# ── What is advised ──────────────────────────────────────────────────────────────────────────────────────────────────

TRUST = pl.DataFrame({"signal": ["lifecycle", "p_purchase", "recency"], "value": [0.82, 0.81, 0.6], "verdict": ["best", "as_good", "less"]})
LOST = {"customers": 200, "came_back": 30, "share": 0.15, "share_low": 0.1, "share_high": 0.2, "allowed_share": 0.1}


@pytest.mark.parametrize(
    ("lost", "days", "language", "expected"),
    [
        pytest.param(LOST, 91, "en", "15.0% (10.0% to 20.0%). The 10% that are allowed are meant for 90 days", id="a longer horizon"),
        pytest.param(LOST, 90, "en", "15.0% (10.0% to 20.0%), more than the 10% that are allowed: raise lifecycle.lost_at", id="too many"),
        pytest.param({**LOST, "share": 0.1}, 90, "en", "10.0% (10.0% to 20.0%), within the 10%", id="as many as may"),
        pytest.param({**LOST, "customers": 0, "share": None}, 90, "en", "Nobody was called lost", id="nobody"),
        pytest.param(LOST, 90, "zh", "占 15.0%（10.0% 至 20.0%），超过设定的 10%", id="Chinese"),
    ],
)
def test_the_advice_names_the_best_score_and_says_whether_the_lost_are_lost(lost: dict, days: int, language: str, expected: str) -> None:
    best, about_lost = words.findings(TRUST, lost, days, language)
    assert words.text("lifecycle", language) in best
    assert "0.820" in best
    assert words.text("p_purchase", language) in best
    assert expected in about_lost


# ── What is left behind ──────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_need_nothing_beside_them_and_the_figures_are_those_of_the_result(settings: Settings) -> None:
    result = measured(FEW)
    told = write(settings, WINDOW, result, {"lost": "流失客户"})
    folder = settings.home / "backtests" / "2024-06-30_90"
    assert {path.name for path in folder.iterdir()} == {
        *(f"{name}.parquet" for name in ("comparisons", "calibration", "deciles", "groups", "trust")),
        *("backtest.png", "backtest.json", "report.en.html", "report.zh.html"),
    }
    assert (folder / "backtest.png").read_bytes().startswith(b"\x89PNG")
    for language, sentence in (("en", "Scores as of 2024-06-30"), ("zh", "以 2024-06-30 为截止日")):
        text = (folder / f"report.{language}.html").read_text(encoding="utf-8")
        assert sentence in text
        assert re.findall(r"<(?:script|link|img|iframe)\b", text) == []
        # names of XML's namespaces are no addresses to be fetched
        assert set(re.findall(r"https?://[^/\s\"']+", text)) <= {"http://www.w3.org"}
        assert re.findall(r"(?:href|src)=\"(?!#)", text.replace("xlink:", "")) == []
    assert "生命周期" in text, "the words of the picture are text too"
    figures = json.loads((folder / "backtest.json").read_text(encoding="utf-8"))
    assert figures["totals"]["customers"] == result.totals["customers"]
    assert figures["comparisons"] == result.comparisons.to_dicts() == told["comparisons"]


def test_everything_that_is_compared_has_words_in_both_languages() -> None:
    keys = {*backtest.SIGNALS, backtest.COARSE_RECENCY, *backtest.GROUPS, *(each.measure for each in backtest.COMPARISONS)} - {
        "expected_orders"
    }
    for key in keys:
        assert words.text(key, "en") != words.text(key, "zh"), key
