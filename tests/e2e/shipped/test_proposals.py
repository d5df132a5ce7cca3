"""From an unknown file to its right values: what is proposed for the sample of each shipped profile, and the edits by hand that it takes.

The shipped profiles are not used here: `regulars inspect --write-profile` proposes one, as for a dump that nobody has seen before.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.dumps.looks import look
from orchestration.dumps.profiles import open_marks
from orchestration.dumps.proposal.text import write
from tests.e2e.conftest import Home
from tests.e2e.shipped.table import SAMPLES, TABLE, Sample, buyers_of, orders_of
from tests.e2e.together import Source, deliver_rates, settings
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
    "woocommerce_orders": (
        Edit(
            "on_first_item: [shipping_total, tax_total]}",
            "on_first_item: [shipping_total, tax_total, refund_items.amount], unpack: {refund_items: [amount]}}",
        ),
        Edit("    # Not read", "      refund_amount: {source: refund_items.amount, of: order}\n    # Not read"),
    ),
    "cdnow": (Edit(mark="no column names the order"),),
    "online_retail": (Edit("    # Not read", "    adjustment_products: [M, D]\n    # Not read"),),
    "olist/olist_order_items_dataset.csv": (Edit(mark="how many pieces"), Edit(mark="whole order")),
    "olist/olist_orders_dataset.csv": (
        Edit("created: pending\n", "created: pending\n          invoiced: paid\n", "which status is invoiced"),
        Edit("created: pending\n", "created: pending\n          unavailable: cancelled\n", "which status is unavailable"),
    ),
    "jd_reviews": (
        Edit(
            "    columns:\n",
            "    layout:\n      made:\n        reviewer: {first_of: [nickname], unless: '\\*', hashed: true}\n"
            "        order: {first_of: [orderId], unless: '^0$'}\n    columns:\n",
        ),
        Edit("      order_id: orderId\n", "      order_id: order\n      customer_id: reviewer\n"),
    ),
}
"""Sample, or file of one with several → edits by hand; none for those that are not named."""

OTHERWISE: dict[str, dict[str, tuple[Any, ...]]] = {
    # The discount of the order is read from a column of its own, which says it of unpaid orders too.
    "youzan_orders_whole": {"E2026080410000000000004": ("pending", False, *map(Decimal, ("190", "8", "0", "198")))},
}


@pytest.fixture(scope="module")
def home(make_home: Callable[[str], Home]) -> Home:
    sources = [Source(sample.folder, f"my_{sample.folder}", sample.time_zone) for sample in TABLE]
    home = make_home(settings(sources, "USD", "America/New_York"))
    deliver_rates(home, "USD")
    for sample in TABLE:
        files = sorted((SAMPLES / sample.folder).iterdir())
        proposals = [write(f"of_file_{number}_{sample.folder}", look(file, 1000), home.folder) for number, file in enumerate(files)]
        for file, proposal in zip(files, proposals, strict=True):
            apply(EDITS.get(f"{sample.folder}/{file.name}" if len(files) > 1 else sample.folder, ()), proposal)
            assert open_marks(proposal) == []
        as_one(proposals, home.folder / "profiles" / f"my_{sample.folder}.yaml")
        home.deliver(files, sample.folder)
    home.run()
    return home


def as_one(proposals: list[Path], path: Path) -> None:
    """A profile of all the feeds that were proposed for files of one source."""
    read = [yaml.safe_load(proposal.read_text(encoding="utf-8")) for proposal in proposals]
    feeds = {feed: keys for each in read for feed, keys in each["feeds"].items()}
    assert len(feeds) == len(read)
    path.write_text(yaml.safe_dump({**read[0], "feeds": feeds}, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.mark.parametrize("sample", TABLE, ids=[sample.folder for sample in TABLE])
def test_the_values_of_a_sample_come_out_of_what_is_proposed_for_it(sample: Sample, home: Home) -> None:
    """Orders to the cent, and what each person bought; ids of persons are the proposal's own."""
    expected = [(order, *OTHERWISE.get(sample.folder, {}).get(order, values)) for order, *values in sample.orders]
    assert orders_of(sample.folder, home) == expected
    assert sorted(figures for _, *figures in buyers_of(sample.folder, home)) == sorted(figures for _, *figures in sample.customers)
    for query, rows in sample.values if not sample.orders else ():
        assert home.published(query) == list(rows)


def test_most_proposals_take_two_edits_at_most() -> None:
    assert {sample: len(edits) for sample, edits in EDITS.items() if len(edits) > 2} == {"amazon_orders": 3, "etsy_orders": 4}
