"""Tables read off the warehouse: from a copy that is gone afterwards, or with a sentence where the disk has no room for one."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.settings import Settings, load

FULL_DISK = """
import resource, sys
from pathlib import Path
from orchestration import settings, warehouse
from orchestration.errors import RegularsError

home = settings.load(Path(sys.argv[1]), {})
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))  # every file ends here, as on a disk that is full
try:
    with warehouse.scan(home, "marts.customers", ["customer_id", "words"]):
        print("read")
except RegularsError as error:
    print(error)
    sys.exit(3)
"""


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    found = load(tmp_path, {})
    duckdb.connect(str(found.working)).close()
    with duckdb.connect(str(found.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.customers as select 199999 - i as customer_id, uuid() as words from range(200_000) t(i)")
    return found


def test_a_scan_reads_a_copy_in_order_and_leaves_nothing(home: Settings) -> None:
    with warehouse.scan(home, "marts.customers", ["customer_id", "customer_id", "absent"]) as customers:
        assert customers.collect()["customer_id"].to_list() == list(range(200_000))
        assert customers.collect_schema().names() == ["customer_id"]
    assert not list(home.derived.iterdir())


def test_a_disk_without_room_for_the_copy_is_said_clearly(home: Settings) -> None:
    ended = subprocess.run([sys.executable, "-c", FULL_DISK, str(home.home)], check=False, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (3, "")
    assert "The disk is full." in ended.stdout
    assert "make room and run again" in ended.stdout
    assert not list(home.derived.iterdir())
