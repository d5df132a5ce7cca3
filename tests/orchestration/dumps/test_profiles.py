"""Profiles are refused with the known names listed; the shipped ones can all be read."""

from pathlib import Path

import pytest

from orchestration.dumps.column_maps import ColumnMap, ZoneMap
from orchestration.dumps.keys import Part
from orchestration.dumps.layouts import FillDown, Layout, Made, Packed
from orchestration.dumps.patterns import group_of, is_found
from orchestration.dumps.profiles import FeedMap, Profile, known_profiles, load_profile
from orchestration.dumps.row_rules import Condition, RowRule
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

BODY = "version: 1\ntitle: t\nfeeds:\n  orders:\n    files: x*.csv\n    columns: {order_id: number}\n"
BROKEN = {
    "an unknown key": (BODY + "tite: x\n", r"Unknown key 'tite' in the profile, did you mean 'title'\? Known: currency, feeds, ignored"),
    "an unknown key of a feed": (BODY + "    colunms: {}\n", r"Unknown key 'colunms' in feeds.orders, did you mean 'columns'\? Known: "),
    "an unknown key of a column": (
        BODY.replace("number}", "{sorce: x}}"),
        r"Unknown key 'sorce' in feeds.orders.columns.order_id, did you mean 'source'\? Known: affixes, ",
    ),
    "an unknown key of a layout": (
        BODY + "    layout: {packed: {columns: x, fields: y, zz: red}}\n",
        r"Unknown key 'zz' in feeds.orders.layout.packed. Known: between_fields, ",
    ),
    "an unknown key of a made column": (
        BODY + "    layout: {made: {x: {joins: [a]}}}\n",
        r"Unknown key 'joins' in feeds.orders.layout.made.x, did you mean 'join'\? Known: first_of, hashed, join, unless",
    ),
    "a made column of nothing": (
        BODY + "    layout: {made: {x: {hashed: true}}}\n",
        "made.x: expected exactly one of 'join' and 'first_of'",
    ),
    "a version that is no number": (BODY + "version: one\n", "version: Input should be a valid integer"),
    "an unknown feed": (BODY.replace("orders:", "oders:"), "unknown feed 'oders', did you mean 'orders'"),
    "an unknown column": (BODY.replace("order_id:", "order_no:"), "unknown column of feed 'orders' 'order_no', did you mean 'order_id'"),
    "a column from nowhere": (BODY.replace("{order_id: number}", "{order_id: {map: {a: b}}}"), "expected exactly one of 'source'"),
    "a pattern without its group": (BODY + "    delivery_date: '[0-9]+'\n", "expected one \\(group\\)"),
    "a pattern with two groups": (BODY + "    delivery_date: '(20)([0-9]+)'\n", "expected one \\(group\\)"),
    "a pattern that is none": (
        BODY + "    footer: '('\n",
        r"feeds.orders.footer: '\(' is not a regular expression that can be used \(missing \): \(\)",
    ),
    "a pattern that looks ahead": (BODY + "    footer: '^(?=a)b'\n", "no look-ahead, no look-behind, no back-references"),
    "a pattern that looks behind": (BODY + "    delivery_date: '(?<=x)([0-9]+)'\n", "no look-ahead, no look-behind, no back-references"),
    "a pattern that refers back": (
        BODY + "    layout: {made: {x: {first_of: [a], unless: '(a)\\1'}}}\n",
        "no look-ahead, no look-behind, no back-references",
    ),
    "lines packed into a feed without lines": (
        BODY.replace("orders:", "order_headers:") + "    layout: {prices: per_line}\n",
        "feed 'order_headers' has no order lines",
    ),
    "text that is no YAML": ("feeds: [", "is not valid"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_profile_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(content)
    with pytest.raises(RegularsError, match=message):
        load_profile("mine", tmp_path, "sources.shop")


def test_an_unknown_profile_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        RegularsError,
        match=r"Unknown profile 'olsit' for sources.shop. Did you mean 'olist'\? Known: amazon_orders, canonical, cdnow, ",
    ):
        load_profile("olsit", tmp_path, "sources.shop")


@pytest.mark.parametrize("name", sorted(known_profiles(Path("nowhere"))))
def test_every_shipped_profile_is_valid_and_has_a_title(name: str) -> None:
    assert load_profile(name, Path("nowhere"), "sources.shop").title


DOCUMENTED = {
    "## The profile": Profile,
    "## A feed": FeedMap,
    "## A column": ColumnMap,
    "**`zone`** is for dumps": ZoneMap,
    "## A row rule": RowRule,
    "A condition is `filled`": Condition,
    "## A layout": Layout,
    "**`fill_down`**": FillDown,
    "**`packed`**": Packed,
    "**`made`**": Made,
}


@pytest.mark.parametrize(("section", "part"), DOCUMENTED.items(), ids=DOCUMENTED)
def test_every_key_of_a_profile_is_documented_and_no_other(section: str, part: type[Part]) -> None:
    text = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text(encoding="utf-8")
    after = text.split(section, 1)[1]
    rows = next(block for block in after.split("\n\n") if block.startswith("| key"))
    documented = {line.split("`")[1] for line in rows.splitlines()[2:]}
    assert documented == set(part.model_fields) - {"name"}


def test_the_example_in_the_documentation_is_a_valid_profile_and_every_shipped_one_is_named(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text(encoding="utf-8")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "example.yaml").write_text(text.split("```yaml\n")[1].split("```")[0])
    assert load_profile("example", tmp_path, "sources.shop").feed_of("till_2026-03-01.csv") == "orders"
    assert all(f"| `{name}` |" in text for name in known_profiles(Path("nowhere")))


CATASTROPHIC = "^(a+)+$"
"""Python's own engine doesn't come back from it on these texts, not in the time that anybody has."""


def test_no_pattern_of_a_profile_takes_more_time_than_its_text_is_long(home: Home) -> None:
    text = "a" * 10_000 + "b"
    assert not is_found(CATASTROPHIC, text)
    assert group_of(f"{CATASTROPHIC}|{CATASTROPHIC}", text) == ""
    columns = "".join(f"      {name}: {name}\n" for name in ORDERS_HEADER.split(",") if name != "customer_id")
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "mine.yaml").write_text(
        "version: 1\ntitle: t\nfeeds:\n  orders:\n    files: '*.csv'\n"
        f"    delivery_date: '{CATASTROPHIC}'\n    footer: '{CATASTROPHIC}'\n"
        f"    layout: {{made: {{buyer: {{first_of: [customer_id], unless: '{CATASTROPHIC}'}}}}}}\n"
        f"    columns:\n{columns}      customer_id: buyer\n"
    )
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: mine}}\n")
    home.deliver(f"{'a' * 100}b.csv", f"{ORDERS_HEADER}\n{order(1, customer_id=text)}\n{text}\n")
    assert home.land().rows_clean == 1
    assert home.quarantine("reason") == [("too_few_columns",)]


@pytest.mark.parametrize(
    ("pattern", "name", "date"),
    [
        pytest.param(r"(\d{4}-\d{2}-\d{2})", "orders_2026-03-01_2026-04-01.csv", "2026-03-01", id="the first of two"),
        pytest.param(r"^x(\d+)|y$", "x12_34", "12", id="from the beginning"),
        pytest.param(r"_(\d+)$", "x12_34", "34", id="at the end"),
        pytest.param(r"(\d{8})", "orders.csv", "", id="none"),
        pytest.param(r"(?i)ORDERS_(\d+)", "订单_orders_7", "7", id="behind other scripts, in any case"),
    ],
)
def test_the_date_of_a_file_name_is_what_the_first_match_holds_in_its_group(pattern: str, name: str, date: str) -> None:
    assert group_of(pattern, name) == date
