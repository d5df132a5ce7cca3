"""Every test of the dbt project finds the fault it is there for: tables are spoilt, one fault at a time, and exactly those tests fail."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.dbt.conftest import Warehouse
from tests.dbt.lake import Lake
from tests.dbt.merchant import AS_OF, VARIABLES, at, merchant

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[..., Warehouse]) -> Callable[[], tuple[Lake, Warehouse]]:
    """Makes a merchant's lake, and a warehouse in which all of it was built."""

    def make() -> tuple[Lake, Warehouse]:
        lake = merchant(tmp_path_factory.mktemp("home"))
        write(lake)
        built = new_warehouse(home=str(lake.home), **VARIABLES)
        built.dbt("run")
        return lake, built

    return make


@pytest.fixture(scope="module")
def sound(first_day) -> Warehouse:
    _, built = first_day()
    built.queries = built.tests()
    return built


@pytest.mark.parametrize(
    ("fault", "found_by"),
    [
        pytest.param("select 1", set(), id="nothing is wrong"),
        pytest.param(
            "insert into marts.fct_order_lines from marts.fct_order_lines where order_line_key = 'online:O1:a'",
            {
                "unique_fct_order_lines_order_line_key",
                "assert_lines_hold_the_money_of_the_clean_rows",
                "assert_orders_hold_the_money_of_their_lines",
                "assert_months_of_lines_hold_the_money_of_the_orders",
            },
            id="a join that fans lines out",
        ),
        pytest.param(
            "delete from marts.fct_order_lines where order_line_key = 'online:O4:#6'",
            {
                "assert_lines_hold_the_money_of_the_clean_rows",
                "assert_orders_hold_the_money_of_their_lines",
                "assert_months_of_lines_hold_the_money_of_the_orders",
            },
            id="one of two equal lines is lost",
        ),
        pytest.param(
            "update marts.fct_order_lines set order_key = 'online:O3' where order_key = 'online:O4'",
            {"assert_orders_hold_the_money_of_their_lines"},
            id="lines stand with another order of the month",
        ),
        pytest.param(
            "update marts.fct_orders set gross_amount = gross_amount + case order_key when 'online:O3' then 1 else -1 end,"
            " net_amount = net_amount + case order_key when 'online:O3' then 1 else -1 end where order_key in ('online:O3', 'online:O4')",
            {"assert_orders_hold_the_money_of_their_lines", "assert_customers_hold_the_money_of_the_orders"}
            | {"assert_months_hold_the_money_of_customers_and_the_unidentified"},
            id="a sum moved from one order to another of the month",
        ),
        pytest.param(
            "update marts.fct_order_lines set currency = 'USD' where order_key = 'online:O3'",
            {"assert_lines_hold_the_money_of_the_clean_rows", "assert_lines_are_converted_at_the_rate_of_their_day"},
            id="money under another currency",
        ),
        pytest.param(
            "update marts.fct_order_lines set ordered_date = '2025-02-28' where order_key = 'online:O3'",
            {"assert_lines_hold_the_money_of_the_clean_rows", "assert_months_of_lines_hold_the_money_of_the_orders"},
            id="money in another month",
        ),
        pytest.param(
            "insert into marts.fct_orders from marts.fct_orders where order_key = 'shop:R1'",
            {
                "unique_fct_orders_order_key",
                "assert_months_of_lines_hold_the_money_of_the_orders",
                "assert_customers_hold_the_money_of_the_orders",
                "assert_lines_hold_the_money_of_the_clean_rows",
                "assert_months_hold_the_money_of_customers_and_the_unidentified",
            },
            id="an order stands twice",
        ),
        pytest.param(
            "update parts.customer_activity set net_amount = net_amount + 0.0001 where customer_id = 'online:C1'",
            {"assert_customers_hold_the_money_of_the_orders", "assert_months_hold_the_money_of_customers_and_the_unidentified"},
            id="a hundredth of a cent too much",
        ),
        pytest.param(
            "update parts.customer_activity set refund_amount = refund_amount + case customer_id when 'online:C1' then 1 else -1 end"
            " where customer_id in ('online:C1', 'online:C2')",
            {"assert_customers_hold_the_money_of_the_orders"},
            id="one customer's refund with another",
        ),
        pytest.param(
            "delete from parts.customer_activity where customer_id = 'market:K1'",
            {
                "assert_customers_and_the_unidentified_hold_the_orders",
                "assert_customers_hold_the_money_of_the_orders",
                "assert_months_hold_the_money_of_customers_and_the_unidentified",
                "assert_every_customer_has_scores",
            },
            id="a customer has no facts",
        ),
        pytest.param(
            "delete from marts.fct_refunds where order_key = 'shop:R1'",
            {"assert_customers_hold_the_money_of_the_orders", "assert_months_hold_the_money_of_customers_and_the_unidentified"},
            id="a refund is lost",
        ),
        pytest.param(
            "update marts.monthly_trends set orders_count = orders_count - 1",
            {"assert_months_hold_the_money_of_customers_and_the_unidentified"},
            id="the unidentified are left out of the months",
        ),
        pytest.param(
            "update marts.fct_order_lines set currency = 'EUR' where order_line_key = 'online:O1:a'",
            {"assert_lines_hold_the_money_of_the_clean_rows", "assert_lines_are_converted_at_the_rate_of_their_day"},
            id="another currency, taken for the reporting one",
        ),
        pytest.param(
            "update marts.fct_order_lines set exchange_rate = 7.15 where order_key = 'abroad:A1'",
            {"assert_lines_are_converted_at_the_rate_of_their_day"},
            id="a rate that was corrected since",
        ),
        pytest.param(
            "delete from marts.held_orders",
            {"assert_lines_hold_the_money_of_the_clean_rows"},
            id="an order without a rate is forgotten",
        ),
        pytest.param(
            "update marts.held_orders set original_gross_amount = original_gross_amount - 0.0001",
            {"assert_lines_hold_the_money_of_the_clean_rows"},
            id="a held order loses a hundredth of a cent",
        ),
        pytest.param(
            "update marts.held_orders set order_key = 'online:O1'",
            {"assert_held_orders_are_nowhere_else"},
            id="an order waits and counts",
        ),
        pytest.param(
            "update marts.fct_orders set payments_count = 4, original_paid_amount = 10 where order_key = 'online:O4'",
            {"assert_orders_hold_the_money_of_their_payments"},
            id="a join that fans payments out",
        ),
        pytest.param(
            "update marts.order_status_changes set status = 'shipped'",
            {"assert_status_changes_end_at_the_orders_status"},
            id="a history that ends elsewhere than the order",
        ),
        pytest.param(
            "update marts.fct_orders set customer_id = null where order_key = 'online:O2'",
            {"assert_every_source_customer_is_linked"},
            id="a source customer without a person",
        ),
        pytest.param(
            "update marts.fct_orders set customer_id = 'online:C77' where order_key = 'online:O2'",
            {"relationships_fct_orders_customer_id"},
            id="a person whom nobody knows",
        ),
        pytest.param(
            "delete from parts.customer_scores_lasting where customer_id = 'online:C4'",
            {"assert_every_customer_has_scores"},
            id="a customer is left out",
        ),
        pytest.param(
            "update parts.customer_scores_moving set as_of_date = as_of_date - 1 where customer_id = 'online:C4'",
            {"assert_every_customer_has_scores"},
            id="scores of another day",
        ),
        pytest.param(
            "update parts.customer_scores_lasting set customer_id = 'online:C99' where customer_id = 'online:C4'",
            {"assert_every_customer_has_scores"},
            id="as many scores, one of somebody else",
        ),
        pytest.param(
            "insert into parts.customer_scores_moving (customer_id, as_of_date) values ('online:C99', date '2025-01-01')",
            {"assert_every_customer_has_scores"},
            id="scores of nobody, of another day",
        ),
        pytest.param(
            "update parts.customer_scores_lasting set rfm_group = null",
            {"assert_every_customer_has_scores"},
            id="nobody is in a group",
        ),
        pytest.param(
            "insert into parts.customer_scores_lasting from parts.customer_scores_lasting where customer_id = 'online:C4'",
            {"unique_customer_scores_lasting_customer_id", "assert_every_customer_has_scores"},
            id="scores stand twice",
        ),
        pytest.param(
            "insert into marts.segment_history from marts.segment_history limit 1",
            {"unique_together_segment_history_customer_id__dimension__changed_at"},
            id="a change is recorded twice",
        ),
    ],
)
def test_a_fault_is_found(sound, tmp_path, fault, found_by):
    assert found(sound, fault, tmp_path) == found_by


