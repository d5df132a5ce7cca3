"""Linking everybody takes the memory that the settings allow the engine, and that of a portion, however many ids there are."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.identity import portions
from tests.orchestration.identity.conftest import IdentityHome

IDS = 200_000
LIMIT, PORTION = 100, 25_000
MEGABYTES = 330
"""Some 230 are used, for 600,000 ids too; held as frames, these take 430."""

SCRIPT = r"""
import json, re, sys
from datetime import date
from pathlib import Path
import duckdb, polars, pyarrow.parquet, scipy.sparse.csgraph
from orchestration import settings
from orchestration.identity import portions
from orchestration.identity.identify import identify

def megabytes(measure):
    return int(re.search(measure + r":\s+(\d+)", Path("/proc/self/status").read_text()).group(1)) / 1024

portions.ROWS_AT_A_TIME = int(sys.argv[2])
home = settings.load(Path(sys.argv[1]), {})
before = megabytes("VmRSS")
report = identify(home, date(2025, 12, 31), "run")
print(json.dumps({"ids": report.ids, "persons": report.persons, "megabytes": megabytes("VmHWM") - before}))
"""


@pytest.mark.slow
def test_linking_everybody_takes_no_more_memory_for_more_of_them(tmp_path: Path) -> None:
    home = IdentityHome(tmp_path)
    home.configure(f"memory_limit: {LIMIT}MB\nthreads: 2\n")
    batch = tmp_path / "lake" / "clean" / "orders" / f"{home.deliver('shop', 'orders', [{}])}.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""create table orders as select * replace (
                'C' || range as customer_id, timestamp '2025-01-01' + to_minutes(range % 100000) as ordered_at,
                'c' || ((range + 2) * 7 // 8) || '@example.com' as email, (13900000000 + range * 3 // 4)::varchar as phone)
            from read_parquet('{batch}'), range({IDS})"""
        )
        connection.execute(f"copy orders to '{batch}' (format parquet)")

    root = Path(__file__).resolve().parents[3]
    arguments = [sys.executable, "-c", SCRIPT, str(tmp_path), str(PORTION)]
    run = subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=True)
    used = json.loads(run.stdout.splitlines()[-1])  # where a program has no file, DuckDB draws a bar when something takes long

    assert (used["ids"], used["persons"]) == (IDS, IDS * 5 // 8)
    assert used["megabytes"] < MEGABYTES
    assert not list((tmp_path / "state").glob("spill-*"))


def test_a_portion_has_all_rows_of_a_slot_and_every_row_is_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS_AT_A_TIME", 10)
    with duckdb.connect() as connection:
        rows = f"select range % 30 as name, range as number, {portions.slot('range % 30')} as slot from range(300)"
        connection.execute(f"create temp table numbers as {rows} order by slot")
        found = [portion.rows() for portion in portions.handed_out(connection, "numbers")]
        left = connection.execute("select count(*) from duckdb_tables()").fetchall()
    assert len(found) == 31
    assert sorted(row for portion in found for row in portion) == sorted((number % 30, number) for number in range(300))
    assert sum(len({name for name, _ in portion}) for portion in found) == 30
    assert left == [(0,)], "what was handed out is no longer held"
