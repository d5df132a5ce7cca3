import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import parquet
from orchestration.errors import RegularsError
from orchestration.publication import Publication, current, publish

ROOT = Path(__file__).parents[2]
FIRST, SECOND = date(2024, 6, 29), date(2024, 6, 30)


def build_warehouse(home: Path, run_id: str, rows: int = 3) -> None:
    """A warehouse whose tables say which run they are of."""
    (home / "warehouse.duckdb").unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{home / 'warehouse.duckdb'}' as warehouse (storage_version 'v1.4.0')")
        connection.execute("use warehouse")
        connection.execute("create schema marts")
        connection.execute(f"create table marts.marts_only as select '{run_id}' as run_id, 'kept' as text from range({rows})")
        connection.execute("create table marts.customer_360 (run_id varchar not null, net_amount decimal(18, 4))")
        connection.execute(f"insert into marts.customer_360 select '{run_id}', i / 4 from range({rows}) t(i)")
        connection.execute("comment on table marts.customer_360 is 'One row per customer''s id.'")
        connection.execute("comment on column marts.customer_360.net_amount is 'Money'")
        connection.execute(f"create table marts.monthly_trends as select '{run_id}' as run_id")


def fill(run_id: str):
    def fill_exports(folder: Path) -> dict[str, str]:
        (folder / "customers.csv").write_text(run_id)
        (folder / "manifest.json").write_text(json.dumps({"run_id": run_id}))
        return {"run_id": run_id}

    return fill_exports


def publish_run(home: Path, run_id: str, as_of: date = SECOND, **options) -> Publication:
    home.mkdir(exist_ok=True)
    build_warehouse(home, run_id)
    members = home / "list_members.parquet"
    duckdb.sql(f"copy (select '{run_id}' as run_id) to '{members}' (format parquet)")
    options.setdefault("fill_exports", fill(run_id))
    return publish(home, run_id, as_of, home / "warehouse.duckdb", extra_tables={"list_members": members}, info={}, **options)


def what_a_reader_sees(home: Path) -> set[str]:
    """The run ids in every published table, file and package of the newest day: one, or the publication is a mixture."""
    folder = (home / "published").resolve()
    record = json.loads((folder / "publication.json").read_text())
    seen = {record["run_id"], folder.name}
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()]
        assert set(names) == record["tables"].keys()
        for name in names:
            for rows in (f"marts.{name}", f"read_parquet('{folder}/parquet/{name}/{name}.parquet')"):
                seen |= {run_id for (run_id,) in connection.execute(f"select distinct run_id from {rows}").fetchall()}
                assert connection.execute(f"select count(*) from {rows}").fetchall() == [(record["tables"][name],)]
    package = folder / "exports" / record["as_of"]
    return seen | {json.loads((package / "manifest.json").read_text())["run_id"], (package / "customers.csv").read_text()}


def test_tables_exports_and_record_of_a_run_are_published_together(tmp_path):
    publication = publish_run(tmp_path, "run-1")
    assert what_a_reader_sees(tmp_path) == {"run-1"}
    assert publication.tables == {"customer_360": 3, "list_members": 1, "marts_only": 3, "monthly_trends": 1}
    assert (publication.run_id, publication.as_of, publication.manifest) == ("run-1", SECOND, {"run_id": "run-1"})
    assert publication.folder == (tmp_path / "published").resolve()
    assert (tmp_path / "exports" / "latest" / "customers.csv").read_text() == "run-1"
    assert os.readlink(tmp_path / "exports") == "published/exports"
    assert os.readlink(tmp_path / "published") == "publications/run-1"
    assert sorted(os.listdir(publication.folder)) == ["exports", "parquet", "publication.json", "warehouse.duckdb"]


