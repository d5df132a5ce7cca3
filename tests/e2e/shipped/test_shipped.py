"""The sample of each shipped profile, from the file to what is published: exact orders, customers, payments and reviews."""

from collections.abc import Callable

import pytest

from tests.e2e.conftest import Home
from tests.e2e.shipped.table import SAMPLES, TABLE, Sample, buyers_of, orders_of
from tests.e2e.together import Source, deliver_rates, rows_of, settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(make_home: Callable[[str], Home]) -> Home:
    sources = [Source(sample.folder, sample.profile, sample.time_zone) for sample in TABLE]
    home = make_home(settings(sources, "USD", "America/New_York"))
    deliver_rates(home, "USD")
    for sample in TABLE:
        home.deliver((SAMPLES / sample.folder).iterdir(), sample.folder)
    home.run()
    return home


@pytest.mark.parametrize("sample", TABLE, ids=[sample.folder for sample in TABLE])
def test_a_sample_is_published_with_its_values(sample: Sample, home: Home) -> None:
    assert rows_of(sample.folder, home) == sample.rows
    assert orders_of(sample.folder, home) == list(sample.orders)
    expected = sorted((f"{sample.folder}:{customer}", *figures) for customer, *figures in sample.customers)
    assert buyers_of(sample.folder, home) == expected
    assert [home.published(query) for query, _ in sample.values] == [list(rows) for _, rows in sample.values]


def test_every_sample_is_in_the_table() -> None:
    of_consents = "shopify_orders"  # read by tests of its own
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} - {of_consents} == {sample.folder for sample in TABLE}