@pytest.fixture(scope="module")
def day_after(first_day) -> Warehouse:
    """An order of C1 comes again and has been given back in part by now; all the rest stays as it was built."""
    lake, built = first_day()
    moments = {"ordered_at": at("03-01 02:00"), "paid_at": at("03-02 04:00"), "refunded_at": at("03-20 04:00")}
    lines = {"order_line_id": "a", "product_id": "P1", "category": "tea", "quantity": 3, "unit_price": 50, "refund_amount": 20}
    lake.deliver("2025-03-30 day", "online", "orders", [{"order_id": "O1", "customer_id": "C1", "status": "completed", **moments, **lines}])
    write(lake)
    built.day("--selector", "before_scores", as_of=AS_OF, built_as_of=AS_OF)
    built.day("--selector", "after_scores", as_of=AS_OF, built_as_of=AS_OF)
    built.queries = built.tests(full=False, built_as_of=AS_OF)
    return built


@pytest.mark.parametrize(
    ("fault", "found_by"),
    [
        pytest.param("select 1", set(), id="nothing is wrong"),
        pytest.param(
            "delete from marts.dim_customers where customer_id = 'online:C1'",
            {
                "relationships_fct_orders_customer_id",
                "relationships_fct_reviews_customer_id",
                "relationships_customer_links_customer_id__customer_id__ref_dim_customers_",
                "assert_every_customer_has_scores",
            },
            id="a person is not there",
        ),
        pytest.param(
            "delete from parts.customer_activity where customer_id = 'online:C1'",
            {
                "assert_customers_and_the_unidentified_hold_the_orders",
                "assert_customers_hold_the_money_of_the_orders",
                "assert_months_hold_the_money_of_customers_and_the_unidentified",
                "assert_every_customer_has_scores",
            },
            id="a customer has no facts",
        ),
        pytest.param(
            "update marts.fct_orders set customer_id = null where order_key = 'online:O1'",
            {
                "assert_every_source_customer_is_linked",
                "assert_customers_hold_the_money_of_the_orders",
                "assert_months_hold_the_money_of_customers_and_the_unidentified",
            },
            id="a source customer without a person",
        ),
        pytest.param(
            "update marts.fct_orders set customer_id = 'online:C77' where order_key = 'online:O1'",
            {"assert_customers_and_the_unidentified_hold_the_orders", "assert_customers_hold_the_money_of_the_orders"},
            id="a person whom nobody knows",
        ),
        pytest.param(
            "delete from marts.fct_orders where order_key = 'online:O1'",
            {
                "relationships_fct_refunds_order_key",
                "assert_orders_hold_the_money_of_their_lines",
                "assert_orders_hold_the_money_of_their_payments",
                "assert_lines_hold_the_money_of_the_clean_rows",
                "assert_customers_hold_the_money_of_the_orders",
                "assert_months_of_lines_hold_the_money_of_the_orders",
                "assert_months_hold_the_money_of_customers_and_the_unidentified",
            },
            id="an order is not there",
        ),
    ],
)
def test_a_fault_in_what_a_day_built_is_found(day_after, tmp_path, fault, found_by):
    assert found(day_after, fault, tmp_path) == found_by