def test_the_published_warehouse_opens_in_older_duckdb_and_keeps_contracts_and_descriptions(tmp_path):
    folder = publish_run(tmp_path, "run-1").folder
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("select tags['storage_version'] from duckdb_databases() where not internal").fetchall() == [("v1.4.0+",)]
        table_comment = "select comment from duckdb_tables() where table_name = 'customer_360'"
        assert connection.execute(table_comment).fetchall() == [("One row per customer's id.",)]
        column_comments = "select column_name, comment from duckdb_columns() where comment is not null and not internal"
        assert connection.execute(column_comments).fetchall() == [("net_amount", "Money")]
        columns = "select column_name, data_type, is_nullable from duckdb_columns() where table_name = 'customer_360' order by column_index"
        assert connection.execute(columns).fetchall() == [("run_id", "VARCHAR", False), ("net_amount", "DECIMAL(18,4)", True)]


@pytest.mark.parametrize(
    "made",
    ["create table main.customer_contacts as select 'ann@example.com' as email", "create view main.contacts as select 1 as one"],
    ids=["table", "view"],
)
def test_a_warehouse_that_holds_anything_but_marts_is_not_published(tmp_path, made):
    publish_run(tmp_path, "run-1")
    build_warehouse(tmp_path, "run-2")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(made)
    with pytest.raises(RegularsError, match=r"holds \w+.(customer_)?contacts, which would be published"):
        publish(tmp_path, "run-2", SECOND, tmp_path / "warehouse.duckdb", fill("run-2"), {}, {})
    assert what_a_reader_sees(tmp_path) == {"run-1"}


def test_a_view_on_marts_is_published_as_a_view_and_as_parquet_whatever_name_the_file_is_opened_under(tmp_path):
    build_warehouse(tmp_path, "run-1")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        doubled = 'select net_amount * 2 as twice from "warehouse"."marts"."customer_360"'
        connection.execute(f'create view "warehouse"."marts"."doubled" as {doubled}')
    publication = publish(tmp_path, "run-1", SECOND, tmp_path / "warehouse.duckdb", fill("run-1"), {}, {})
    assert publication.tables["doubled"] == 3
    with duckdb.connect() as reader:
        reader.execute(f"attach '{publication.folder / 'warehouse.duckdb'}' as anything (read_only)")
        twice = "select cast(sum(twice) as double) from"
        parquet = f"read_parquet('{publication.folder}/parquet/doubled/doubled.parquet')"
        assert reader.execute(f"{twice} anything.marts.doubled").fetchall() == reader.execute(f"{twice} {parquet}").fetchall() == [(1.5,)]


def test_a_view_of_many_customers_is_read_some_at_a_time_and_published_as_one_file(tmp_path, monkeypatch):
    build_warehouse(tmp_path, "run-1")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("use marts")
        connection.execute("create table names as select 'shop''s:' || i % 97 as customer_id, i as number from range(101) t(i)")
        connection.execute("insert into names values (null, 7)")
        connection.execute("create view joined as select customer_id, number, text from names left join marts_only on number = 2")
    copies = []
    copy = parquet._copy
    monkeypatch.setattr(parquet, "_copy", lambda connection, query, *rest: copies.append(query) or copy(connection, query, *rest))
    monkeypatch.setattr(parquet, "BYTES_OF_A_ROW", 10_000_000)
    little = {"memory_limit": "1GB"}
    publication = publish(tmp_path, "run-1", SECOND, tmp_path / "warehouse.duckdb", fill("run-1"), {}, {}, engine=little)
    spans = [query for query in copies if query.startswith('from "joined" where')]
    assert len(spans) == 6
    assert not any("where" in query for query in copies if '"names"' in query), "a table is copied as it stands"
    files = list((publication.folder / "parquet" / "joined").iterdir())
    assert [file.name for file in files] == ["joined.parquet"]
    with duckdb.connect(str(publication.folder / "warehouse.duckdb"), read_only=True) as reader:
        found = reader.execute(f"from read_parquet('{files[0]}') order by all").fetchall()
        assert found == reader.execute("from marts.joined order by all").fetchall()
    assert len(found) == publication.tables["joined"] == 104


