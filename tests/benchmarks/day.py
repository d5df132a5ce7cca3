"""The day after, in a warm process: what the next day's files cost where a run is behind it. Prints one JSON object.

python -m tests.benchmarks.day HOME
"""

import json
import shutil
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from orchestration import run, settings
from orchestration.progress import Progress


def measure_day(home: Path) -> dict[str, Any]:
    """A day passes without a delivery, which warms up; then the newest orders of ``truth/later`` come, of all sources, and the next day."""
    later = home / "truth" / "later"
    newest = max(path.name[-14:] for path in later.rglob("orders_*.csv"))
    day = date.fromisoformat(newest.removesuffix(".csv"))
    run.run(settings.load(home), day.isoformat(), Progress())
    for path in later.rglob(f"orders_{newest}"):
        target = home / "inbox" / path.relative_to(later)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    started, used = time.perf_counter(), time.process_time()
    figures = run.run(settings.load(home), (day + timedelta(days=1)).isoformat(), Progress())
    spent = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - used}
    return {"rows": figures["landing"]["rows_delivered"], **spent, "stages": figures["stages"]}


if __name__ == "__main__":
    print(json.dumps(measure_day(Path(sys.argv[1]))))
