"""Days in a warm process: what passing time costs, and what a day's files cost, where a run is behind them. Prints one JSON object.

python -m tests.benchmarks.day HOME
"""

import json
import shutil
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from orchestration import run, settings, warehouse
from orchestration.progress import Progress


def measure_days(home: Path) -> dict[str, Any]:
    """Three days: one that warms up; one without a delivery; and one on which the newest orders of ``truth/later`` come, of all sources."""
    later = home / "truth" / "later"
    newest = max(path.name[-14:] for path in later.rglob("orders_*.csv"))
    day = date.fromisoformat(newest.removesuffix(".csv"))
    run.run(settings.load(home), day.isoformat(), Progress())
    quiet = _measure_day(home, day + timedelta(days=1))
    for path in later.rglob(f"orders_{newest}"):
        target = home / "inbox" / path.relative_to(later)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return {"quiet": quiet, "busy": _measure_day(home, day + timedelta(days=2))}


def _measure_day(home: Path, as_of: date) -> dict[str, Any]:
    started, used = time.perf_counter(), time.process_time()
    figures = run.run(settings.load(home), as_of.isoformat(), Progress())
    spent = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - used}
    with warehouse.connect(settings.load(home)) as connection:
        counts = "select (select count(*) from marts.customer_facts), (select count(*) from working.intermediate.int_recounted_customers)"
        customers, counted_anew = connection.execute(counts).fetchall()[0]
    stages = figures["stages"]
    rows = figures["landing"]["rows_delivered"]
    return {
        "rows": rows,
        "customers": customers,
        "counted_anew": counted_anew,
        "marts": stages["facts"] + stages["views"],
        **spent,
        "stages": stages,
    }


if __name__ == "__main__":
    print(json.dumps(measure_days(Path(sys.argv[1]))))
