"""Values of an order line that other values give their meaning: constants, prices of what counts nothing, discounts below zero."""

from pathlib import Path

import pytest

from orchestration.dumps.profiles import load_profile
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import Home
from tests.orchestration.dumps.test_values import COLUMNS, USUAL

CONSTANTS = {
    "an empty moment": ("paid_at", "", None),
    "an empty name": ("city", "", None),
    "an empty amount": ("tax_amount", "", "0.0000"),
    "an empty currency": ("currency", "", "CNY"),
    "an amount": ("tax_amount", "-2.50", "-2.5000"),
}


@pytest.mark.parametrize(("column", "constant", "value"), CONSTANTS.values(), ids=CONSTANTS)
def test_a_constant_is_every_rows_value_and_an_empty_one_is_none(home: Home, column: str, constant: str, value: str | None) -> None:
    (home.folder / "profiles").mkdir()
    columns = ", ".join(f"{name}: {source}" for name, source in COLUMNS.items())
    (home.folder / "profiles" / "canonical.yaml").write_text(
        f"version: 1\ntitle: t\nfeeds:\n  orders:\n    files: '*'\n    columns: {{{columns}, {column}: {{value: '{constant}'}}}}\n"
    )
    home.deliver("orders.csv", ",".join(USUAL) + "\n" + ",".join(USUAL.values()) + "\n")
    home.land()
    assert home.clean(f"{column}::varchar") == [(value,)]


@pytest.mark.parametrize(
    ("column", "constant", "message"),
    [("status", "payed", "can't have the value 'payed'. Known: pending"), ("quantity", "one", "'one' is none"), ("order_id", "", "empty")],
)
def test_a_constant_that_the_column_cannot_have_is_refused(tmp_path: Path, column: str, constant: str, message: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(
        f"version: 1\ntitle: t\nfeeds:\n  orders:\n    files: x*.csv\n    columns: {{{column}: {{value: '{constant}'}}}}\n"
    )
    with pytest.raises(RegularsError, match=message):
        load_profile("mine", tmp_path, "sources.shop")


UNPRICED = {
    "a cancelled one": ("cancelled,,", ("cancelled", 0, 0)),
    "an unpaid one": ("pending,1,", ("pending", 1, 0)),
    "one refused at the door": ("refused,,", ("refused", 0, 0)),
    "one without pieces": ("cancelled,0,45.00", ("cancelled", 0, 45)),
}


@pytest.mark.parametrize(("values", "outcome"), UNPRICED.values(), ids=UNPRICED)
def test_an_order_that_counts_nothing_lands_without_a_price(home: Home, values: str, outcome: tuple[object, ...]) -> None:
    home.deliver("orders.csv", f"order_id,customer_id,ordered_at,status,quantity,unit_price\nO1,C1,2026-03-01,{values}\n")
    home.land()
    assert home.clean("status, quantity, unit_price") == [outcome]


@pytest.mark.parametrize("values", ["paid,1,", ",1,", "completed,,1", "cancelled,1,ten"])
def test_a_price_that_counts_or_cannot_be_read_is_missed(lenient_home: Home, values: str) -> None:
    lenient_home.deliver("orders.csv", f"order_id,customer_id,ordered_at,status,quantity,unit_price\nO1,C1,2026-03-01,{values}\n")
    lenient_home.land()
    assert lenient_home.quarantine("reason") == [("not_a_number" if "ten" in values else "missing_value",)]


DISCOUNTS = {
    "a discount": ("1,30,5", "", 5),
    "one written below zero": ("1,30,-5", "", "negative_discount"),
    "one in brackets": ("1,30,(5.00)", "", "negative_discount"),
    "one in a dump that writes them so": ("1,30,(5.00)", ", sign: reversed", 5),
    "none in a dump that writes them so": ("1,30,0.00", ", sign: reversed", 0),
    "a surcharge in a dump that writes discounts below zero": ("1,30,5", ", sign: reversed", "negative_discount"),
    "what was taken off goods that came back": ("-1,30,-5", "", -5),
    "the same by a price below zero": ("1,(30.00),(5.00)", "", -5),
    "on goods without a price": ("1,0,-5", "", "negative_discount"),
}


@pytest.mark.parametrize(("values", "keys", "outcome"), DISCOUNTS.values(), ids=DISCOUNTS)
def test_a_discount_below_zero_is_one_where_the_profile_says_so(lenient_home: Home, values: str, keys: str, outcome: object) -> None:
    (lenient_home.folder / "profiles").mkdir()
    columns = ", ".join(f"{name}: {name}" for name in ("order_id", "customer_id", "ordered_at", "quantity", "unit_price"))
    (lenient_home.folder / "profiles" / "canonical.yaml").write_text(
        "version: 1\ntitle: t\nfeeds:\n  orders:\n    files: '*'\n"
        f"    columns: {{{columns}, discount_amount: {{source: discount{keys}}}}}\n"
    )
    lenient_home.deliver("orders.csv", f"order_id,customer_id,ordered_at,quantity,unit_price,discount\nO1,C1,2026-03-01,{values}\n")
    lenient_home.land()
    assert (lenient_home.clean("discount_amount") or lenient_home.quarantine("reason")) == [(outcome,)]
