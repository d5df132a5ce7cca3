"""Rows that a profile leaves out, or takes for something else than they say; each row is clean, refused or left out, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration import settings as home_settings
from orchestration.dumps.profiles import load_profile
from orchestration.errors import RegularsError
from orchestration.lake import file_measures, write_live_files
from tests.orchestration.dumps.conftest import Home

COLUMNS = {"order_id": "no", "customer_id": "who", "ordered_at": "day", "product_id": "sku", "quantity": "n", "unit_price": "price"}
HEADER = "no,who,day,sku,n,price,note\n"
ROW = "1,ann,2026-03-01,a,1,10,"


@pytest.fixture
def ruled(lenient_home: Home) -> Callable[..., Home]:
    """A home whose orders are read under the given rules."""

    def make(rules: list[dict[str, Any]], **feed: Any) -> Home:
        (lenient_home.folder / "profiles").mkdir()
        content = {"files": "orders*.csv", "columns": {**COLUMNS, "status": "status"}, "rules": rules, **feed}
        path = lenient_home.folder / "profiles" / "canonical.yaml"
        path.write_text(yaml.safe_dump({"version": 1, "title": "t", "feeds": {"orders": content}}))
        return lenient_home

    return make


CONDITIONS = {
    "filled": ("filled", ["x"], ["", "  "]),
    "empty": ("empty", ["", "  "], ["x"]),
    "equals, in any case and between blanks": ({"equals": ["Spam", "fake"]}, ["spam", " SPAM ", "fake"], ["", "spammer", "no spam"]),
    "not equals": ({"not_equals": "order"}, ["", "payout"], ["Order", " order "]),
    "matches": ({"matches": "(?i)^gift ?card"}, ["Gift Card - $100", "giftcard"], ["", "no gift card"]),
    "a quote in a word": ({"equals": "l'envoi"}, ["l'envoi"], ["lenvoi"]),
}


@pytest.mark.parametrize(("condition", "out", "kept"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_row_is_left_out_where_a_column_holds_what_the_rule_says(
    ruled: Callable[..., Home], condition: Any, out: list[str], kept: list[str]
) -> None:
    home = ruled([{"rule": "noted", "when": {"note": condition}, "leave_out": True}])
    home.deliver("orders.csv", HEADER + "".join(f'{ROW}"{note}"\n' for note in [*out, *kept]))
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_left_out) == (len(out) + len(kept), len(kept), len(out))
    assert home.clean("line") == [(line,) for line in range(2 + len(out), 2 + len(out) + len(kept))]


def test_all_conditions_of_a_rule_have_to_hold_and_rows_count_under_the_first_rule_that_does(ruled: Callable[..., Home]) -> None:
    home = ruled(
        [
            {"rule": "both", "when": {"sku": {"equals": "a"}, "note": "filled"}, "leave_out": True},
            {"rule": "noted", "when": {"note": "filled"}, "leave_out": True},
            {"rule": "passed_over", "when": {"absent": "empty"}, "leave_out": True},
        ]
    )
    home.deliver("orders.csv", HEADER + f"{ROW}x\n{ROW.replace(',a,', ',b,')}x\n{ROW}\n")
    landing = home.land()
    (file,) = landing.live
    assert (file.rows_delivered, file.rows_clean, file.rows_quarantined, file.left_out) == (3, 1, 0, {"both": 1, "noted": 1})
    assert landing.left_out_by_rule == {"shop/both": 1, "shop/noted": 1}


def test_a_row_left_out_is_no_fault_whatever_else_is_wrong_with_it(ruled: Callable[..., Home]) -> None:
    home = ruled([{"rule": "noted", "when": {"note": "filled"}, "leave_out": True}])
    home.deliver("orders.csv", f"{HEADER}1,ann,someday,a,one,ten,x\n{ROW}\n2,bo,someday,a,1,1,\n{HEADER}")
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (1, 2, 1)
    assert home.quarantine("line, reason") == [(4, "not_a_timestamp"), (5, "repeated_header")]


def test_a_file_of_which_all_rows_are_left_out_is_read(ruled: Callable[..., Home]) -> None:
    home = ruled([{"rule": "noted", "when": {"note": "filled"}, "leave_out": True}])
    home.deliver("orders.csv", f"{HEADER}{ROW}x\n")
    landing = home.land()
    assert (landing.rows_clean, landing.rows_left_out, landing.held) == (0, 1, [])
    assert not list((home.folder / "quarantine").glob("*/*"))


def test_a_rule_sets_status_and_kind_and_spares_the_row_for_the_word_that_it_overrules(ruled: Callable[..., Home]) -> None:
    home = ruled(
        [
            {"rule": "cancelled", "when": {"note": {"matches": "^cancelled"}}, "set": {"status": "cancelled"}},
            {"rule": "tip", "when": {"sku": {"equals": "tip"}}, "set": {"line_kind": "tip", "is_test": "true"}},
            {"rule": "late", "when": {"note": "filled"}, "set": {"status": "refunded"}},
        ]
    )
    rows = [f"{ROW}cancelled in time,authorised", f"{ROW}late,paid", f"{ROW.replace(',a,', ',TIP,')},paid", f"{ROW},authorised"]
    home.deliver("orders.csv", HEADER.replace("note", "note,status") + "\n".join(rows) + "\n")
    home.land()
    assert home.clean("line, status, line_kind, is_test") == [
        (2, "cancelled", "product", False),
        (3, "refunded", "product", False),
        (4, "paid", "tip", True),
    ]
    assert home.quarantine() == [(5, "unknown_status", "status", "authorised")]


def test_an_order_is_filled_and_charged_from_a_row_that_is_left_out(ruled: Callable[..., Home]) -> None:
    """A summary row of an order with several items is no item, and the only one with buyer and postage."""
    home = ruled(
        [{"rule": "summary", "when": {"sku": "empty", "no": "filled"}, "leave_out": True}],
        layout={"fill_down": {"order": "no", "first_row": "total", "columns": ["who"]}},
        columns={**COLUMNS, "shipping_amount": {"source": "postage", "of": "order"}},
    )
    home.deliver(
        "orders.csv",
        "no,who,day,sku,n,price,postage,total\n1,ann,2026-03-01,a,1,10,4,14\n2,bo,2026-03-01,,3,30,6,36\n"
        "2,,2026-03-01,a,1,10,,\n2,,2026-03-01,b,2,10,,\n,cy,2026-03-01,c,1,9,,\n,,,,,,,\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (6, 3, 2, 1)
    assert home.clean("line, order_id, customer_id, shipping_amount") == [(2, "1", "ann", 4), (4, "2", "bo", 6), (5, "2", "bo", 0)]
    assert home.quarantine("line, reason, column_name") == [(6, "missing_value", "order_id"), (7, "missing_value", "order_id")]


def test_lines_packed_into_a_row_are_left_out_one_by_one_and_the_row_when_none_is_left(ruled: Callable[..., Home]) -> None:
    home = ruled(
        [{"rule": "no_price", "when": {"item.price": {"equals": "0"}}, "leave_out": True}],
        layout={"packed": {"columns": "lines", "between_items": ";", "fields": ["n", "price"]}},
        columns={
            **{name: COLUMNS[name] for name in ("order_id", "customer_id", "ordered_at")},
            "quantity": "item.n",
            "unit_price": "item.price",
        },
    )
    home.deliver(
        "orders.csv",
        "no,who,day,lines\n1,ann,2026-03-01,n:1|price:0;n:2|price:5\n2,bo,2026-03-01,n:1|price:0;n:2|price:0\n3,cy,2026-03-01,n:1|price:0;n:x|price:5\n",
    )
    landing = home.land()
    assert (landing.rows_delivered, landing.rows_clean, landing.rows_quarantined, landing.rows_left_out) == (3, 1, 1, 1)
    assert home.clean("line, quantity, unit_price") == [(2, 2, 5)]
    assert home.quarantine("line, reason, value") == [(4, "not_a_number", "x")]


def test_before_every_publication_rows_left_out_are_accounted_for(ruled: Callable[..., Home]) -> None:
    home = ruled([{"rule": "noted", "when": {"note": "filled"}, "leave_out": True}])
    home.deliver("orders.csv", f"{HEADER}{ROW}x\n{ROW}\n{ROW.replace('10', 'ten')}\n")
    home.land()
    loaded = home_settings.load(home.folder, {})
    write_live_files(loaded)
    (measured,) = file_measures(loaded).rows(named=True)
    assert (measured["rows_delivered"], measured["rows_accounted"]) == (3, 3)
    assert (measured["rows_clean"], measured["rows_in_quarantine"]) == (1, 1)


def test_a_column_that_a_rule_looks_at_must_not_vanish(ruled: Callable[..., Home]) -> None:
    home = ruled([{"rule": "noted", "when": {"note": "filled"}, "leave_out": True}])
    home.deliver("orders_1.csv", f"{HEADER}{ROW}x\n{ROW}\n")
    home.land()
    home.deliver("orders_2.csv", HEADER.replace(",note", "") + "2,bo,2026-03-01,a,1,10\n")
    (held,) = home.land().held
    assert (held.reason or "").startswith("column_gone: every file of feed 'orders' so far had the column 'note', read as rule noted")


BROKEN = {
    "neither effect": ("rule: x, when: {a: filled}", "rule 'x': expected exactly one of 'leave_out: true' and 'set'"),
    "both effects": (
        "rule: x, when: {a: filled}, leave_out: true, set: {status: paid}",
        "expected exactly one of 'leave_out: true' and 'set'",
    ),
    "no condition": ("rule: x, when: {}, leave_out: true", "should have at least 1 item"),
    "an unknown word": ("rule: x, when: {a: fileld}, leave_out: true", "'fileld' is no condition; expected filled, empty, {equals: …}"),
    "two conditions in one": ("rule: x, when: {a: {equals: b, matches: c}}, leave_out: true", "expected filled, empty, or exactly one of"),
    "an unknown key": (
        "rule: x, when: {a: filled}, leaveout: true",
        "Unknown key 'leaveout' in feeds.orders.rules.0, did you mean 'leave_out'",
    ),
    "an unknown key of a condition": (
        "rule: x, when: {a: {equal: b}}, leave_out: true",
        "Unknown key 'equal' in feeds.orders.rules.0.when.a",
    ),
    "no regular expression": ("rule: x, when: {a: {matches: '('}}, leave_out: true", "is not a regular expression that can be used"),
    "one that looks around": (
        "rule: x, when: {a: {matches: '(?!b)c'}}, leave_out: true",
        "patterns are RE2's: no look-ahead, no look-behind, no back-references",
    ),
    "one that refers back": (
        "rule: x, when: {a: {matches: '(b)\\1'}}, leave_out: true",
        "patterns are RE2's: no look-ahead, no look-behind, no back-references",
    ),
    "an unknown column": (
        "rule: x, when: {a: filled}, set: {state: paid}",
        "rule 'x' can't set 'state'. Known: accepts_email, accepts_phone, accepts_sms, accepts_wechat, is_test, line_kind, status",
    ),
    "an unknown value": ("rule: x, when: {a: filled}, set: {status: payed}", "rule 'x' can't set status to 'payed'. Known: pending, paid"),
    "a name that is taken": ("rule: repeated_order, when: {a: filled}, leave_out: true", "choose another name"),
}


@pytest.mark.parametrize(("rule", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_refused(tmp_path: Path, rule: str, message: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(
        f"version: 1\ntitle: t\nfeeds:\n  orders:\n    files: x*.csv\n    columns: {{order_id: x}}\n    rules:\n      - {{{rule}}}\n"
    )
    with pytest.raises(RegularsError) as error:
        load_profile("mine", tmp_path, "sources.shop")
    assert message in str(error.value)
