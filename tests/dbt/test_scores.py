import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.dbt.conftest import Warehouse
from tests.dbt.lake import Lake
from tests.dbt.merchant import VARIABLES, merchant
from transforms.schemas import CUSTOMER_SCORES, SCORES_THAT_MOVE

pytestmark = pytest.mark.slow

FIRST_DAY, SECOND_DAY = date(2025, 3, 31), date(2025, 4, 4)  # days between them are skipped
CUSTOMERS = ("market:K1", "online:C1", "online:C2", "online:C3", "online:C4")
HISTORY = "select customer_id, value, previous_value, changed_at from marts.segment_history where dimension = 'rfm_group' order by all"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    written = merchant(tmp_path_factory.mktemp("home"))
    written.write()
    return written


@pytest.fixture(scope="module")
def warehouse(lake: Lake, new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """Two days one after the other, the second run twice, as a run does it: facts, scores, the rest, and what is published is history."""
    built = new_warehouse(home=str(lake.home), **VARIABLES)
    lake.score(FIRST_DAY, dict.fromkeys(CUSTOMERS, "champions"))
    built.statuses = [built.dbt("build", "--selector", "before_scores"), built.dbt("build", "--selector", "after_scores")]
    built.first_history = built.rows(HISTORY)
    publish_history(built, lake)
    lake.score(SECOND_DAY, {**dict.fromkeys(CUSTOMERS, "champions"), "online:C2": "at_risk"})
    built.dbt("run", "--select", "customer_facts", "--full-refresh", as_of=str(SECOND_DAY))
    built.statuses.append(built.day("--selector", "after_scores", as_of=str(SECOND_DAY), built_as_of=str(FIRST_DAY)))
    built.second_history = built.rows(HISTORY)
    publish_history(built, lake)
    built.statuses.append(built.dbt("build", "--selector", "after_scores", "--full-refresh", as_of=str(SECOND_DAY)))
    return built


def publish_history(warehouse: Warehouse, lake: Lake) -> None:
    columns = ("customer_id", "dimension", "value", "previous_value", "changed_at")
    rows = warehouse.rows(f"select {', '.join(columns)} from marts.segment_history")
    lake.history([dict(zip(columns, row, strict=True)) for row in rows])


def test_everything_is_built_in_two_parts_and_every_test_passes(warehouse, manifest):
    statuses = {name: status for part in warehouse.statuses for name, status in part.items()}
    assert {name for name, status in statuses.items() if status not in ("success", "pass")} == {"assert_items_have_a_header"}
    assert statuses.keys() == {node.name for node in manifest.nodes.values() if node.resource_type in ("model", "seed", "test")}
    assert not warehouse.statuses[0].keys() & warehouse.statuses[1].keys()


def test_the_first_part_needs_no_score(manifest):
    def ancestors(unique_id: str) -> set[str]:
        parents = manifest.nodes[unique_id].depends_on.nodes if unique_id.startswith("model.") else []
        return {unique_id}.union(*(ancestors(parent) for parent in parents))

    facts = ancestors("model.regulars.customer_facts")
    assert not any(name.startswith(("source.regulars.scores", "source.regulars.history")) for name in facts)


def test_the_first_day_is_everybodys_first_segment(warehouse):
    assert warehouse.first_history == [(customer, "champions", None, FIRST_DAY) for customer in CUSTOMERS]


def test_a_day_adds_its_changes_and_a_second_run_of_it_adds_nothing(warehouse):
    assert warehouse.second_history == sorted(
        [*warehouse.first_history, ("online:C2", "at_risk", "champions", SECOND_DAY)], key=lambda row: (row[0], row[1])
    )
    assert warehouse.rows(HISTORY) == warehouse.second_history


@pytest.mark.parametrize("seed", range(2))
def test_scores_and_history_that_days_are_added_to_are_those_written_anew(seed: int, tmp_path: Path, new_warehouse) -> None:
    """Customers move at random, come back, get no group, come later and go for good; what moves daily is another each day."""
    lake, chance = Lake(tmp_path), random.Random(seed)
    lake.write()
    added, written = (new_warehouse(home=str(tmp_path), **VARIABLES) for _ in range(2))
    for warehouse in (added, written):
        warehouse.dbt("run", "--selector", "before_scores", "--full-refresh")
    scores = ("customer_scores_moving", "customer_scores_lasting", "customer_scores")
    models = (*scores, "int_resegmented_customers", "stg_segment_history", "int_last_segments", "segment_history", "customer_segments")
    customers = [f"C{number}" for number in range(9)]
    for number, day in enumerate((0, 1, 1, 3, 3)):  # some days have a second run
        for warehouse in (added, written):
            warehouse.change("create or replace table marts.dim_customers as select unnest(?) as customer_id", [customers])
        as_of = FIRST_DAY + timedelta(days=day)
        lake.score(as_of, {customer: chance.choice(["champions", "at_risk", None]) for customer in customers})
        written.dbt("run", "--select", *models, "--full-refresh", as_of=str(as_of))
        if number == 0:
            added.dbt("run", "--select", *models, "--full-refresh", as_of=str(as_of))
        else:
            added.day("--select", *models, as_of=str(as_of), built_as_of=str(as_of))
        for table in ("customer_scores", "segment_history", "customer_segments"):
            assert added.rows(f"from marts.{table} order by all") == written.rows(f"from marts.{table} order by all")
        publish_history(written, lake)
        customers = [*chance.sample(customers, len(customers) - 1), f"C{number + 10}"]


def test_movements_count_who_went_where(warehouse):
    query = "select changed_at, from_value, to_value, customers_count from marts.segment_movements where dimension = 'rfm_group' order by 1"
    assert warehouse.rows(query) == [(FIRST_DAY, None, "champions", 5), (SECOND_DAY, "champions", "at_risk", 1)]


def test_the_wide_table_says_since_when_and_what_was_before(warehouse):
    query = "select customer_id, rfm_group, previous_rfm_group, rfm_group_changed_at, p_alive from marts.customer_360 order by 1"
    assert warehouse.rows(query) == [
        (customer, "at_risk", "champions", SECOND_DAY, None) if customer == "online:C2" else (customer, "champions", None, FIRST_DAY, None)
        for customer in CUSTOMERS
    ]


def test_scores_keep_the_types_of_the_models_that_made_them(warehouse):
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        assert connection.sql("select * from marts.customer_scores").pl().schema == CUSTOMER_SCORES


def test_what_the_digest_leaves_out_is_written_every_day(warehouse):
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        assert set(connection.table("parts.customer_scores_moving").columns) == {"customer_id", *SCORES_THAT_MOVE}


def test_an_empty_lake_gives_empty_tables(tmp_path: Path, new_warehouse):
    Lake(tmp_path).write()
    empty = new_warehouse(home=str(tmp_path), **VARIABLES)
    statuses = {**empty.dbt("build", "--selector", "before_scores"), **empty.dbt("build", "--selector", "after_scores")}
    assert set(statuses.values()) == {"success", "pass"}
    assert empty.rows("select count(*) from marts.customer_360") == [(0,)]
