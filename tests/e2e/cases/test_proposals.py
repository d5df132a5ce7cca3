"""From an unknown file to its right values: what is proposed for each case, with the edits by hand that it takes, counted.

No profile is known for these files here: `regulars inspect --write-profile` proposes one, as for any dump that nobody has seen before.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.dumps.looks import look
from orchestration.dumps.profiles import open_marks
from orchestration.dumps.proposal.text import write
from tests.e2e.cases.conftest import files_of, homes_of_cases
from tests.e2e.cases.table import CASES, Case
from tests.e2e.conftest import Home
from tests.e2e.together import rows_of
from tests.edits import Edit, apply

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

EDITS: dict[str, tuple[Edit, ...]] = {
    "07-amazon-all-orders": (
        Edit("    columns:\n", "    layout: {prices: per_line}\n    columns:\n", "price of a piece"),
        Edit(mark="whole order"),
    ),
}
"""Case → edits by hand; none for those that are not named."""


@pytest.fixture(scope="module")
def homes(shared_cases: Path, make_home: Callable[[str], Home]) -> dict[int, Home]:
    def profile_of(case: Case, home: Path) -> str:
        name = f"proposed_{case.source}"
        (file,) = files_of(case, shared_cases)
        path = write(name, look(file, 1000), home)
        edits = EDITS.get(case.folder, ())
        assert len(edits) <= 2
        apply(edits, path)
        assert open_marks(path) == []
        return name

    return homes_of_cases(shared_cases, make_home, profile_of)


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_the_values_come_out_of_the_proposal_with_at_most_two_edits(case: Case, homes: dict[int, Home]) -> None:
    home = homes[case.home]
    assert rows_of(case.source, home) == case.rows
    assert case.published(home) == case.values


def test_reviews_belong_to_the_buyers_of_their_email(shared_cases: Path, make_home: Callable[[str], Home]) -> None:
    home = make_home("currency: EUR\nsources: {shop: {profile: orders}, reviews: {profile: reviews}}\n")
    folder = shared_cases / "15-judgeme-reviews"
    for source, profile, file in (("shop", "orders", "orders_export_1.csv"), ("reviews", "reviews", "judgeme-reviews-export.csv")):
        assert open_marks(write(profile, look(folder / file, 1000), home.folder)) == []
        home.deliver([folder / file], source)
    assert home.run()["left_out"] == {"reviews/spam": 1}
    assert home.published("select rating, customer_id is not null from marts.fct_reviews order by created_at") == [
        (5, True),
        (1, True),
        (4, False),
    ]
    assert home.published("select count(*) from marts.customer_facts where orders_count = 1") == [(3,)]
