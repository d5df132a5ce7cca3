"""From an unknown file to its right values: what is proposed for each case, with the edits by hand that it takes, counted.

No profile is known for these files here: `regulars inspect --write-profile` proposes one, as for any dump that nobody has seen before.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.dumps.looks import look
from orchestration.dumps.profiles import open_marks
from orchestration.dumps.proposal.text import write
from tests.e2e.cases.test_cases import CASES, Case, shared_cases
from tests.e2e.conftest import Home

__all__ = ["shared_cases"]
pytestmark = [pytest.mark.real_data, pytest.mark.slow]

EDITS = {
    "07-amazon-all-orders": (
        # What the item price is of, and that the shipping price is the item's.
        ("    columns:\n", "    layout: {prices: per_line}\n    columns:\n", "price of a piece"),
        ("", "", "whole order"),
    ),
}
"""Case → what a person does to the proposal: text to replace, by what, and the mark that is answered so."""


def edited(path: Path, edits: tuple[tuple[str, str, str], ...]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new, mark in edits:
        text = text.replace(old, new, 1) if old else text
        text = "\n".join(line.split("   # CHECK:")[0] if mark in line else line for line in text.split("\n"))
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_the_values_come_out_of_the_proposal_with_at_most_two_edits(
    case: Case, shared_cases: Path, make_home: Callable[[str], Home], record_property: Callable[[str, object], None]
) -> None:
    home = make_home(f"{case.settings}\nsources: {{shop: {{profile: proposed}}}}\n")
    files = [path for path in (shared_cases / case.folder).iterdir() if path.name != "expected.md"]
    for file in files:
        path = write("proposed", look(file, 1000), home.folder)
    edits = EDITS.get(case.folder, ())
    record_property("edits", len(edits))
    assert len(edits) <= 2
    edited(path, edits)
    assert open_marks(path) == []
    home.deliver(files, "shop")
    figures = home.run()
    landing = figures["landing"]
    assert tuple(landing[f"rows_{name}"] for name in ("delivered", "clean", "quarantined", "left_out")) == case.rows
    assert {query: home.published(query) for query in case.values} == case.values
