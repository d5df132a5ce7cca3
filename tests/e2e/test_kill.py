"""kill -9 at any moment: readers keep the last publication, and the next run finishes the work as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.sample import write_sample
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

SETTINGS = "currency: CNY\ntime_zone: Asia/Shanghai\n"
STAGES = ("land", "identity", "facts", "scores", "lists", "publish")
"""A kill falls into each of these, somewhere within the stage's usual length."""

VICTIM = """
import os, signal, sys, threading
from pathlib import Path
from orchestration import run, settings
from orchestration.progress import Progress

stage, delay = sys.argv[2], float(sys.argv[3])
class Doomed(Progress):
    def begin(self, name):
        if name == stage:
            threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
run.run(settings.load(Path(sys.argv[1])), None, Doomed())
"""


def _tables(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every published table, its rows in a fixed order."""
    folder = (home / "published").resolve()
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        names = [
            name
            for (name,) in connection.execute("select table_name from information_schema.tables where table_schema = 'marts'").fetchall()
        ]
        return {name: connection.execute(f"select * from marts.{name} order by all").fetchall() for name in names}


@pytest.fixture(scope="module")
def two_days(make_home: Callable[[str], Home]) -> tuple[Home, Path, dict[str, list[tuple[object, ...]]]]:
    """A home whose first day is published, the files of the second, and what an uninterrupted second run publishes."""
    home = make_home(SETTINGS)
    write_sample(home.folder, customers=60, seed=5)
    home.run()
    finished = make_home(SETTINGS)
    shutil.copytree(home.folder, finished.folder, symlinks=True, dirs_exist_ok=True)
    later = home.folder / "truth" / "later"
    shutil.copytree(later, finished.folder / "inbox", dirs_exist_ok=True)
    finished.run()
    return home, later, _tables(finished.folder)


def test_a_killed_run_leaves_what_readers_see_and_the_next_finishes_it(
    two_days: tuple[Home, Path, dict[str, list[tuple[object, ...]]]], tmp_path: Path
) -> None:
    home, later, expected = two_days
    victim = Home(tmp_path / "home")
    shutil.copytree(home.folder, victim.folder, symlinks=True)
    seen = _tables(victim.folder)
    shutil.copytree(later, victim.folder / "inbox", dirs_exist_ok=True)
    moments = random.Random(11)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    for stage in STAGES:
        command = [sys.executable, "-c", VICTIM, str(victim.folder), stage, str(moments.uniform(0, 0.3))]
        died = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=300)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-500:]
        shown = _tables(victim.folder)
        assert shown == seen or (stage == "publish" and shown == expected), stage
    victim.run()
    assert _tables(victim.folder) == expected
