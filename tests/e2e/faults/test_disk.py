"""3, 4: a disk that is full or fails stops a landing with a sentence; what was there stays, and the next landing finishes the work."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.faults.conftest import assert_accounted_for, day
from tests.orchestration.dumps.conftest import Home

LAND = """
import resource, sys
from pathlib import Path
from orchestration import settings as home_settings
from orchestration.dumps.landing import land
from orchestration.dumps.ledger import Ledger
from orchestration.errors import RegularsError

loaded = home_settings.load(Path(sys.argv[1]), {})
ledger = Ledger(loaded.lake / "ledger.sqlite")
if int(sys.argv[2]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    land(loaded, ledger, "test-run", lambda share: None)
except RegularsError as error:
    print(error)
    sys.exit(3)
"""


def land(home: Home, limit: int = 0, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Land in a process of its own, which may write no file beyond the limit. Exit code 3: it ended in a sentence."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    command = [*before, sys.executable, "-W", "ignore", "-c", LAND, str(home.folder), str(limit)]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=300)


def deliver(home: Home) -> list[str]:
    """A day that was landed before, and days that wait, one of them larger than all the others."""
    texts = []
    for number, rows in ((1, 3), (2, 3), (3, 40_000)):
        name, text = day(number, rows)
        home.deliver(name, text)
        texts.append(text)
        if number == 1:
            assert home.land().rows_clean == 3
    return texts


def assert_as_before_and_finished_later(home: Home, texts: list[str]) -> None:
    assert_accounted_for(home, texts[:1])
    home.land()
    assert_accounted_for(home, texts)
    assert not [path for path in home.folder.rglob("*") if path.name.endswith((".tmp", ".partial"))]


@pytest.mark.slow
@pytest.mark.parametrize("limit", [100_000, 1_000_000], ids=["in Parquet or raw", "while copying"])
def test_3_a_file_that_cannot_grow_any_more_stops_the_landing_with_a_sentence(home: Home, limit: int) -> None:
    texts = deliver(home)
    answer = land(home, limit)
    assert answer.returncode == 3, answer.stderr[-800:]
    assert "The disk is full." in answer.stdout
    assert_as_before_and_finished_later(home, texts)


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [1, 2])
def test_3_a_full_disk_stops_the_landing_with_a_sentence(tmp_path: Path, megabytes: int) -> None:
    home = Home(tmp_path)
    (tmp_path / "regulars.yaml").write_text("time_zone: UTC\n")
    texts = deliver(home)
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(small)], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted as root")
    try:
        shutil.copytree(tmp_path / "lake", small / "lake")
        shutil.rmtree(tmp_path / "lake")
        (tmp_path / "lake").symlink_to(small / "lake")
        answer = land(home)
        assert answer.returncode == 3, (answer.stdout, answer.stderr[-800:])
        assert "The disk is full." in answer.stdout
        assert_accounted_for(home, texts[:1])
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True)
        assert_as_before_and_finished_later(home, texts)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["syncfs:when=1+", "fdatasync:when=2+"], ids=["the dumps", "the ledger"])
def test_4_a_disk_that_fails_to_take_what_was_written_stops_the_landing_with_a_sentence(home: Home, call: str) -> None:
    if not shutil.which("strace"):
        pytest.skip("failing system calls are injected by strace, which is not installed")
    texts = deliver(home)
    name, how = call.split(":")
    answer = land(home, before=("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={name}:error=EIO:{how}"))
    if "ptrace" in answer.stderr.lower():
        pytest.skip("this machine doesn't let one process trace another")
    assert answer.returncode == 3, (answer.stdout, answer.stderr[-800:])
    assert "The disk fails to write or read." in answer.stdout
    assert_as_before_and_finished_later(home, texts)