def test_a_view_that_looks_into_another_file_is_not_published(tmp_path):
    publish_run(tmp_path, "run-1")
    build_warehouse(tmp_path, "run-2")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(f"attach '{tmp_path / 'working.duckdb'}' as working")
        connection.execute("create table working.contacts as select 'ann@example.com' as email")
        connection.execute("create view marts.contacts as from working.contacts")
    with pytest.raises(RegularsError, match="Run run-2 could not be published, and what was published before is unchanged"):
        publish(tmp_path, "run-2", SECOND, tmp_path / "warehouse.duckdb", fill("run-2"), {}, {})
    assert what_a_reader_sees(tmp_path) == {"run-1"}


def test_months_that_did_not_change_are_linked_from_the_publication_before(tmp_path):
    warehouse, files = tmp_path / "warehouse.duckdb", {}
    build_warehouse(tmp_path, "any")
    with duckdb.connect(str(warehouse)) as connection:
        days = "select date '2025-01-01' + cast(i % 90 as integer) as ordered_date, i as order_id from range(900) t(i)"
        connection.execute(f"create table marts.fct_orders as {days}")
    for run_id in ("run-1", "run-2"):
        folder = publish(tmp_path, run_id, SECOND, warehouse, fill(run_id), {}, {}).folder / "parquet" / "fct_orders"
        files[run_id] = {file.stem: file.stat().st_ino for file in folder.iterdir()}
        published = f"select * from read_parquet('{folder}/*.parquet')"
        with duckdb.connect(str(warehouse)) as connection:
            assert connection.execute(f"select count(*) from ({published} except all from marts.fct_orders)").fetchall() == [(0,)]
            assert connection.execute(f"select count(*) from (from marts.fct_orders except all {published})").fetchall() == [(0,)]
            # the same rows in another order are no change; one row of another number is
            connection.execute("create or replace table marts.fct_orders as from marts.fct_orders order by order_id desc")
            connection.execute("update marts.fct_orders set order_id = 9999 where order_id = 31")
    assert files["run-1"].keys() == files["run-2"].keys() == {"2025-01", "2025-02", "2025-03"}
    assert {month for month in files["run-1"] if files["run-1"][month] != files["run-2"][month]} == {"2025-02"}


def test_the_same_warehouse_gives_the_same_parquet_bytes(tmp_path):
    publish_run(tmp_path, "run-1")
    build_warehouse(tmp_path, "same", rows=300_000)
    files = []
    for run_id in ("run-2", "run-3"):
        folder = publish(tmp_path, run_id, SECOND, tmp_path / "warehouse.duckdb", fill(run_id), {}, {}).folder
        files.append((folder / "parquet" / "customer_360" / "customer_360.parquet").read_bytes())
    assert files[0] == files[1]


def test_packages_of_other_days_stay_and_that_of_the_same_day_is_replaced(tmp_path):
    publish_run(tmp_path, "run-1", FIRST)
    first = (tmp_path / "exports" / "2024-06-29" / "customers.csv").stat().st_ino
    publish_run(tmp_path, "run-2", SECOND)
    publish_run(tmp_path, "run-3", SECOND)
    packages = {day: (tmp_path / "exports" / day / "customers.csv").read_text() for day in ("2024-06-29", "2024-06-30", "latest")}
    assert packages == {"2024-06-29": "run-1", "2024-06-30": "run-3", "latest": "run-3"}
    assert (tmp_path / "exports" / "2024-06-29" / "customers.csv").stat().st_ino == first  # linked, not copied
    assert (tmp_path / "publications" / "run-2" / "exports" / "2024-06-30" / "customers.csv").read_text() == "run-2"
    publish_run(tmp_path, "run-4", FIRST)
    assert (tmp_path / "exports" / "2024-06-29" / "customers.csv").read_text() == "run-4"
    assert os.readlink(tmp_path / "exports" / "latest") == "2024-06-30"


