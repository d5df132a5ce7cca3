"""A user's mistake ends in one clear sentence and exit code 1, with what was published before as it was. The real command, as installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = "order_id,customer_id,ordered_at,quantity,unit_price"


def regulars(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


def test_an_empty_inbox_is_answered_with_what_to_do(tmp_path: Path) -> None:
    answer = regulars("run", home=tmp_path)
    assert answer.returncode == 1
    assert f"The inbox is empty and nothing was ever delivered. Where: {tmp_path}/inbox." in answer.stderr
    assert "regulars sample" in answer.stderr


def test_a_broken_settings_file_is_named_with_the_key_at_fault(tmp_path: Path) -> None:
    (tmp_path / "regulars.yaml").write_text("curency: GBP\n")
    answer = regulars("run", home=tmp_path)
    assert answer.returncode == 1
    assert "Unknown key 'curency'" in answer.stderr
    assert "Did you mean 'currency'?" in answer.stderr


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    answer = regulars("run", home=tmp_path / "file" / "home")
    assert answer.returncode == 1
    assert f"The home {tmp_path}/file/home can't be written: Not a directory." in answer.stderr
    assert "--home" in answer.stderr


def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    answer = regulars("run", "--as-of", "yesterday", home=tmp_path)
    assert answer.returncode == 1
    assert "'yesterday' is not a day." in answer.stderr


def test_an_unknown_profile_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "regulars.yaml").write_text("sources: {shop: {profile: olsit}}\n")
    answer = regulars("run", home=tmp_path)
    assert answer.returncode == 1
    assert "Did you mean 'olist'? Known: amazon_orders, canonical, cdnow, " in answer.stderr


UNREADABLE = {
    "a missing column": (
        "orders_2026-03-01.csv",
        "order_id,customer_id,ordered_at,quantity\nO1,C1,2026-03-01,1\n",
        "missing_column: feed 'orders' needs unit_price",
    ),
    "a file of no known shape": ("notes.txt", "call Mrs Wang", "unknown_file: no feed of profile 'canonical' takes a file of this name"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_inbox_without_one_readable_file_publishes_nothing(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / "inbox" / "shop").mkdir(parents=True)
    (tmp_path / "inbox" / "shop" / name).write_text(content)
    for _ in range(2):
        answer = regulars("run", home=tmp_path)
        assert answer.returncode == 1
        assert message in answer.stderr
        assert answer.stderr.startswith("Error: "), "one sentence, and nothing of the engines' own before it"
        assert "Traceback" not in answer.stderr
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize("command", ["run", "status", "release", "reject", "retry", "sample", "dagster"])
def test_every_command_has_an_example_in_its_help(command: str) -> None:
    environment = {**os.environ, "COLUMNS": "200"}
    answer = subprocess.run(
        [sys.executable, "-c", "from orchestration.cli import main; main()", command, "--help"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert answer.returncode == 0
    assert f"Example: regulars {command}" in answer.stdout
