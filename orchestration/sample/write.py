"""A home with a sample in its inbox.

What is being written stands in a hidden folder and is moved into the inbox at the end, so that an interrupted sample never
looks like a delivery.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from orchestration.sample import basket
from orchestration.sample.buying import World, simulate
from orchestration.sample.people import SOURCES
from orchestration.sample.sampler import Sampler
from orchestration.sample.season import DAY, Season

MOST_LINES = 50_000_000

_SETTINGS = """\
currency: CNY
time_zone: Asia/Shanghai
sources:
  online: {profile: canonical}
  shops: {profile: canonical}
"""


@dataclass(frozen=True)
class SampleSummary:
    """What was written. ``files``, ``bytes``: in the inbox. ``lines``: good order lines in the inbox, every version of an order counted."""

    home: Path
    start: date
    end: date
    customers: int
    files: int
    lines: int
    reviews: int
    bytes: int
    faults: int


def write_sample(
    home: Path,
    *,
    customers: int | None = 20_000,
    lines: int | None = None,
    seed: int = 7,
    months: int = 24,
    end: date = date(2026, 10, 31),
    faults: bool = True,
    on_progress: Callable[[str, float], None] | None = None,
) -> SampleSummary:
    """Write a sample into ``home``: dumps into ``inbox/<source>/``, the truth into ``truth/``, and ``regulars.yaml`` if there is none.

    The same arguments give the same bytes. With ``lines`` (1,000 to 50 million; order lines, met within a few per cent) the
    number of customers follows from it, otherwise ``customers`` says it. ``months`` (1 to 60) of daily files end on day ``end``.
    ``on_progress`` is told the stage and how much of the whole is done, 0 to 1.
    ``faults``: whether to plant any; with fewer than about 300 customers over 24 months not every kind finds room.
    Raises ``ValueError`` for arguments out of range, ``FileExistsError`` when ``home`` has files of these sources or a truth already.
    """
    season, days = _calendar(months, end)
    if lines is not None:
        customers = _customers_for(lines, seed, season, days)
    if customers is None:
        raise ValueError("Neither customers nor lines is given, expected one of them.")
    world = World(seed, customers, days, season)
    report = on_progress or (lambda stage, done: None)
    with _workshop(home) as work:
        arguments = {"customers": customers, "lines": lines, "seed": seed, "months": months, "faults": faults}
        delivered = Sampler(world, work, report).write(arguments, faults)
        _publish(work, home)
    report("done", 1.0)
    count = delivered.tally.total
    return SampleSummary(
        home, season.start, end, customers, files=count("inbox", None, "files"), lines=count("inbox", "orders", "rows_clean"),
        reviews=count("inbox", "reviews", "rows_clean"), bytes=count("inbox", None, "bytes"), faults=len(delivered.faults),
    )  # fmt: skip


def _calendar(months: int, end: date) -> tuple[Season, int]:
    """The season from the first day on, with one further day, and the days of the period."""
    if not 1 <= months <= 60:
        raise ValueError(f"months = {months}, expected 1 to 60")
    after = end + timedelta(days=1)
    month = after.year * 12 + after.month - 1 - months
    start = date(month // 12, month % 12 + 1, min(after.day, 28))
    days = (after - start).days
    return Season(start, days + 1), days


def _customers_for(lines: int, seed: int, season: Season, days: int) -> int:
    """How many customers buy about that many lines, by simulating some."""
    if not 1_000 <= lines <= MOST_LINES:
        raise ValueError(f"lines = {lines:,}, expected 1,000 to {MOST_LINES:,}")
    tried = 20_000
    orders = simulate(World(seed, tried, days, season), 0).orders
    bought = basket.lines_count(seed, orders[orders["delivered"] < days * DAY]).sum()
    return max(round(lines * tried / int(bought)), 1)


@contextmanager
def _workshop(home: Path) -> Iterator[Path]:
    """A hidden folder of ``home`` to write in. Whatever happens, it is gone afterwards."""
    for folder in (*(home / "inbox" / source for source in SOURCES), home / "truth"):
        if folder.is_dir() and any(folder.iterdir()):
            raise FileExistsError(f"{folder} already holds files, and a sample would mix with them. Remove it, or choose another home.")
    work = home / ".sample_unfinished"
    shutil.rmtree(work, ignore_errors=True)
    for name in (*(f"inbox/{source}" for source in SOURCES), *(f"truth/later/{source}" for source in SOURCES), "spool"):
        (work / name).mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _publish(work: Path, home: Path) -> None:
    (home / "inbox").mkdir(exist_ok=True)
    for folder in (Path("truth"), *(Path("inbox") / source for source in SOURCES)):
        (work / folder).replace(home / folder)  # onto a folder that is absent or empty
    settings = home / "regulars.yaml"
    if not settings.exists():
        settings.write_text(_SETTINGS, encoding="utf-8")
