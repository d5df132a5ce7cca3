from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.dbt.conftest import Warehouse
from tests.dbt.merchant import VARIABLES, merchant
from transforms.schemas import CUSTOMER_FACTS

pytestmark = pytest.mark.slow

MARTS = (
    *("fct_orders", "fct_order_lines", "fct_refunds", "fct_reviews", "dim_customers", "dim_products", "customer_facts", "monthly_trends"),
    *("fct_payments", "held_orders", "payment_exceptions", "order_status_changes"),
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """The merchant's facts as of the end of March, before any score."""
    home = tmp_path_factory.mktemp("home")
    merchant(home).write()
    built = new_warehouse(home=str(home), **VARIABLES)
    built.statuses = built.dbt("build", "--selector", "before_scores")
    return built


def test_all_models_and_tests_pass_and_only_items_without_a_header_are_warned_of(warehouse):
    unhappy = {name: status for name, status in warehouse.statuses.items() if status not in ("success", "pass")}
    assert unhappy.keys() == {"assert_items_have_a_header"}
    assert unhappy["assert_items_have_a_header"].startswith("warn: Got 1 result")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            "select order_key, customer_id, status, is_purchase, lines_count, net_amount from marts.fct_orders order by 1",
            [
                ("abroad:A1", None, "completed", True, 2, Decimal("31.4164")),
                ("market:M1", "market:K1", "completed", True, 1, 15),
                ("market:M2", "market:K1", "paid", False, 0, 0),
                ("online:O1", "online:C1", "completed", True, 1, 140),
                ("online:O2", "online:C1", "pending", False, 1, 10),
                ("online:O3", None, "completed", True, 1, 20),
                ("online:O4", "online:C2", "completed", True, 2, 5),
                ("online:O5", "online:C2", "completed", False, 1, -2.5),
                ("online:O6", "online:C3", "completed", False, 1, 8),
                ("online:O7", "online:C3", "completed", False, 1, 500),
                ("online:O8", "online:C2", "completed", True, 1, 70),
                ("shop:R1", "online:C1", "completed", True, 1, 35),
                ("shop:R2", "online:C1", "completed", True, 1, 0),
            ],
            id="one row per order, of its latest version in live files, under the person's id",
        ),
        pytest.param(
            """select order_line_key, quantity, gross_amount, refund_amount, category
            from marts.fct_order_lines where source <> 'shop' order by 1""",
            [
                ("abroad:A1:#2", 1, Decimal("24.1664"), 0, None),
                ("abroad:A1:#3", 1, Decimal("14.5"), Decimal("7.25"), None),
                ("market:M1:1", 1, 15, 0, "toys"),
                ("online:O1:a", 3, 150, 0, "tea"),
                ("online:O2:#4", 1, 10, 0, None),
                ("online:O3:#5", 1, 20, 0, None),
                ("online:O4:#6", 1, 2.5, 0, None),
                ("online:O4:#7", 1, 2.5, 0, None),
                ("online:O5:#2", -1, 0, 2.5, None),
                ("online:O6:#3", 1, 8, 0, None),
                ("online:O7:#4", 1, 500, 0, None),
                ("online:O8:#5", 1, 70, 0, None),
            ],
            id="repeated line ids keep the last row, lines without an id are all kept",
        ),
        pytest.param(
            "select order_key, ordered_date, counted_date from marts.fct_orders where order_id in ('O1', 'O2', 'O8') order by 1",
            [
                ("online:O1", date(2025, 3, 1), date(2025, 3, 2)),
                ("online:O2", date(2025, 3, 1), None),
                ("online:O8", date(2025, 4, 1), date(2025, 4, 1)),
            ],
            id="days are cut in the merchant's time zone",
        ),
        pytest.param(
            "select order_key, refund_amount, refund_date, is_refund_date_known from marts.fct_refunds order by 1",
            [
                ("abroad:A1", Decimal("7.25"), date(2025, 3, 20), True),
                ("online:O5", 2.5, date(2025, 3, 10), False),
                ("shop:R1", 5, date(2025, 3, 31), True),
                ("shop:R2", 60, date(2025, 4, 1), True),
            ],
            id="refunds by the day they were given",
        ),
        pytest.param(
            """select customer_id, recency_days, tenure_days, orders_count, purchase_days_count, gross_amount, discount_amount,
                refund_amount, net_amount, average_order_amount, first_to_second_days, unpaid_orders_count, refunded_orders_count
            from marts.customer_facts order by 1""",
            [
                ("market:K1", 25, 25, 1, 1, 15, 0, 0, 15, 15, None, 0, 0),
                ("online:C1", 25, 30, 3, 3, 250, 10, 5, 235, Decimal("78.3333"), 4, 1, 1),
                ("online:C2", 29, 29, 1, 1, 5, 0, 2.5, 2.5, 2.5, None, 0, 1),
                ("online:C3", None, None, 0, 0, 8, 0, 0, 8, None, None, 0, 0),
                ("online:C4", None, None, 0, 0, 0, 0, 0, 0, None, None, 0, 0),
            ],
            id="facts of everybody known by the day, nothing later in them",
        ),
        pytest.param(
            """select mean_gap_days, round(gap_stddev_days, 4), categories_count, preferred_category, preferred_channel, full_price_share,
                reviews_count, mean_rating, last_rating, helpful_votes_count from marts.customer_facts where customer_id = 'online:C1'""",
            [(2.5, 2.1213, 2, "tea", "store", 0.4, 2, 3.0, 1, 2)],
            id="rhythm, tastes and opinions over both ids of a person",
        ),
        pytest.param(
            """select order_key, currency, exchange_rate, gross_amount, original_total_amount, original_refund_amount
            from marts.fct_orders where currency <> 'CNY'""",
            [("abroad:A1", "USD", Decimal("7.25"), Decimal("38.6664"), Decimal("5.3333"), 1)],
            id="another currency at the last rate delivered for the merchant's day, each amount rounded once",
        ),
        pytest.param(
            "select order_key, rate_date, currencies, reporting_currency, lines_count, original_gross_amount from marts.held_orders",
            [("abroad:A2", date(2025, 3, 9), "USD", "CNY", 2, 20)],
            id="an order without a rate of its day waits",
        ),
        pytest.param(
            """select order_key, lines_count, payments_count, total_amount, paid_amount
            from marts.fct_orders where payments_count > 0 order by 1""",
            [("online:O1", 1, 1, 140, 139), ("online:O4", 2, 2, 5, 5)],
            id="payments and lines of an order don't multiply",
        ),
        pytest.param(
            "select order_key, reason, original_difference_amount from marts.payment_exceptions",
            [("online:O1", "amount_differs", -1)],
            id="an order that was paid otherwise than it cost is listed",
        ),
        pytest.param(
            "select order_key, change_number, previous_status, status, changed_at, delivered_date from marts.order_status_changes",
            [("market:M1", 1, "pending", "completed", None, date(2025, 3, 7))],
            id="what an order's versions said of its status",
        ),
        pytest.param(
            "select customer_id from marts.customer_facts where has_open_complaint",
            [("online:C2",)],
            id="an open ticket is an open complaint",
        ),
        pytest.param(
            "select review_key, customer_id, is_negative, is_before_purchase from marts.fct_reviews order by 1",
            [("online:V1:O1", "online:C1", True, False), ("online:V2:O1", "online:C1", False, True)],
            id="a review without a customer is by whoever ordered",
        ),
        pytest.param(
            """select name_masked, email_masked, phone_masked, city, source_ids_count, sources, first_seen_date, email_consent, sms_consent,
                wechat_consent from marts.dim_customers where customer_id = 'online:C1'""",
            [("王**", "a***@new.example", "138****1234", "上海", 2, "online, shop", date(2025, 2, 1), False, True, None)],
            id="a person is masked, and a no said after the day of the facts is honoured",
        ),
        pytest.param(
            "select name, email, phone, email_consent from working.private.customer_contacts where customer_id = 'online:C1'",
            [("王小明", "anna@new.example", "13812341234", False)],
            id="contacts are clear text in the private schema",
        ),
        pytest.param(
            "select product_key, product_id, product_name, category, is_in_catalogue from marts.dim_products order by 1",
            [("market:X", "X", "Kite", "toys", True), ("online:P1", "P1", None, "tea", False), ("shop:P1", "P1", None, "cups", False)],
            id="products of the catalogue and products only seen on lines",
        ),
        pytest.param(
            """select month, orders_count, customers_count, new_customers_count, net_amount, reviews_count
            from marts.monthly_trends order by 1""",
            [(date(2025, 2, 1), 0, 0, 0, 0, 1), (date(2025, 3, 1), 7, 3, 3, Decimal("311.9164"), 1)],
            id="months hold the unidentified too",
        ),
    ],
)
def test_facts(warehouse, query, expected):
    assert warehouse.rows(query) == expected


