"""What is expected of content that landed: suites for clean, marts, scores and lists. No Dagster, no Great Expectations.

Tables that grow with orders are measured by the engine, one row per file or table, and the expectations judge the
measures; only customer-sized frames are judged row by row. ``keys`` name the rows in a result: never personal data.
Shapes belong to schemas and relations between tables to dbt tests; neither is repeated here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from orchestration import lake
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Expectation:
    """``kind``: the name of a Great Expectations class, ``terms`` its arguments. A ``warning`` is told and doesn't stop a run."""

    kind: str
    terms: dict[str, Any]
    because: str
    severity: Literal["critical", "warning"] = "critical"

    @property
    def columns(self) -> tuple[str, ...]:
        """What it looks at."""
        terms = self.terms
        return tuple(filter(None, (terms.get("column"), terms.get("column_A"), terms.get("column_B"), *terms.get("column_list", ()))))


@dataclass(frozen=True)
class Suite:
    """``frame``: what is judged. ``asset``: the asset it speaks for, which nothing goes past while it fails."""

    name: str
    asset: tuple[str, str]
    frame: "Callable[[Settings], pl.DataFrame]"
    keys: tuple[str, ...]
    expectations: tuple[Expectation, ...] = field(default=())


def _between(
    column: str, low: float | None, high: float | None, because: str, severity: Literal["critical", "warning"] = "critical"
) -> Expectation:
    return Expectation("ExpectColumnValuesToBeBetween", {"column": column, "min_value": low, "max_value": high}, because, severity)


def _among(column: str, values: tuple[str, ...], because: str) -> Expectation:
    return Expectation("ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)}, because)


def _unique(columns: tuple[str, ...], because: str) -> Expectation:
    if len(columns) == 1:
        return Expectation("ExpectColumnValuesToBeUnique", {"column": columns[0]}, because)
    return Expectation("ExpectCompoundColumnsToBeUnique", {"column_list": list(columns)}, because)


def _filled(column: str, because: str) -> Expectation:
    return Expectation("ExpectColumnValuesToNotBeNull", {"column": column}, because)


def _equal(left: str, right: str, because: str) -> Expectation:
    return Expectation("ExpectColumnPairValuesToBeEqual", {"column_A": left, "column_B": right}, because)


def _delivered_files(settings: Settings) -> "pl.DataFrame":
    """Grain: one row per live file, the ledger's counts beside the rows that really stand in the clean layer and in quarantine."""
    return lake.file_measures(settings)


def _marts(settings: Settings) -> "pl.DataFrame":
    """Grain: one row; counts over ``fct_orders`` and ``customer_facts``."""
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.sql(
            """select orders.*, customers.* from
            (select 'marts' as measured, count(*) as orders, count(*) filter (is_purchase) as purchases,
                    count(*) filter (is_purchase and customer_id is null) / greatest(count(*) filter (is_purchase), 1) as unidentified_share
             from marts.fct_orders) as orders,
            (select count(*) filter (orders_count > 0) as buyers, min(recency_days) as least_recency_days,
                    count(*) filter (net_amount < 0) / greatest(count(*), 1) as negative_net_share
             from marts.customer_facts) as customers"""
        ).pl()


def _scores(settings: Settings) -> "pl.DataFrame":
    import polars as pl

    return pl.read_parquet(settings.derived / "scores" / "customer_scores.parquet", glob=False)


def _members(settings: Settings) -> "pl.DataFrame":
    """Grain: one row per list and customer, with whether an address and a consent for its channel are on record."""
    return lake.members_with_permission(settings)


CLEAN = Suite(
    "clean_files",
    ("clean", "files"),
    _delivered_files,
    ("source", "file_name"),
    (
        _unique(("file_id",), "a delivered content counts once"),
        _equal("rows_clean", "rows_found", "every row that the ledger calls clean stands in the clean layer, once"),
        _equal("rows_quarantined", "rows_in_quarantine", "every refused row can be looked up in quarantine"),
        _equal("rows_delivered", "rows_accounted", "delivered = clean + quarantined"),
        _between("quarantined_share", 0, 0.05, "no more than one row in twenty of a file is refused", "warning"),
    ),
)

MARTS = Suite(
    "mart_measures",
    ("marts", "customer_facts"),
    _marts,
    ("measured",),
    (
        _between("purchases", 1, None, "there is at least one purchase up to the as-of day"),
        _between(
            "buyers", 1, None, "at least one purchase belongs to a known customer up to the as-of day; lists of nobody are not published"
        ),
        _between("least_recency_days", 0, None, "no purchase lies behind the as-of day"),
        _between("unidentified_share", 0, 0.5, "no more than half of all purchases name no customer", "warning"),
        _between("negative_net_share", 0, 0.05, "no more than one customer in twenty returned more than was bought", "warning"),
    ),
)

STAGES = ("exploration", "build_up", "stable", "decline")
SCORES = Suite(
    "score_rows",
    ("scores", "customer_scores"),
    _scores,
    ("customer_id",),
    (
        _unique(("customer_id",), "one row per customer"),
        *(_between(column, 1, 5, "scores run from 1 to 5") for column in ("r_score", "f_score", "m_score")),
        _filled("rfm_group", "every customer is in a group"),
        _filled("lifecycle_reasons", "every stage says why"),
        _among("lifecycle_stage", STAGES, "four stages"),
        _among("abc_class", ("A", "B", "C", "Z"), "four classes"),
        _between("loyalty_score", 0, 100, "loyalty runs from 0 to 100"),
        _filled("loyalty_score", "every customer has a loyalty score"),
        _between("overdue_ratio", 0, None, "a ratio of days"),
        _between("quality_score", 0, 100, "quality runs from 0 to 100"),
        _among("credit_grade", ("A", "B", "C", "D"), "four grades"),
        _between("satisfaction_rating", 1, 5, "stars run from 1 to 5"),
        _between("price_sensitivity", 0, 1, "a share"),
        _between("p_alive", 0, 1, "a probability"),
        _between("expected_orders_90d", 0, None, "nobody buys less than never"),
        _between("clv_365d", 0, None, "nobody is worth less than nothing"),
    ),
)

LISTS = Suite(
    "list_rows",
    ("lists", "list_members"),
    _members,
    ("list_name", "customer_id"),
    (
        _unique(("list_name", "customer_id"), "a customer is on a list once"),
        _among("may_be_contacted", ("yes", "not_sent"), "whoever is sent to has consented on that channel and has an address there"),
        _filled("reason", "every row says why"),
    ),
)

SUITES = (CLEAN, MARTS, SCORES, LISTS)
