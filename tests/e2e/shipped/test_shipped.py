"""The sample of each shipped profile, from the file to what is published: exact orders, customers, payments and reviews."""

from collections.abc import Callable

import pytest

from orchestration.dumps.ledger import Ledger
from tests.e2e.conftest import Home
from tests.e2e.shipped.table import RUNS, SAMPLES, TABLE, Sample, buyers_of, orders_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)
def test_samples_are_published_with_their_values(settings: str, make_home: Callable[[str], Home]) -> None:
    samples = [sample for sample in TABLE if sample.settings == settings]
    sources = "".join(f"  {sample.folder}: {{profile: {sample.profile}}}\n" for sample in samples)
    home = make_home(f"{settings}\nsources:\n{sources}")
    for sample in samples:
        home.deliver((SAMPLES / sample.folder).iterdir(), sample.folder)
    home.run()
    assert {sample.folder: rows_of(sample, home) for sample in samples} == {sample.folder: sample.rows for sample in samples}
    for sample in samples:
        assert orders_of(sample.folder, home) == list(sample.orders)
        expected = sorted((f"{sample.folder}:{customer}", *figures) for customer, *figures in sample.customers)
        assert buyers_of(sample.folder, home) == expected
        assert [home.published(query) for query, _ in sample.values] == [list(rows) for _, rows in sample.values]


def rows_of(sample: Sample, home: Home) -> tuple[int, ...]:
    ledger = Ledger(home.folder / "lake" / "ledger.sqlite")
    live = [file for file in ledger.files("live") if file.source == sample.folder]
    ledger.close()
    each = [(file.rows_delivered, file.rows_clean, file.rows_quarantined, file.rows_left_out) for file in live]
    return tuple(map(sum, zip(*each, strict=True)))


def test_every_sample_is_in_the_table() -> None:
    of_consents = "shopify_orders"  # read by tests of its own
    assert {path.name for path in SAMPLES.iterdir() if path.is_dir()} - {of_consents} == {sample.folder for sample in TABLE}
