"""Dumps as real tools export them, each standing for a kind of fault: from the file to the right values that are published."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.cases.conftest import homes_of_cases
from tests.e2e.cases.table import CASES, Case, person
from tests.e2e.conftest import Home
from tests.e2e.together import rows_of

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

PROFILES = Path(__file__).parent / "profiles"


@pytest.fixture(scope="module")
def homes(shared_cases: Path, make_home: Callable[[str], Home]) -> dict[int, Home]:
    def profile_of(case: Case, home: Path) -> str:
        if (own := PROFILES / f"{case.profile}.yaml").exists():
            (home / "profiles").mkdir(exist_ok=True)
            shutil.copy(own, home / "profiles")
        return case.profile

    return homes_of_cases(shared_cases, make_home, profile_of)


@pytest.mark.parametrize("case", CASES, ids=[case.folder for case in CASES])
def test_the_values_of_the_case_are_published(case: Case, homes: dict[int, Home]) -> None:
    home = homes[case.home]
    assert rows_of(case.source, home) == case.rows
    assert case.published(home) == case.values


def shop_person(address: str) -> str:
    return f"shop:{person(address)}"


def test_spam_is_left_out_and_the_other_reviews_belong_to_the_buyers_of_their_email(
    shared_cases: Path, make_home: Callable[[str], Home]
) -> None:
    home = make_home("currency: EUR\nsources: {shop: {profile: shopify_orders}, reviews: {profile: judgeme_reviews}}\n")
    home.deliver([shared_cases / "15-judgeme-reviews" / "orders_export_1.csv"], "shop")
    home.deliver([shared_cases / "15-judgeme-reviews" / "judgeme-reviews-export.csv"], "reviews")
    figures = home.run()
    assert figures["left_out"] == {"reviews/spam": 1}
    assert home.published("select rating, has_text from marts.fct_reviews order by created_at") == [(5, True), (1, True), (4, False)]
    assert home.published("select count(*) from marts.customer_facts where orders_count = 1") == [(3,)]
    reviewers = "select rating, customer_id, sources from marts.fct_reviews left join marts.dim_customers using (customer_id) order by 1"
    both = "reviews, shop"
    assert home.published(reviewers) == [(1, shop_person("marc@x.fr"), both), (4, None, None), (5, shop_person("camille@x.fr"), both)]
    assert home.published("select count(*) from marts.dim_customers") == [(3,)]