def test_packages_are_copied_where_the_file_system_has_no_hard_links(tmp_path, monkeypatch):
    publish_run(tmp_path, "run-1", FIRST)

    def refuse(source, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    publish_run(tmp_path, "run-2", SECOND)
    assert (tmp_path / "exports" / "2024-06-29" / "customers.csv").read_text() == "run-1"


def test_old_publications_go_and_what_is_not_ours_stays(tmp_path):
    (tmp_path / "publications" / "notes").mkdir(parents=True)
    for number in range(1, 6):
        publish_run(tmp_path, f"run-{number}", keep=2)
    assert sorted(os.listdir(tmp_path / "publications")) == ["notes", "run-4", "run-5"]
    publish_run(tmp_path, "a-run", keep=1)  # newest by number, not by name
    assert sorted(os.listdir(tmp_path / "publications")) == ["a-run", "notes"]
    assert what_a_reader_sees(tmp_path) == {"a-run"}


def test_a_reader_that_holds_the_file_open_keeps_what_it_had(tmp_path):
    publish_run(tmp_path, "run-1")
    with duckdb.connect(str((tmp_path / "published" / "warehouse.duckdb").resolve()), read_only=True) as reader:
        publish_run(tmp_path, "run-2", keep=1)
        assert not (tmp_path / "publications" / "run-1").exists()
        assert reader.execute("select distinct run_id from marts.customer_360").fetchall() == [("run-1",)]
    assert what_a_reader_sees(tmp_path) == {"run-2"}


@pytest.mark.parametrize("error", [ValueError("suite failed"), RegularsError("No consent feed"), KeyboardInterrupt()])
def test_a_failure_while_building_changes_nothing_a_reader_sees(tmp_path, error):
    publish_run(tmp_path, "run-1")

    def fail(folder: Path) -> dict:
        (folder / "customers.csv").write_text("half")
        raise error

    with pytest.raises(type(error)):
        publish_run(tmp_path, "run-2", fill_exports=fail)
    assert what_a_reader_sees(tmp_path) == {"run-1"}
    assert os.listdir(tmp_path / "publications") == ["run-1"]


FULL_DISK = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from test_publication import *
home = Path(sys.argv[1])
build_warehouse(home, "run-2", rows=400_000)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))  # every file ends here, as on a disk that is full
publish(home, "run-2", SECOND, home / "warehouse.duckdb", fill("run-2"), {}, {})
"""


def test_a_full_disk_is_said_clearly_and_changes_nothing_a_reader_sees(tmp_path):
    publish_run(tmp_path, "run-1")
    ended = run_python(FULL_DISK, tmp_path)
    assert ended.returncode == 1
    assert "RegularsError: Run run-2 could not be published" in ended.stderr
    assert "what was published before is unchanged" in ended.stderr
    assert what_a_reader_sees(tmp_path) == {"run-1"}
    assert os.listdir(tmp_path / "publications") == ["run-1"]


def put_a_folder_in_place_of_exports(home: Path) -> None:
    (home / "exports").unlink()
    (home / "exports").mkdir()


@pytest.mark.parametrize(
    ("arrange", "run_id", "message"),
    [
        pytest.param(lambda home: None, "../run", "can't name a publication", id="run id with a path"),
        pytest.param(lambda home: (home / "warehouse.duckdb").unlink(), "run-2", "There is no warehouse to publish", id="no warehouse"),
        pytest.param(lambda home: None, "run-1", "is published already", id="published already"),
        pytest.param(put_a_folder_in_place_of_exports, "run-2", "where a link belongs", id="a folder where a link belongs"),
    ],
)
def test_what_can_not_be_published_is_refused_before_anything_is_built(tmp_path, arrange, run_id, message):
    publish_run(tmp_path, "run-1")
    arrange(tmp_path)
    with pytest.raises(RegularsError, match=message):
        publish(tmp_path, run_id, SECOND, tmp_path / "warehouse.duckdb", fill(run_id), {}, {})
    assert what_a_reader_sees(tmp_path) == {"run-1"}


def test_the_current_publication_is_told_with_its_info_and_without_any_engine(tmp_path):
    assert current(tmp_path) is None
    build_warehouse(tmp_path, "run-1")
    publish(tmp_path, "run-1", SECOND, tmp_path / "warehouse.duckdb", fill("run-1"), {}, {"fingerprint": "abc", "run_id": "never this"})
    program = (
        "import json, sys; from pathlib import Path; from orchestration.publication import current;"
        "print(json.dumps(current(Path(sys.argv[1]))));"
        "print([name for name in ('duckdb', 'polars', 'pyarrow', 'yaml', 'rustpy_xlsxwriter') if name in sys.modules])"
    )
    told, loaded = run_python(program, tmp_path).stdout.splitlines()
    assert json.loads(told) == {
        "fingerprint": "abc",
        "run_id": "run-1",
        "as_of": "2024-06-30",
        "sequence": 1,
        "tables": {"customer_360": 3, "marts_only": 3, "monthly_trends": 1},
    }
    assert loaded == "[]"


def test_a_record_that_can_not_be_read_is_said_clearly(tmp_path):
    publish_run(tmp_path, "run-1")
    (tmp_path / "published" / "publication.json").write_text("{")
    with pytest.raises(RegularsError, match="record of the last publication can't be read"):
        current(tmp_path)


# ── kill -9 ──────────────────────────────────────────────────────────────────────────────────────────────────────────

PUBLISH_AND_DIE = """
import os, sys
sys.path.insert(0, sys.argv[2])
from test_publication import *
home, run_id, deadly = Path(sys.argv[1]), sys.argv[3], int(sys.argv[4])
build_warehouse(home, run_id)
duckdb.sql(f"copy (select '{run_id}' as run_id) to '{home / 'list_members.parquet'}' (format parquet)")
steps = 0
def die_at_the_deadly_step(event, arguments):
    # every file opened, made, linked, renamed, listed or removed by Python is announced here just before it happens
    global steps
    if event.startswith(("os.", "shutil.")) or event == "open":
        steps += 1
        if steps == deadly:
            os.kill(os.getpid(), 9)
        if event == "os.rename" and str(arguments[1]).endswith("/published"):
            print("switch", steps, flush=True)
