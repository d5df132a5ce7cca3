"""Homes in which the cases are run together."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.cases.table import CASES, Case
from tests.e2e.conftest import Home
from tests.e2e.together import Source, deliver_rates, settings

ZONES = {"07": "Europe/Berlin", "10": "Asia/Shanghai", "12": "Asia/Shanghai", "13": "Asia/Shanghai", "24": "Asia/Shanghai"}


@pytest.fixture(scope="session")
def shared_cases(shared_data: Path) -> Path:
    folder = shared_data.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"the cases are absent: no folder {folder}")
    return folder


def files_of(case: Case, shared_cases: Path) -> list[Path]:
    return [path for path in (shared_cases / case.folder).iterdir() if path.name != "expected.md"]


def homes_of_cases(shared_cases: Path, make_home: Callable[[str], Home], profile_of: Callable[[Case, Path], str]) -> dict[int, Home]:
    """Number → a home where its cases were run. ``profile_of``: called with a case and the folder of the home's profiles."""
    made = {}
    for number in sorted({case.home for case in CASES}):
        home = make_home("")
        cases = [case for case in CASES if case.home == number]
        sources = [Source(case.source, profile_of(case, home.folder), ZONES.get(case.folder[:2], "America/New_York")) for case in cases]
        (home.folder / "regulars.yaml").write_text(settings(sources, "EUR", "Europe/Berlin"), encoding="utf-8")
        deliver_rates(home, "EUR")
        for case in cases:
            home.deliver(files_of(case, shared_cases), case.source)
        home.run()
        made[number] = home
    return made
