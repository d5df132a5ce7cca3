"""The day after, in a warm process: what the next day's files cost where a run is behind it. Prints one JSON object.

python -m tests.benchmarks.day HOME
"""

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from orchestration import run, settings
from orchestration.progress import Progress


def measure_day(home: Path) -> dict[str, Any]:
    """Deliver the newest day of ``truth/later`` file by file, a run after each. The first warms up; the last with orders is told."""
    later = home / "truth" / "later"
    newest = max(path.name[-14:] for path in later.rglob("orders_*.csv"))
    told: dict[str, Any] = {}
    for path in sorted(later.rglob(f"orders_{newest}"), reverse=True):
        target = home / "inbox" / path.relative_to(later)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        started, used = time.perf_counter(), time.process_time()
        figures = run.run(settings.load(home), None, Progress())
        spent = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - used}
        told = {"rows": figures["landing"]["rows_delivered"], **spent, "stages": figures["stages"]}
    return told


if __name__ == "__main__":
    print(json.dumps(measure_day(Path(sys.argv[1]))))