sys.addaudithook(die_at_the_deadly_step)
publish(home, run_id, SECOND, home / "warehouse.duckdb", fill(run_id), {"list_members": home / "list_members.parquet"}, {}, keep=2)
print("steps", steps)
"""


def run_python(program: str, home: Path, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", program, str(home), str(Path(__file__).parent), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def killed(home: Path, deadly: int) -> bool:
    """Kill a publisher at that step. Whether readers see what it was to publish: all of it, or nothing."""
    before, run_id = what_a_reader_sees(home), f"killed-at-{deadly}"
    ended = run_python(PUBLISH_AND_DIE, home, run_id, deadly)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    after = what_a_reader_sees(home)
    assert after in (before, {run_id}), f"a mixture after a kill at step {deadly}"
    assert (home / "exports" / "2024-06-29" / "customers.csv").read_text() == "run-1"
    return after == {run_id}


@pytest.mark.slow
def test_a_publisher_killed_at_any_step_leaves_the_old_or_the_new_publication_and_never_a_mixture(tmp_path):
    home = tmp_path / "home"
    publish_run(home, "run-0", FIRST)
    publish_run(home, "run-1", FIRST)
    trials = [shutil.copytree(home, tmp_path / f"trial-{number}", symlinks=True) for number in range(13)]
    told = dict(line.split() for line in run_python(PUBLISH_AND_DIE, trials[0], "whole", 0).stdout.splitlines())
    steps, switch = int(told["steps"]), int(told["switch"])
    assert what_a_reader_sees(trials[0]) == {"whole"}

    # around the switch, each from the same state; elsewhere what one leaves behind is in the way of the next
    outcomes = [killed(trial, deadly) for trial, deadly in zip(trials[1:], range(switch - 6, switch + 6), strict=True)]
    assert True in outcomes
    assert False in outcomes
    for deadly in range(1, steps, steps // 12):
        killed(home, deadly)

    publish_run(home, "last", keep=2)
    assert what_a_reader_sees(home) == {"last"}
    left = os.listdir(home / "publications")
    assert len(left) == 2
    assert not any(name.startswith(".") for name in left)
    assert sorted(name for name in os.listdir(home) if name.startswith(".")) == []
