"""The samples of the shipped profiles, landed."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.orchestration.dumps.conftest import Home

SAMPLES = Path(__file__).parents[3] / "samples"


def hashed(text: str) -> str:
    """The id that a profile makes of a text that must not show."""
    return sha256(text.encode()).hexdigest()[:16]


@pytest.fixture
def landed(configured: Callable[[str], Home]) -> Callable[..., Home]:
    """A home that the sample of that folder has landed in. ``change``: a text of the file → the one to put in its place."""

    def make(folder: str, currency: str, profile: str | None = None, change: tuple[str, str] = ("", ""), encoding: str = "utf-8") -> Home:
        (sample,) = (SAMPLES / folder).iterdir()
        home = configured(
            f"time_zone: UTC\ncurrency: {currency}\nsources: {{shop: {{profile: {profile or folder}, max_quarantined_share: 1}}}}\n"
        )
        text = sample.read_bytes().decode(encoding)
        assert change[0] in text
        home.deliver(sample.name, text.replace(*change).encode(encoding) if change[0] else text.encode(encoding))
        home.land()
        return home

    return make
