"""What is expected of content that landed: suites for clean, marts, scores and lists. No Dagster, no Great Expectations.

Tables that grow with orders are measured by the engine, one row per file or table, and the expectations judge the
measures; only customer-sized frames are judged row by row. ``keys`` name the rows in a result: never personal data.
Shapes belong to schemas and relations between tables to dbt tests; neither is repeated here.
"""

from typing import TYPE_CHECKING

from orchestration import lake, warehouse
from orchestration.checks import lists
from orchestration.checks.expectations import Suite, among, between, equal, filled, unique
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl


def _delivered_files(settings: Settings) -> "pl.DataFrame":
    """Grain: one row per live file, the ledger's counts beside the rows that really stand in the clean layer and in quarantine."""
    return lake.file_measures(settings)


def _marts(settings: Settings) -> "pl.DataFrame":
    """Grain: one row; counts over ``fct_orders`` and ``customer_facts``. ``buyers`` is null where no purchase names a customer: some
    marketplaces don't say who buys."""
    with warehouse.connect(settings) as connection:
        return connection.sql(
            """select orders.*, customers.* exclude (buyers), if(identified_purchases > 0, buyers, null) as buyers from
            (select 'marts' as measured, count(*) as orders, count(*) filter (is_purchase) as purchases,
                    count(*) filter (is_purchase and customer_id is not null) as identified_purchases,
                    count(*) filter (is_purchase and customer_id is null) / greatest(count(*) filter (is_purchase), 1) as unidentified_share
             from marts.fct_orders) as orders,
            (select count(*) filter (orders_count > 0) as buyers, min(recency_days) as least_recency_days,
                    count(*) filter (net_amount < 0) / greatest(count(*), 1) as negative_net_share
             from marts.customer_facts) as customers"""
        ).pl()


def _scores(settings: Settings) -> "pl.DataFrame":
    import polars as pl

    return pl.read_parquet(settings.derived / "scores" / "customer_scores.parquet", columns=SCORES.columns, glob=False)


CLEAN = Suite(
    "clean_files",
    ("clean", "files"),
    _delivered_files,
    ("source", "file_name"),
    (
        unique(("file_id",), "a delivered content counts once"),
        equal("rows_clean", "rows_found", "every row that the ledger calls clean stands in the clean layer, once"),
        equal("rows_quarantined", "rows_in_quarantine", "every refused row can be looked up in quarantine"),
        equal("rows_delivered", "rows_accounted", "delivered = clean + quarantined + left out by a rule"),
        between("quarantined_share", 0, 0.05, "no more than one row in twenty of a file is refused", "warning"),
    ),
)

MARTS = Suite(
    "mart_measures",
    ("marts", "customer_facts"),
    _marts,
    ("measured",),
    (
        between("purchases", 1, None, "there is at least one purchase up to the as-of day"),
        between(
            "buyers", 1, None, "at least one purchase belongs to a known customer up to the as-of day; lists of nobody are not published"
        ),
        between(
            "identified_purchases", 1, None, "some purchase names a customer; without one there is nobody to score or write to", "warning"
        ),
        between("least_recency_days", 0, None, "no purchase lies behind the as-of day"),
        between("unidentified_share", 0, 0.5, "no more than half of all purchases name no customer", "warning"),
        between("negative_net_share", 0, 0.05, "no more than one customer in twenty returned more than was bought", "warning"),
    ),
)

STAGES = ("exploration", "build_up", "stable", "decline")
SCORES = Suite(
    "score_rows",
    ("scores", "customer_scores"),
    _scores,
    ("customer_id",),
    (
        unique(("customer_id",), "one row per customer"),
        *(between(column, 1, 5, "scores run from 1 to 5") for column in ("r_score", "f_score", "m_score")),
        filled("rfm_group", "every customer is in a group"),
        filled("lifecycle_reasons", "every stage says why"),
        among("lifecycle_stage", STAGES, "four stages"),
        among("abc_class", ("A", "B", "C", "Z"), "four classes"),
        between("loyalty_score", 0, 100, "loyalty runs from 0 to 100"),
        filled("loyalty_score", "every customer has a loyalty score"),
        among("loyalty_type", ("true", "latent", "spurious", "none", "unknown"), "five types"),
        between("overdue_ratio", 0, None, "a ratio of days"),
        between("quality_score", 0, 100, "quality runs from 0 to 100"),
        among("credit_grade", ("A", "B", "C", "D"), "four grades"),
        between("satisfaction_rating", 1, 5, "stars run from 1 to 5"),
        between("price_sensitivity", 0, 1, "a share"),
        between("p_alive", 0, 1, "a probability"),
        between("p_purchase_90d", 0, 1, "a probability"),
        between("expected_orders_90d", 0, None, "nobody buys less than never"),
        between("clv_365d", 0, None, "nobody is worth less than nothing"),
    ),
)

LISTS = Suite("list_rows", ("lists", "list_members"), lists.measures, ("list_name",), lists.EXPECTATIONS, lists.settle)

SUITES = (CLEAN, MARTS, SCORES, LISTS)
