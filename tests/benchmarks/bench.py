"""A table: seconds per stage, memory and rows per second of ``regulars run``, next to the floor measured in the same run.

Two floors, each DuckDB in a process of its own with as many threads: scanning the same CSV files with every column typed, and writing what
it scanned as Parquet (``COPY``). Nothing that reads these dumps can be quicker than the first, nothing that lands them than the second.
The floor of the marts is one hand-written query that computes the customer facts and nothing else, from the Parquet of the same lake.
Landing and its floor are run in turns and compared by the medians of their seconds and of their processor seconds: the latter say the same
on a machine that others use too. Whatever is measured runs in a process of its own, so that its peak memory is its own too.

    make bench LINES=1000000,10000000
"""

import argparse
import contextlib
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CHEAP_LINES = 1_000_000
"""Up to here each figure is the median of three runs; above, a run takes minutes and is done once."""

FORMER = "former-"
KEPT_BETWEEN_RUNS = {"inbox", "truth", "regulars.yaml"}
CSV_ENDINGS = (".csv", ".csv.gz")
TYPES = {
    r".*_at": "timestamp",
    r".*_amount|unit_price": "decimal(18, 4)",
    r"quantity": "decimal(18, 3)",
    r"(is|has)_.*": "boolean",
    r"rating|birth_year|helpful_votes": "integer",
}

LANDING_TURNS = 3

LAND = """if True:
    import pathlib, sys, time
    from orchestration import settings
    from orchestration.dumps import landing, ledger
    home = settings.load(pathlib.Path(sys.argv[1]))
    started = time.perf_counter()
    landing.land(home, ledger.Ledger(home.lake / "ledger.sqlite"), "bench", lambda share: None)
    print(time.perf_counter() - started)
"""
SAMPLE = (
    "import sys, pathlib; from orchestration.sample import write_sample;"
    "write_sample(pathlib.Path(sys.argv[1]), lines=int(sys.argv[2]), months=int(sys.argv[3]), faults=False)"
)
MONTHS = 36
"""Of history, which the cost of a day is compared with. With as many lines a month, whether the cost follows it: ``--months``."""


