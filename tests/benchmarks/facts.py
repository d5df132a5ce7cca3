"""The floor of the marts: one hand-written query that computes nothing but the customer facts, from the same Parquet. Prints JSON.

python -m tests.benchmarks.facts HOME
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from orchestration import lake, settings
from orchestration.warehouse import PROJECT

QUERY = Path(__file__).with_name("customer_facts.sql")


def write_by_hand(home: settings.Settings, as_of: str, target: Path) -> None:
    """``customer_facts`` of that day as a table of a new DuckDB file, which is what the marts are too."""
    query = QUERY.read_text(encoding="utf-8").format(
        lake=home.lake, needs=PROJECT / "seeds" / "category_needs.csv", as_of=as_of, zone=home.time_zone
    )
    with duckdb.connect(str(target), config=home.engine) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create table customer_facts as {query}")


def measure_by_hand(folder: Path) -> dict[str, float]:
    home = settings.load(folder)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        started, used = time.perf_counter(), time.process_time()
        write_by_hand(home, lake.as_of_day(home, None), Path(place, "facts.duckdb"))
        return {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - used}


if __name__ == "__main__":
    print(json.dumps(measure_by_hand(Path(sys.argv[1]))))
