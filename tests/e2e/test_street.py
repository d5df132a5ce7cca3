"""The whole street on sample dumps whose truth is known: what was planted is what is published, held and quarantined."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.run import Failed
from orchestration.sample import write_sample
from tests.e2e.conftest import Home
from transforms import prediction

pytestmark = pytest.mark.slow

CONTRACT_360 = """
customer_id, as_of_date, orders_count, first_order_at, last_order_at, recency_days, net_amount, gross_amount, refund_amount,
average_order_amount, r_score, f_score, m_score, rfm_group, rfm_group_zh, previous_rfm_group, rfm_group_changed_at, abc_class,
lifecycle_stage, lifecycle_stage_zh, lifecycle_reasons, overdue_ratio, p_alive, expected_orders_90d, clv_365d, next_order_expected_on,
loyalty_score, loyalty_type, reviews_count, mean_rating, last_rating, has_open_complaint, preferred_category, preferred_channel"""
CONTRACT_TABLES = """
customer_360, dim_customers, dim_products, fct_orders, fct_order_lines, fct_refunds, fct_reviews, customer_facts, customer_scores,
segment_history, segment_movements, list_members, list_results, monthly_trends, run_parameters, review_topics, product_satisfaction,
topic_outcomes"""


def _names(listed: str) -> set[str]:
    return {name.strip() for name in listed.replace("\n", " ").split(",")}


@pytest.fixture(scope="module")
def sample(make_home: Callable[[str], Home]) -> Home:
    home = make_home("currency: CNY\ntime_zone: Asia/Shanghai\nsources: {online: {profile: canonical}, shops: {profile: canonical}}\n")
    write_sample(home.folder, customers=300, seed=3)
    return home


@pytest.fixture(scope="module")
def first_run(sample: Home) -> dict[str, object]:
    return sample.run()


@pytest.fixture(scope="module")
def truth(sample: Home) -> dict[str, dict[str, dict[str, int]]]:
    return json.loads((sample.folder / "truth" / "totals.json").read_text(encoding="utf-8"))


def test_every_row_delivered_is_clean_or_in_quarantine_as_the_truth_says(first_run, truth) -> None:
    landing, planted = first_run["landing"], truth["inbox"].values()
    told = {name: sum(feed[name] for feed in planted) for name in ("files_held", "files_no_op", "rows_clean", "rows_quarantined")}
    assert landing["files_held"] == told["files_held"]
    assert landing["files_already_loaded"] == told["files_no_op"]
    assert (landing["rows_clean"], landing["rows_quarantined"]) == (told["rows_clean"], told["rows_quarantined"])


def test_every_planted_fault_is_found_at_its_line_for_its_reason_and_nothing_else_is(first_run, sample: Home) -> None:
    planted = pl.read_parquet(sample.folder / "truth" / "faults.parquet").filter(outcome="quarantined")
    found = pl.read_parquet(sample.folder / "quarantine" / "*" / "*.parquet")
    keys = ("source", "file", "line", "reason")
    told = set(planted.filter(delivered_in="inbox").select(keys).iter_rows())
    seen = set(found.select("source", pl.col("file_name").alias("file"), "line", "reason").iter_rows())
    assert told <= seen
    assert seen <= set(planted.select(keys).iter_rows())


def test_the_tables_and_columns_of_the_contract_are_published(first_run, sample: Home) -> None:
    tables = {name for (name,) in sample.published("select table_name from information_schema.tables where table_schema = 'marts'")}
    assert _names(CONTRACT_TABLES) <= tables
    assert {path.name for path in (sample.folder / "published" / "parquet").iterdir()} == tables
    assert _names(CONTRACT_360) <= set(
        pl.read_parquet_schema(sample.folder / "published" / "parquet" / "customer_360" / "customer_360.parquet")
    )


def test_the_master_has_every_customer_once_by_id_in_each_of_its_files(first_run, sample: Home) -> None:
    package = sample.folder / "exports" / "latest"
    known = [customer for (customer,) in sample.published("select customer_id from marts.customer_facts")]
    sheet = CalamineWorkbook.from_path(package / "customers.xlsx").get_sheet_by_index(0).to_python()
    assert pl.read_parquet(package / "customers.parquet")["customer_id"].to_list() == sorted(known)
    assert pl.read_csv(package / "customers.csv")["customer_id"].to_list() == sorted(known)
    assert [row[0] for row in sheet[1:]] == sorted(known)


def test_every_stage_of_the_street_was_timed(first_run) -> None:
    assert {"land", "identity", "texts", "facts", "scores", "views", "lists", "validate", "exports", "publish"} <= set(first_run["stages"])


def test_what_the_words_of_reviews_say_agrees_with_their_stars_and_is_counted_by_product_and_customer(first_run, sample: Home) -> None:
    ((bad, misread, good, misread_good),) = sample.published(
        """select count(*) filter (rating <= 2), count(*) filter (rating <= 2 and text_tone = 'positive'),
                  count(*) filter (rating >= 4), count(*) filter (rating >= 4 and text_tone = 'negative')
           from marts.fct_reviews where text_tone is not null"""
    )
    assert bad > 10
    assert good > 50
    assert misread <= 0.05 * bad
    assert misread_good <= 0.05 * good
    assert sample.published(
        """select (select count(*) from marts.fct_reviews where product_key is not null)
                  - (select sum(reviews_count) from marts.product_satisfaction),
                  (select count(*) from marts.customer_360 where blamed_topics is not null)
                  - (select count(distinct customer_id) from marts.review_topics where tone = 'negative')"""
    ) == [(0, 0)]
    assert sample.published("select count(*), count(distinct topic), count(distinct finding) > 0 from marts.topic_outcomes") == [
        (12, 6, True)
    ]


def test_one_person_under_several_ids_is_one_customer(first_run, sample: Home) -> None:
    people = pl.read_parquet(sample.folder / "truth" / "customers.parquet")
    ((published,),) = sample.published("select count(*) from marts.dim_customers where source_ids_count > 1")
    assert 0 < published <= people.height


def test_lists_hold_only_people_who_may_be_contacted_and_the_manifest_accounts_for_the_rest(first_run, sample: Home) -> None:
    folder = sample.folder / "exports" / "latest"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    available = {name: entry for name, entry in manifest["lists"].items() if entry["available"]}
    assert len(available) >= 11
    assert {"points_expiring", "near_next_tier", "uncollected_pickups"}.isdisjoint(available)
    for name, entry in available.items():
        assert pl.read_parquet(folder / f"{name}.parquet").height == entry["sent"]
        assert (folder / f"{name}.csv").exists()
        assert (folder / f"{name}.xlsx").exists()
        assert entry["chosen"] == entry["sent"] + sum(entry["dropped"].values())
    assert sum(entry["sent"] for entry in available.values()) > 0
    record = json.loads((sample.folder / "published" / "publication.json").read_text(encoding="utf-8"))
    assert manifest["run_id"] == record["run_id"]


def test_a_published_list_becomes_the_file_of_a_platform_row_by_row(first_run, sample: Home) -> None:
    published = json.loads((sample.folder / "exports" / "latest" / "manifest.json").read_text(encoding="utf-8"))
    sizes = {name: entry["sent"] for name, entry in published["lists"].items() if entry["available"] and entry["channel"] == "email"}
    largest = max(sizes, key=lambda name: sizes[name])
    told = CliRunner().invoke(app, ["export", largest, "--for", "google", "--plain", "--home", str(sample.folder)])
    assert told.exit_code == 0, told.output
    (folder,) = (sample.folder / "platform_files").glob(f"*/{largest}/google")
    manifest = json.loads((folder / f"{largest}_google.csv.manifest.json").read_text(encoding="utf-8"))
    assert manifest["people"] + sum(manifest["dropped_at_download"].values()) == sizes[largest]
    assert manifest["written"] + sum(manifest["refused"].values()) == manifest["people"]
    addresses = pl.read_csv(folder / f"{largest}_google.csv", infer_schema=False)
    assert addresses.height == manifest["written"] > 0
    assert addresses["Phone"].drop_nulls().str.contains(r"^\+861\d{10}$").all()
    assert "platform_files" not in {path.name for path in (sample.folder / "published").rglob("*")}


def test_nothing_published_for_bi_shows_a_name_an_address_or_a_number(first_run, sample: Home) -> None:
    clear = {value for feed in ("customers", "orders") for value in _contact_details(sample, feed)}
    for path in (sample.folder / "published" / "parquet").rglob("*.parquet"):
        shown = pl.read_parquet(path)
        texts = {text for column in shown.columns if shown[column].dtype == pl.String for text in shown[column].drop_nulls().unique()}
        assert not clear & texts, path.name


def _contact_details(sample: Home, feed: str) -> set[str]:
    found = pl.scan_parquet(sample.folder / "lake" / "clean" / feed / "*.parquet").select("email", "phone").collect()
    return set(found["email"].drop_nulls()) | set(found["phone"].drop_nulls())


def test_a_failing_suite_stops_publishing_and_says_which_rows_and_why(first_run, sample: Home) -> None:
    before = (sample.folder / "published").resolve()
    with pytest.raises(
        Failed, match=r"mart_measures: buyers: expected that at least one purchase belongs to a known customer up to the as-of day"
    ):
        sample.run(as_of="2020-01-01")
    assert (sample.folder / "published").resolve() == before


def test_the_next_day_is_added_and_the_redelivered_day_replaced(first_run, sample: Home, truth) -> None:
    sample.run(is_full=True)  # another test may have looked at another day, on which other ids were one person
    before = sample.published("select count(*) from marts.fct_orders")
    lists = json.loads((sample.folder / "exports" / "latest" / "manifest.json").read_text(encoding="utf-8"))["lists"]
    assert sample.published("select count(*) from marts.list_results") == [(0,)]
    delivered = sorted((sample.folder / "truth" / "later").rglob("*.*"))
    for path in delivered:
        target = sample.folder / "inbox" / path.relative_to(sample.folder / "truth" / "later")
        if target.exists():
            target.unlink()
        shutil.copyfile(path, target)
    second = sample.run()
    assert second["published"]
    assert second["as_of"] > first_run["as_of"]
    assert sample.published("select count(*) from marts.fct_orders") > before
    assert second["landing"]["files"] == len(delivered), "a second day reads its own files and no others"
    assert second["stages"]["start"] < 2.5, "in a warm process nothing is imported or parsed again, which takes far longer"
    ((touched,),) = sample.working("select count(*) from intermediate.int_touched_orders")
    assert 0 < touched < 0.05 * before[0][0], "a second day builds the orders that its files can reach"
    last_segments = "select sql like '%customer_segments%' from duckdb_views() where view_name = 'int_last_segments'"
    assert sample.working(last_segments) == [(True,)], "a second day is added to the history of segments"
    daily = sample.fingerprints()
    assert sample.run(is_full=True)["published"], "asked to build everything anew, a run does so without news"
    assert sample.working("select count(*) from intermediate.int_touched_orders") == [(0,)]
    assert sample.working(last_segments) == [(False,)]
    assert sample.fingerprints() == daily, "day by day or at once, readers see the same"
    folders = {path.name for path in (sample.folder / "exports").iterdir()}
    assert {first_run["as_of"], second["as_of"], "latest"} <= folders
    assert sample.published(
        "select max(changed_at)::varchar <= max(as_of_date)::varchar from marts.segment_history, marts.customer_360"
    ) == [(True,)]
    campaigns = {name: entry for name, entry in lists.items() if entry["available"] and not entry["is_internal"]}
    on_lists = {name: entry["sent"] + entry["dropped"]["holdout"] for name, entry in campaigns.items()}
    followed = sample.published("select list_name, listed_count, sent_count, verdict from marts.list_results")
    assert {name: listed for name, listed, _, _ in followed} == {name: listed for name, listed in on_lists.items() if listed}
    assert {name: sent for name, _, sent, _ in followed} == {name: lists[name]["sent"] for name, *_ in followed}
    assert {verdict for *_, verdict in followed} == {"still running"}
    told = CliRunner().invoke(app, ["results", "--home", str(sample.folder)])
    assert (told.exit_code, "Nothing yet: first results on " in told.output) == (0, True), told.output


def test_a_day_after_a_day_needs_no_dbt_and_leaves_what_a_full_run_leaves(make_home: Callable[..., Home]) -> None:
    home = make_home("currency: CNY\ntime_zone: Asia/Shanghai\n")
    write_sample(home.folder, customers=60, seed=8)
    first = date.fromisoformat(home.run()["as_of"])
    home.run(as_of=str(first + timedelta(days=1)))
    log = home.folder / "state" / "dbt" / "logs" / "dbt.log"
    said = log.read_bytes()
    assert home.run(as_of=str(first + timedelta(days=2)))["published"]
    assert log.read_bytes() == said, "what dbt said of the day before serves every day"
    daily = home.fingerprints()
    home.run(as_of=str(first + timedelta(days=2)), is_full=True)
    assert log.read_bytes() != said
    assert home.fingerprints() == daily


def test_a_backtest_says_how_well_the_scores_of_a_past_day_predicted_and_changes_nothing_else(first_run, sample: Home) -> None:
    tables = sample.fingerprints()
    waiting = sorted((sample.folder / "inbox").rglob("*"))
    told = CliRunner().invoke(app, ["backtest", "--home", str(sample.folder), "--cut", "2026-05-31", "--horizon", "90"])
    assert told.exit_code == 0, told.output
    assert "customers with a purchase" in told.output
    folder = sample.folder / "backtests" / "2026-05-31_90"
    figures = json.loads((folder / "backtest.json").read_text(encoding="utf-8"))
    recency = next(row for row in figures["comparisons"] if (row["signal"], row["baseline"]) == ("overdue_ratio", "recency"))
    assert recency["value"] > 0.6
    assert figures["totals"]["customers"] > figures["totals"]["came_back"] > 0
    assert (folder / "report.zh.html").exists()
    assert sample.fingerprints() == tables
    assert sorted((sample.folder / "inbox").rglob("*")) == waiting
    assert list((sample.folder / "as_of").iterdir()) == [], "no clear-text details stay behind"


def test_the_scores_tell_who_truly_dropped_out(first_run, sample: Home) -> None:
    people = pl.read_parquet(sample.folder / "truth" / "customers.parquet")
    ids = people.select(
        "dropped_out_at", ids=pl.concat_list(*(pl.lit(f"{kind}:") + pl.col(f"{kind}_ids").list.first() for kind in ("online", "shops")))
    )
    links = dict(sample.published("select source || ':' || source_customer_id, customer_id from marts.customer_links"))
    truth = ids.explode("ids").drop_nulls("ids").with_columns(customer_id=pl.col("ids").replace_strict(links, default=None))
    truth = truth.group_by("customer_id").agg(is_gone=pl.col("dropped_out_at").is_not_null().first()).drop_nulls()
    scores = sample.published("select customer_id, overdue_ratio, p_alive from marts.customer_scores where overdue_ratio is not null")
    found = pl.DataFrame(scores, schema=["customer_id", "overdue_ratio", "p_alive"], orient="row").join(truth, on="customer_id")
    came_back = found.drop_nulls("p_alive")  # whether somebody who bought once has left, the truth decides by chance
    for score, direction in (("overdue_ratio", 1), ("p_alive", -1)):
        measure = prediction.auc(direction * came_back[score].cast(pl.Float64).to_numpy(), came_back["is_gone"].to_numpy())
        assert measure(np.ones((1, came_back.height)))[0] > 0.8, score


def test_nothing_new_publishes_nothing(first_run, sample: Home) -> None:
    sample.run()
    again = sample.run()
    assert (again["published"], again["is_current"]) == (False, True)


def test_money_of_all_customers_and_the_unidentified_is_the_money_of_all_orders(first_run, sample: Home) -> None:
    query = """select (select sum(net_amount) from marts.customer_facts)
        + (select coalesce(sum(net_amount), 0) from marts.fct_orders where is_counted and customer_id is null)
        - (select sum(net_amount) from marts.fct_orders where is_counted)"""
    assert sample.published(query) == [(Decimal(0),)]


def test_the_name_of_a_home_may_hold_the_signs_of_sql_and_of_patterns(make_home: Callable[..., Home]) -> None:
    home = make_home("currency: CNY\n", name="the [shop's] home")
    (home.folder / "inbox" / "shop").mkdir(parents=True)
    for day in ("2026-03-01", "2026-03-02"):
        rows = [f"{day}-{number},C{number},{day} 10:00:00,1,{number}" for number in range(1, 6)]
        text = "\n".join(["order_id,customer_id,ordered_at,quantity,unit_price", *rows]) + "\n"
        (home.folder / "inbox" / "shop" / f"orders_{day}.csv").write_text(text, encoding="utf-8")
        assert home.run()["published"]
    assert home.published("select count(*), sum(net_amount) from marts.fct_orders") == [(10, 30)]
