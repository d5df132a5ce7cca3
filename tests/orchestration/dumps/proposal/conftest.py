"""Proposals for dumps of a few lines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.dumps.looks import look
from orchestration.dumps.profiles import parsed
from orchestration.dumps.proposal.draft import Draft, NoEvidence, draft
from orchestration.dumps.proposal.text import proposed

Propose = Callable[[str], Draft | NoEvidence]


@pytest.fixture
def propose(tmp_path: Path) -> Propose:
    """What is proposed for a dump of that text; what it would be written as is a valid profile."""

    def make(text: str) -> Draft | NoEvidence:
        path = tmp_path / "dump.csv"
        path.write_text(text, encoding="utf-8", newline="")
        looked = look(path, 1000)
        made = draft(looked)
        if isinstance(made, Draft):
            parsed(proposed("mine", looked, made), "mine")
        return made

    return make


@pytest.fixture
def orders(propose: Propose) -> Callable[[str], Draft]:
    def make(text: str) -> Draft:
        made = propose(text)
        assert isinstance(made, Draft)
        assert made.feed == "orders"
        return made

    return make
