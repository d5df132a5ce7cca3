import re
from pathlib import Path

import pytest

from orchestration.exports import master
from tests.dbt.conftest import PROJECT, graph_of, invoke
from tests.dbt.lake import Lake
from transforms.schemas import CUSTOMER_FACTS, CUSTOMER_SCORES, PRODUCT_SATISFACTION, TOPIC_OUTCOMES

SQL_TYPES = {
    "String": "varchar",
    "Date": "date",
    "Datetime(time_unit='us', time_zone=None)": "timestamp",
    "Boolean": "boolean",
    "Int8": "tinyint",
    "Int32": "integer",
    "Int64": "bigint",
    "Float64": "double",
    "Decimal(precision=18, scale=4)": "decimal(18, 4)",
}

PUBLISHED = {
    "customer_360",
    "dim_customers",
    "customer_links",
    "customer_id_changes",
    "dim_products",
    "fct_orders",
    "fct_order_lines",
    "fct_refunds",
    "fct_reviews",
    "fct_payments",
    "order_status_changes",
    "held_orders",
    "payment_exceptions",
    "customer_facts",
    "customer_scores",
    "customer_segments",
    "shop_cities",
    "segment_history",
    "segment_movements",
    "monthly_trends",
    "run_parameters",
    "review_topics",
    "product_satisfaction",
    "topic_outcomes",
}

# fmt: off
CUSTOMER_360 = {
    "customer_id", "as_of_date", "orders_count", "first_order_at", "last_order_at", "recency_days", "net_amount", "gross_amount",
    "refund_amount", "average_order_amount", "r_score", "f_score", "m_score", "rfm_group", "rfm_group_zh", "previous_rfm_group",
    "rfm_group_changed_at", "abc_class", "lifecycle_stage", "lifecycle_stage_zh", "lifecycle_reasons", "overdue_ratio", "p_alive",
    "expected_orders_90d", "clv_365d", "next_order_expected_on", "loyalty_score", "loyalty_type", "reviews_count", "mean_rating",
    "last_rating", "has_open_complaint", "preferred_category", "preferred_channel",
}
# fmt: on

PERSONAL = {"name", "email", "phone", "membership_no", "title", "body"}


@pytest.fixture(scope="module")
def models(manifest):
    return {node.name: node for node in manifest.nodes.values() if node.resource_type == "model"}


@pytest.mark.slow
def test_every_rule_with_a_branch_does_what_its_unit_test_says(manifest, new_warehouse, tmp_path: Path):
    Lake(tmp_path).write()
    warehouse = new_warehouse(home=str(tmp_path), as_of="2025-03-31")
    warehouse.dbt("run", "--empty")
    statuses = warehouse.dbt("test", "--select", "test_type:unit")
    assert statuses.keys() == {test.name for test in manifest.unit_tests.values()}
    assert {name: status for name, status in statuses.items() if status != "pass"} == {}


@pytest.mark.slow
@pytest.mark.parametrize("models", [{"fct_orders", "fct_order_lines"}, {"customer_scores_moving", "segment_history"}])
def test_the_tests_that_go_with_models_are_those_that_dbt_calls_buildable(models, manifest, tmp_path: Path):
    graph = graph_of(manifest, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGULARS_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
        patch.setenv("REGULARS_WORKING", str(tmp_path / "working.duckdb"))
        arguments = ["--select", *models, "--indirect-selection", "buildable", "--resource-type", "test", "--output", "name"]
        listed = set(invoke(tmp_path, ["list", *arguments], manifest))
    found = {manifest.nodes[test].name for test in graph.tests_of({graph.id_of(name) for name in models})}
    assert found == listed != set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "schema"),
    [
        ("customer_facts", CUSTOMER_FACTS),
        ("customer_scores", CUSTOMER_SCORES),
        ("product_satisfaction", PRODUCT_SATISFACTION),
        ("topic_outcomes", TOPIC_OUTCOMES),
    ],
)
def test_the_contract_is_the_schema_of_the_python_side(models, model, schema):
    contract = [(name, column.data_type) for name, column in models[model].columns.items()]
    assert contract == [(name, SQL_TYPES[str(dtype)]) for name, dtype in schema.items()]


@pytest.mark.slow
def test_the_wide_table_has_the_columns_that_readers_rely_on(models):
    assert models["customer_360"].columns.keys() >= CUSTOMER_360


@pytest.mark.slow
def test_the_master_file_is_made_of_columns_that_are_there(models):
    assert models["customer_360"].columns.keys() >= set(master.COLUMNS)


@pytest.mark.slow
def test_published_tables_are_those_of_the_contract(models):
    assert {name for name, model in models.items() if model.schema == "marts"} == PUBLISHED


@pytest.mark.slow
def test_clear_text_about_people_stays_out_of_published_tables(models):
    found = {(name, column) for name, model in models.items() if model.schema == "marts" for column in model.columns if column in PERSONAL}
    assert found == set()
    assert {"name", "email", "phone"} <= models["customer_contacts"].columns.keys()
    assert models["customer_contacts"].schema == "private"


@pytest.mark.slow
def test_each_model_ends_its_description_with_the_grain(models):
    grain = re.compile(r"Grain: one row per [^.]+\.$")
    assert {name for name, model in models.items() if not grain.search(model.description.strip())} == set()


@pytest.mark.slow
def test_tables_for_readers_are_under_contract_with_every_column_described(models):
    for name, model in models.items():
        if model.schema in ("marts", "private"):
            assert model.config.contract.enforced, name
            assert model.config.materialized in ("table", "incremental", "view"), name
            assert all(column.description and column.data_type for column in model.columns.values()), name


@pytest.mark.slow
def test_schemas_are_the_folders_of_the_models(models):
    assert {(Path(model.original_file_path).parts[1], model.schema) for model in models.values()} == {
        (folder, folder) for folder in ("staging", "intermediate", "parts", "marts", "private")
    }


def test_nothing_is_downloaded_and_nothing_phones_home():
    profile, project = (PROJECT / "profiles.yml").read_text(), (PROJECT / "dbt_project.yml").read_text()
    assert "extensions: []" in profile
    assert "autoinstall_known_extensions: false" in profile
    assert "send_anonymous_usage_stats: false" in project
    assert not [name for name in ("packages.yml", "dependencies.yml") if (PROJECT / name).exists()]


def test_sql_names_no_place_of_this_machine():
    for path in PROJECT.rglob("*"):
        if path.suffix in (".sql", ".yml"):
            assert not re.search(r"(?<![\w}])/(?:work|tmp|home|root)/", path.read_text()), path
