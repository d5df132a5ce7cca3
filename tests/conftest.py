"""What all tests share: where the real dumps are, and that random cases are the same on every run, until new ones are asked for."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same_cases", derandomize=True)
settings.register_profile("new_cases", derandomize=False, print_blob=True)
settings.load_profile("same_cases")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real dumps (not ours, so not in the repository); the test skips, saying so, where it is absent."""
    beside_the_checkout = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("REGULARS_SHARED_DATA", beside_the_checkout))
    if not folder.is_dir():
        pytest.skip(f"real data is absent: no folder {folder}; set REGULARS_SHARED_DATA to the folder that holds online_retail, r_rfm, …")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests before slow ones, each kind in its random order: a broken rule shows within seconds."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