@dataclass(frozen=True)
class Measured:
    """What one process cost, from its start to its end. ``cpu_seconds``: of all its threads, the system's work for it included."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def measure(command: Sequence[str | Path]) -> Measured:
    """Runs a command to its end. Raises ``RuntimeError`` with what it said when it fails.

    The system counts a child's memory from before it became another program, so this process has to stay smaller than what it measures.
    """
    with tempfile.TemporaryFile("w+") as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        # wait4 rather than wait: the peak of this child alone. getrusage would give the highest of all children so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with exit code {process.returncode}:\n{output[-4000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, output)


def type_of(column: str) -> str:
    """The type a column of that name has in the clean tables, by the naming law."""
    return next((kind for pattern, kind in TYPES.items() if re.fullmatch(pattern, column)), "varchar")


def scan_typed(inbox: Path, threads: int, parquet: Path | None = None) -> dict[str, float]:
    """Scans every CSV file below ``inbox`` with all columns typed: ``rows``, ``files``, ``bytes``, and ``seconds`` without start-up.

    Files with the same header are scanned together, in one query. With ``parquet``, what was scanned is written into that folder.
    """
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    alike: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in sorted(path for path in inbox.rglob("*") if path.name.endswith(CSV_ENDINGS)):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as content:
            alike[(path.suffix, content.readline().strip())].append(path)
    scans = []
    for number, ((_, header), paths) in enumerate(alike.items()):
        delimiter = max(",;\t|", key=header.count)
        types = {name: type_of(name) for name in header.replace('"', "").split(delimiter)}
        # A count of each column makes the scan parse and cast all of them; count(*) alone would skip the work.
        counts = ", ".join(f'count("{name}")' for name in types)
        dialect = "header = true, auto_detect = false, columns = $columns, delim = $delimiter, quote = '\"', escape = '\"'"
        given = {"paths": [str(path) for path in paths], "columns": types, "delimiter": delimiter}
        table = f"read_csv($paths, {dialect})"
        copied = f"copy (select * from {table}) to '{parquet}/{number}.parquet' (format parquet)"
        scans.append((copied if parquet else f"select count(*), {counts} from {table}", given))
    started = time.perf_counter()
    rows = sum(connection.execute(query, given).fetchall()[0][0] for query, given in scans)
    seconds = time.perf_counter() - started
    every_path = [path for paths in alike.values() for path in paths]
    return {"rows": rows, "files": len(every_path), "bytes": sum(path.stat().st_size for path in every_path), "seconds": seconds}


def measure_floor(home: Path, threads: int, times: int) -> dict[str, float]:
    """``scan_typed`` in processes of its own: the median of its seconds, and the highest peak."""
    command = [sys.executable, "-m", "tests.benchmarks.bench", "--floor", home / "inbox", "--threads", str(threads)]
    runs = [measure(command) for _ in range(times)]
    scans = [json.loads(run.output) for run in runs]
    return scans[0] | {"seconds": statistics.median(scan["seconds"] for scan in scans), "peak_bytes": max(run.peak_bytes for run in runs)}


def measure_landing(home: Path, threads: int) -> dict[str, float]:
    """Landing beside its floor, in turns; rows of the table."""
    floors, landings = [], []
    for _ in range(LANDING_TURNS):
        with tempfile.TemporaryDirectory(dir=home) as parquet:
            copy = ["--floor", home / "inbox", "--threads", str(threads), "--copy-to", parquet]
            floors.append(measure([sys.executable, "-m", "tests.benchmarks.bench", *copy]))
        forget_runs(home)
        landings.append(measure([sys.executable, "-c", LAND, home]))
    floor = statistics.median(json.loads(run.output)["seconds"] for run in floors)
    land = statistics.median(float(run.output.split()[-1]) for run in landings)  # behind what DuckDB says of its progress
    floor_cpu, land_cpu = (statistics.median(run.cpu_seconds for run in runs) for runs in (floors, landings))
    return {
        "landing alone, s": land,
        "floor: typed scan and COPY, s": floor,
        "landing / floor": land / floor,
        "landing alone, CPU s": land_cpu,
        "floor: typed scan and COPY, CPU s": floor_cpu,
        "landing / floor, CPU": land_cpu / floor_cpu,
        "landing: peak memory, MB": max(run.peak_bytes for run in landings) / 1e6,
    }


def measure_by_hand(home: Path, times: int) -> dict[str, float]:
    """The customer facts by one hand-written query over the same lake: the median of its seconds, and the highest peak."""
    runs = [measure([sys.executable, "-m", "tests.benchmarks.facts", home]) for _ in range(times)]
    seconds = statistics.median(json.loads(run.output.splitlines()[-1])["seconds"] for run in runs)
    return {"seconds": seconds, "peak_bytes": max(run.peak_bytes for run in runs)}


def forget_runs(home: Path) -> None:
    """Leaves of a home what it was before its first run.

    What runs made is moved aside, not deleted: ext4 gives the inodes of files deleted in the last minutes to nobody and looks for others,
    which makes each new file cost 1.2 ms instead of 0.05 ms; no first run pays that.
    """
    aside = Path(tempfile.mkdtemp(prefix=FORMER, dir=home.parent))
    for path in home.iterdir():
        if path.name not in KEPT_BETWEEN_RUNS:
            path.rename(aside / path.name)


def measure_size(home: Path, lines: int, months: int, threads: int, only_landing: bool) -> dict[str, float]:
    """One column of the table: every figure at one size, by its label, in the order of the table."""
    regulars = Path(sys.executable).with_name("regulars")
    times = 3 if lines <= CHEAP_LINES else 1
    measure([sys.executable, "-c", SAMPLE, home, str(lines), str(months)])
    landing = measure_landing(home, threads)
    if only_landing:
        return landing
    forget_runs(home)
    runs, stages = [], []
    for _ in range(times):
        forget_runs(home)
        runs.append(measure([regulars, "run", "--home", home]))
        stages.append(json.loads((home / "state" / "last_run.json").read_text("utf-8"))["stages"])
    by_hand = measure_by_hand(home, times)
    idle = [measure([regulars, "run", "--home", home]) for _ in range(3)]
    days = json.loads(measure([sys.executable, "-m", "tests.benchmarks.day", home]).output.splitlines()[-1])
    floor = measure_floor(home, threads, times=3)
    seconds = statistics.median(run.seconds for run in runs)
    marts, quiet, day = statistics.median(run["facts"] + run["views"] for run in stages), days["quiet"], days["busy"]
    return {
        "rows in the dumps": floor["rows"],
        "files": floor["files"],
        "MB": floor["bytes"] / 1e6,
        "measured, times": times,
        **{f"{stage}, s": statistics.median(run.get(stage, 0.0) for run in stages) for stage in stages[0]},
        "regulars run, start to end, s": seconds,
        "rows per second": floor["rows"] / seconds,
        "peak memory, MB": max(run.peak_bytes for run in runs) / 1e6,
        "nothing new, s": statistics.median(run.seconds for run in idle),
        "a day without a delivery, in a warm process, s": quiet["seconds"],
        "a day's rows": day["rows"],
        "that day in a warm process, s": day["seconds"],
        "of it for the facts, s": day["stages"]["facts"],
        "that day / the whole run": day["seconds"] / seconds,
        "all marts with their tests, s": marts,
        "by hand: the customer facts alone, s": by_hand["seconds"],
        "all marts / by hand": marts / by_hand["seconds"],
        "by hand: peak memory, MB": by_hand["peak_bytes"] / 1e6,
        "customers": day["customers"],
        "of them counted anew that day": day["counted_anew"],
        "that day's marts, s": day["marts"],
        "that day's marts / all marts": day["marts"] / marts,
        "without a delivery: counted anew": quiet["counted_anew"],
        "without a delivery: marts, s": quiet["marts"],
        "floor: typed scan, s": floor["seconds"],
        "floor: rows per second": floor["rows"] / floor["seconds"],
        "floor: peak memory, MB": floor["peak_bytes"] / 1e6,
        "run / floor": seconds / floor["seconds"],
        **landing,
    }


def table(columns: dict[str, dict[str, float]]) -> Iterator[str]:
    """Markdown lines: a row per figure, a column per size; a figure that a size lacks is a dash."""

    def shown(figure: float | None) -> str:
        if figure is None:
            return "–"
        return f"{figure:,.0f}" if figure >= 100 or float(figure).is_integer() else f"{figure:.2f}"

    labels = list(dict.fromkeys(label for column in columns.values() for label in column))
    cells = [["", *columns], *([label, *(shown(column.get(label)) for column in columns.values())] for label in labels)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns) + 1)]
    for number, row in enumerate(cells):
        figures = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "| " + " | ".join([row[0].ljust(widths[0]), *figures]) + " |"
        if number == 0:
            yield "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", default="1000000,10000000", help="sizes in order lines, with commas between them")
    parser.add_argument("--months", type=int, default=MONTHS, help="of history, whatever the size")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="for the run and for the floor alike")
    parser.add_argument("--keep", type=Path, help="folder to make the homes in, and leave them; default: a temporary one, removed")
    parser.add_argument("--landing", action="store_true", help="measure nothing but landing and its floor")
    parser.add_argument("--floor", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--copy-to", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.floor:
        print(json.dumps(scan_typed(asked.floor, asked.threads, asked.copy_to)))
        return
    os.environ["REGULARS_THREADS"] = str(asked.threads)
    place = contextlib.nullcontext(asked.keep) if asked.keep else tempfile.TemporaryDirectory(prefix="regulars-bench-")
    with place as folder:
        columns = {}
        for lines in [int(size.replace("_", "")) for size in asked.lines.split(",")]:
            print(f"{lines:,} lines ...", file=sys.stderr, flush=True)
            home = Path(folder, str(lines))
            home.mkdir(parents=True)
            columns[f"{lines:,} lines"] = measure_size(home, lines, asked.months, asked.threads, asked.landing)
        for former in Path(folder).glob(f"{FORMER}*"):
            shutil.rmtree(former)
    print(f"{asked.threads} threads, Python {sys.version.split()[0]}\n", *table(columns), sep="\n")


if __name__ == "__main__":
    main()