def write(lake: Lake) -> None:
    """All files, every customer scored."""
    lake.write()
    customers = ["market:K1", "online:C1", "online:C2", "online:C3", "online:C4"]
    lake.score(date.fromisoformat(AS_OF), dict.fromkeys(customers, "champions"))


def found(warehouse: Warehouse, fault: str, folder: Path) -> set[str]:
    """Names of the tests that fail once the fault has happened."""
    spoilt = Path(shutil.copy(warehouse.path, folder))
    with duckdb.connect(str(spoilt)) as connection:
        connection.execute(f"attach '{warehouse.working}' as working (read_only)")
        connection.execute(fault)
        failing = {name for name, query in warehouse.queries.items() if connection.execute(query).fetchall()}
    return failing - {"assert_items_have_a_header"}  # of which the merchant has one, and it is a warning


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("update marts.fct_payments set state = 'lost' where order_key = 'online:O4'", id="a payment in no known state"),
        pytest.param("update marts.fct_reviews set rating = 6", id="six stars"),
        pytest.param("update marts.fct_orders set status = null", id="an order without a status"),
    ],
)
def test_a_value_that_the_contract_excludes_cannot_be_written(sound, tmp_path, fault):
    spoilt = Path(shutil.copy(sound.path, tmp_path))
    with duckdb.connect(str(spoilt)) as connection, pytest.raises(duckdb.ConstraintException):
        connection.execute(fault)
