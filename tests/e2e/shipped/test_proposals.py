"""From an unknown file to its right values: what is proposed for the sample of each shipped profile, and the edits by hand that it takes.

The shipped profiles are not used here: `regulars inspect --write-profile` proposes one, as for a dump that nobody has seen before.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orchestration.dumps.looks import look
from orchestration.dumps.profiles import open_marks
from orchestration.dumps.proposal.text import write
from tests.e2e.conftest import Home
from tests.e2e.shipped.test_shipped import RUNS, SAMPLES, TABLE, Sample
from tests.edits import Edit, apply

pytestmark = pytest.mark.slow

UNKNOWN_WORD = Edit(mark="which stat")
"""Most samples have a word that nobody knows: its rows are to go to quarantine, so the mark is deleted and nothing else."""

EDITS: dict[str, tuple[Edit, ...]] = {
    "amazon_orders": (
        UNKNOWN_WORD,
        Edit("    columns:\n", "    layout: {prices: per_line}\n    columns:\n", "price of a piece"),
        Edit("        of: order\n", "        plus: gift-wrap-price\n        less: ship-promotion-discount\n"),
    ),
    "ebay_orders": (
        Edit("      prices: per_line\n", "", "price of the line"),
        Edit("source: eBay Collected Tax\n", "source: eBay Collected Tax\n        plus: Electronic Waste Recycling Fee\n"),
    ),
    "ebay_orders_au": (Edit(mark="whole order"),),
    "square_items": (
        Edit(
            "        source: moment\n",
            "        source: moment\n        zone:\n          source: Time Zone\n          map: {"
            "Eastern Time (US & Canada): America/New_York, Pacific Time (US & Canada): America/Los_Angeles}\n",
            "names the zone",
        ),
    ),
    "stripe_payments": (
        UNKNOWN_WORD,
        Edit(
            "    rules:\n",
            "    rules:\n      - {rule: open, when: {Captured: {equals: 'false'}, Status: {equals: Paid}}, set: {state: pending}}\n",
        ),
    ),
    "douyin_orders": (UNKNOWN_WORD,),
    "pinduoduo_orders": (UNKNOWN_WORD, Edit(mark="whole order")),
    "jd_orders": (UNKNOWN_WORD,),
    "youzan_orders": (UNKNOWN_WORD,),
    "etsy_orders": (
        Edit("        source: Shipping\n", "        source: Shipping\n        less: Shipping Discount\n"),
        Edit(
            "      prices: per_line\n",
            "      prices: per_line\n      made:\n        adjusted: {first_of: [Adjusted Order Total], unless: '^[0.]*$'}\n"
            "        kept: {first_of: [adjusted, Order Total]}\n",
        ),
        Edit("    # Not read", "      refund_amount: {source: Order Total, less: kept, thousands: ','}\n    # Not read"),
        Edit(
            "    # Not read",
            "    rules:\n      - {rule: nothing_left, when: {Adjusted Order Total: {matches: '^[0.]*$'}, Adjusted Net Order Amount: "
            "{matches: '[1-9]'}}, set: {status: refunded}}\n    # Not read",
        ),
    ),
}
"""Sample → edits by hand; none for those that are not named."""

OTHERWISE: dict[str, dict[str, tuple[Any, ...]]] = {
    # The discount of the order is read from a column of its own, which says it of unpaid orders too.
    "youzan_orders_whole": {"E2026080410000000000004": ("pending", False, *map(Decimal, ("190", "8", "0", "198")))},
}


@pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)
def test_the_values_of_a_sample_come_out_of_what_is_proposed_for_it(settings: str, make_home: Callable[[str], Home]) -> None:
    samples = [sample for sample in TABLE if sample.settings == settings]
    sources = "".join(f"  {sample.folder}: {{profile: my_{sample.folder}, max_quarantined_share: 1}}\n" for sample in samples)
    home = make_home(f"{settings}\nsources:\n{sources}")
    for sample in samples:
        (file,) = (SAMPLES / sample.folder).iterdir()
        path = write(f"my_{sample.folder}", look(file, 1000), home.folder)
        apply(EDITS.get(sample.folder, ()), path)
        assert open_marks(path) == []
        home.deliver([file], sample.folder)
    home.run()
    for sample in samples:
        check(sample, home)


def check(sample: Sample, home: Home) -> None:
    """Orders to the cent, and what each person bought; ids of persons are the proposal's own."""
    expected = [(order, *OTHERWISE.get(sample.folder, {}).get(order, values)) for order, *values in sample.orders]
    assert home.published(
        "select order_id, status, is_counted, net_amount, shipping_amount, tax_amount, total_amount from marts.fct_orders"
        f" where source = '{sample.folder}' order by 1"
    ) == list(expected)
    assert home.published(
        "select orders_count, net_amount from marts.customer_facts"
        f" where customer_id like '{sample.folder}:%' and orders_count > 0 order by 1, 2"
    ) == sorted((orders, amount) for _, orders, amount in sample.customers)
    for query, rows in replace(sample, values=sample.values if not sample.orders else ()).values:
        assert home.published(query) == list(rows)


def test_most_samples_take_two_edits_at_most() -> None:
    counts = {sample.folder: len(EDITS.get(sample.folder, ())) for sample in TABLE}
    assert {folder: count for folder, count in counts.items() if count > 2} == {"amazon_orders": 3, "etsy_orders": 4}