def test_the_facts_have_the_types_that_the_models_of_transforms_read(warehouse):
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        assert connection.sql("select * from marts.customer_facts").pl().schema == CUSTOMER_FACTS


def test_descriptions_travel_with_the_tables(warehouse):
    ((table, column),) = warehouse.rows(
        """select any_value(duckdb_views.comment), max(duckdb_columns.comment) filter (column_name = 'net_amount')
        from duckdb_views() join duckdb_columns() on duckdb_columns.table_name = view_name where view_name = 'customer_facts'"""
    )
    assert "Grain: one row per person" in table
    assert column == "gross_amount - discount_amount - refund_amount; may be negative"


def test_the_warehouse_keeps_the_format_that_old_readers_know(warehouse):
    assert warehouse.rows("select tags['storage_version'] from duckdb_databases() where database_name = 'warehouse'") == [("v1.4.0+",)]


def test_neither_the_order_of_processing_nor_the_batches_change_a_fact(warehouse, new_warehouse, tmp_path: Path):
    lake = merchant(tmp_path)
    for rows in (*lake.rows.values(), lake.files):
        rows.reverse()
    lake.write(batches=3)
    other = new_warehouse(home=str(tmp_path), **VARIABLES)
    other.dbt("run", "--selector", "before_scores")
    for table in MARTS:
        query = f"select * from marts.{table} order by all"
        assert other.rows(query) == warehouse.rows(query), table


def test_a_manifest_serves_another_home_and_another_day(warehouse, new_warehouse, tmp_path: Path):
    home = tmp_path / "l'été [2025] * ?"
    merchant(home).write()
    other = new_warehouse(home=str(home), **{**VARIABLES, "as_of": "2025-03-01"})
    other.dbt("run", "--select", "+customer_facts")
    facts = "select customer_id, orders_count, unpaid_orders_count, net_amount from marts.customer_facts order by 1"
    # O1 was placed on that day and paid on the next
    assert other.rows(facts) == [("online:C1", 0, 2, 0)]


@pytest.mark.parametrize(
    ("missing", "model", "sentence"),
    [
        ("home", "stg_files", "The var 'home' is not set. Expected the absolute path of the folder that holds lake/"),
        ("as_of", "customer_facts", "The var 'as_of' is not set. Expected the day of the facts, like 2025-03-31"),
    ],
)
def test_a_variable_that_is_not_set_is_named(warehouse, missing, model, sentence):
    assert sentence in warehouse.dbt("run", "--select", model, **{missing: None})[model]
