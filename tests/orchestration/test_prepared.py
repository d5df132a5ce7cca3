"""What was prepared is asked in order, with a day's dates; what fails leaves its table alone and holds up only what stands on it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration import prepared
from orchestration.prepared import Prepared

KNOWN, TOTALS = '"memory"."main"."known"', '"memory"."main"."totals"'


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("create table known (day date, amount integer check (amount < 100)); insert into known values ('2025-01-01', 1)")
        connection.execute("create table totals (amount integer)")
        yield connection


def table(relation: str, *statements: str) -> Prepared:
    return Prepared(statements, relation, "table")


def asked(connection: duckdb.DuckDBPyConnection, nodes: dict[str, Prepared], **parents: list[str]) -> dict[str, str]:
    above = {name: parents.get(name, []) for name in nodes}
    found = prepared.run(connection, nodes, above, as_of="2025-03-02", built_as_of="2025-03-01")
    return {node.unique_id: node.status for node in found}


def of_day(amount: int) -> Prepared:
    return table(KNOWN, "delete from known where day = '@built_as_of@'", f"insert into known values ('@as_of@', {amount})")


def test_each_node_is_asked_after_those_it_stands_on_with_the_dates_of_the_day(connection):
    nodes = {
        "more": table(TOTALS, "insert into totals select 10 * max(amount) from totals"),
        "totals": table(TOTALS, "insert into totals select sum(amount) from known"),
        "known": of_day(2),
    }
    connection.execute("insert into known values ('2025-03-01', 50)")
    assert asked(connection, nodes, totals=["known"], more=["totals"]) == dict.fromkeys(nodes, "success")
    assert connection.execute("select cast(day as varchar), amount from known order by all").fetchall() == [
        ("2025-01-01", 1),
        ("2025-03-02", 2),
    ]
    assert connection.execute("from totals order by all").fetchall() == [(3,), (30,)]


def test_a_model_that_fails_leaves_its_table_as_it_was_and_what_stands_on_it_is_not_asked(connection):
    connection.execute("insert into known values ('2025-03-01', 50)")
    nodes = {
        "known": of_day(100),
        "totals": table(TOTALS, "insert into totals select sum(amount) from known"),
        "further": table(TOTALS, "insert into totals values (7)"),
        "beside": table(TOTALS, "insert into totals values (8)"),
    }
    found = asked(connection, nodes, totals=["known"], further=["totals"])
    assert found == {"known": "error", "totals": "skipped", "further": "skipped", "beside": "success"}
    assert connection.execute("select count(*), max(amount) from known").fetchall() == [(2, 50)]
    assert connection.execute("from totals").fetchall() == [(8,)]


def test_a_failed_model_says_what_the_engine_said(connection):
    (node,) = prepared.run(connection, {"known": of_day(100)}, {"known": []}, "2025-03-02", "2025-03-01")
    assert node.has_failed
    assert "CHECK constraint failed" in node.message


@pytest.mark.parametrize(
    ("query", "severity", "status", "message"),
    [
        pytest.param("select 1 where false -- none", "ERROR", "pass", "", id="no row is a fault"),
        pytest.param("from known", "ERROR", "fail", "Got 1 result, configured to fail if != 0", id="one is"),
        pytest.param("from known, range(2)", "error", "fail", "Got 2 results, configured to fail if != 0", id="two are"),
        pytest.param("from known", "WARN", "warn", "Got 1 result, configured to warn if != 0", id="one is worth a word"),
        pytest.param("from unknown", "WARN", "error", "Table with name unknown does not exist", id="nothing to ask"),
    ],
)
def test_rows_that_a_test_gives_are_faults(connection, query, severity, status, message):
    (node,) = prepared.run(connection, {"test.t": prepared.of_test(query, severity)}, {"test.t": []}, "2025-03-02", "2025-03-01")
    assert node.status == status
    assert message in node.message
    assert node.is_test
    assert node.has_failed == (status in ("fail", "error"))


def test_a_test_that_fails_holds_nobody_up(connection):
    nodes = {
        "known": of_day(2),
        "test.known": prepared.of_test("from known", "ERROR"),
        "totals": table(TOTALS, "insert into totals values (1)"),
    }
    found = asked(connection, nodes, **{"test.known": ["known"], "totals": ["known"]})
    assert found == {"known": "success", "test.known": "fail", "totals": "success"}


def test_a_day_puts_a_table_where_the_full_build_left_a_view(connection):
    connection.execute("create view touched as select 1 as number")
    touched = {"touched": table('"memory"."main"."touched"', 'create or replace table "memory"."main"."touched" as (select 2 as number)')}
    for _ in range(2):  # the second day meets the table
        assert asked(connection, touched) == {"touched": "success"}
    assert connection.execute("from touched").fetchall() == [(2,)]
    assert connection.execute("select count(*) from duckdb_tables() where table_name = 'touched'").fetchall() == [(1,)]


def test_what_is_kept_counts_under_its_fingerprint_alone(tmp_path: Path):
    path = tmp_path / "prepared.json"
    nodes = {"known": of_day(2), "test.known": prepared.of_test("from known", "warn")}
    assert prepared.read(path, "a") == {}
    prepared.write(path, "a", nodes)
    assert prepared.read(path, "a") == nodes
    assert prepared.read(path, "b") == {}
    path.write_text(path.read_text()[:-20])
    assert prepared.read(path, "a") == {}
