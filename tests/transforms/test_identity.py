"""Who is one person: what counts as evidence, what it links, and what links too many."""

import hashlib
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import identity
from transforms.schemas import CUSTOMER_IDS, CUSTOMER_LINKS

Row = tuple[str | None, str | None, str | None, str | None, str | None]


def ids_of(*rows: Row) -> pl.LazyFrame:
    """(source, source customer id, e-mail, phone, membership number)."""
    return pl.LazyFrame(list(rows), schema=dict(CUSTOMER_IDS), orient="row")


def people(*rows: Row, most: int = 20) -> dict[str, str]:
    """``source:id`` → the person."""
    links = identity.link(ids_of(*rows), identity.Rules(max_ids_per_link=most)).links
    return {f"{source}:{source_id}": person for source, source_id, person, _ in links.rows()}


def normalised(how: object, value: str | None) -> str | None:
    return pl.select(how(pl.lit(value, pl.String))).item()  # type: ignore[operator]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(" Ann@Example.COM ", "ann@example.com", id="blanks and case"),
        pytest.param("ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com", id="full width"),
        pytest.param("a.b+c@gmail.com", "a.b+c@gmail.com", id="dots and tags are kept"),
        pytest.param("李雷@例子.中国", "李雷@例子.中国", id="Chinese"),
        pytest.param("ann.example.com", None, id="no @"),
        pytest.param("@example.com", None, id="nobody"),
        pytest.param("ann@", None, id="nowhere"),
        pytest.param("a@b@c", None, id="two @"),
        pytest.param("ann lee@example.com", None, id="blank inside"),
        pytest.param("-", None, id="dash"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_an_email_is_evidence_in_its_normalised_form(written: str | None, expected: str | None) -> None:
    assert normalised(identity.normalised_email, written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("13912345678", "13912345678", id="mainland"),
        pytest.param("+86 139-1234-5678", "13912345678", id="+86, blanks and dashes"),
        pytest.param("008613912345678", "13912345678", id="0086"),
        pytest.param("8613912345678", "13912345678", id="86 without a sign"),
        pytest.param("１３９ １２３４ ５６７８", "13912345678", id="full width"),
        pytest.param("＋８６　１３９１２３４５６７８", "13912345678", id="full width with country code"),
        pytest.param("+44 20 7946 0958", "+442079460958", id="abroad"),
        pytest.param("0044 (20) 7946.0958", "+442079460958", id="00 is +"),
        pytest.param("010-8765-4321", "01087654321", id="landline keeps its zero"),
        pytest.param("+1 391 234 5678", "+13912345678", id="American number is not a mainland one"),
        pytest.param("00000000000", None, id="only zeros"),
        pytest.param("11111111111", None, id="only ones"),
        pytest.param("+86 11111111111", None, id="only ones abroad"),
        pytest.param("123456", None, id="too short"),
        pytest.param("1234567890123456", None, id="too long"),
        pytest.param("test", None, id="word"),
        pytest.param("139 1234 567x", None, id="letter"),
        pytest.param("138****1234", None, id="masked"),
        pytest.param("-", None, id="dash"),
        pytest.param("+", None, id="sign"),
        pytest.param(" ", None, id="blank"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_phone_is_evidence_in_its_normalised_form(written: str | None, expected: str | None) -> None:
    assert normalised(identity.normalised_phone, written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(" VIP 0012 ", "vip0012", id="blanks and case"),
        pytest.param("７", "7", id="full width"),
        pytest.param("会员十二", "会员十二", id="Chinese"),
        pytest.param("0000", None, id="only zeros"),
        pytest.param("--", None, id="dashes"),
        pytest.param("N/A", None, id="not available"),
        pytest.param("Test", None, id="test"),
        pytest.param("无", None, id="none in Chinese"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_membership_number_is_evidence_in_its_normalised_form(written: str | None, expected: str | None) -> None:
    assert normalised(identity.normalised_membership_no, written) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("online", "C1", None, None, None)], {"online:C1": "online:C1"}, id="alone"),
        pytest.param(
            [("shop", "S9", "A@x.com", None, None), ("online", "C1", "a@x.com ", None, None)],
            {"online:C1": "online:C1", "shop:S9": "online:C1"},
            id="the smallest id is the person",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None), ("b", "2", "p@x.com", "13912345678", None), ("c", "3", None, "+8613912345678", None)],
            {"a:1": "a:1", "b:2": "a:1", "c:3": "a:1"},
            id="a chain is one person",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None), ("a", "1", None, "13912345678", None), ("b", "2", None, "13912345678", None)],
            {"a:1": "a:1", "b:2": "a:1"},
            id="an id seen with two details",
        ),
        pytest.param([("a", "1", "x@x.com", None, None), ("b", "2", "y@x.com", None, None)], {"a:1": "a:1", "b:2": "b:2"}, id="two people"),
        pytest.param(
            [
                ("a", "1", None, "1391234567", None),
                ("b", "2", None, "1391234567", None),
                ("c", "3", None, None, "1391234567"),
                ("d", "4", None, None, "1391234567"),
            ],
            {"a:1": "a:1", "b:2": "a:1", "c:3": "c:3", "d:4": "c:3"},
            id="a phone is no membership number",
        ),
        pytest.param([("a", "1", None, None, "7"), ("b", "2", None, None, "7 ")], {"a:1": "a:1", "b:2": "a:1"}, id="membership number"),
        pytest.param([("a", "7", None, None, None), ("b", "7", None, None, None)], {"a:7": "a:7", "b:7": "b:7"}, id="ids of two sources"),
        pytest.param([("a", "1", "-", "test", "-"), ("b", "2", "-", "test", "-")], {"a:1": "a:1", "b:2": "b:2"}, id="placeholders"),
        pytest.param([("a", None, "p@x.com", None, None), ("a", " ", "p@x.com", None, None)], {}, id="guests have no id"),
        pytest.param([], {}, id="nobody"),
    ],
)
def test_ids_that_share_evidence_are_one_person(rows: list[Row], expected: dict[str, str]) -> None:
    assert people(*rows) == expected


def test_the_evidence_names_the_kinds_that_link() -> None:
    links = identity.link(
        ids_of(
            ("a", "1", "p@x.com", "13912345678", "unshared"),
            ("b", "2", "p@x.com", "13912345678", None),
            ("c", "3", None, None, "8"),
            ("d", "4", None, "13912345678", None),
        ),
        identity.Rules(),
    ).links
    assert links.schema == CUSTOMER_LINKS
    assert links["evidence"].to_list() == ["email, phone", "email, phone", "own id", "phone"]


def test_evidence_that_links_too_many_is_refused_and_reported_without_its_value() -> None:
    rows: list[Row] = [("a", str(number), f"{number // 2}@x.com", "139 0000 0000", None) for number in range(6)]
    links, refused = identity.link(ids_of(*rows), identity.Rules(max_ids_per_link=5))
    assert links["customer_id"].to_list() == ["a:0", "a:0", "a:2", "a:2", "a:4", "a:4"]
    assert refused.schema == identity.REFUSED_EVIDENCE
    assert refused.rows() == [("phone", hashlib.sha256(b"13900000000").hexdigest(), 6)]


def test_evidence_that_links_just_as_many_as_allowed_links_them() -> None:
    rows: list[Row] = [("a", str(number), None, "13900000000", None) for number in range(5)]
    assert set(people(*rows, most=5).values()) == {"a:0"}


def test_an_id_seen_often_with_one_detail_counts_once() -> None:
    rows: list[Row] = [("a", "1", " " * blanks + "p@x.com", None, None) for blanks in range(9)]
    assert people(*rows, ("b", "2", "p@x.com", None, None), most=2) == {"a:1": "a:1", "b:2": "a:1"}


@pytest.mark.parametrize("most", [1, 1001, 2.5e9, "20"])
def test_a_limit_out_of_range_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match=r"identity.max_ids_per_link is .*; expected a number from 2 to 1000"):
        identity.Rules(max_ids_per_link=most)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, "1", "2", "3", "4", "5"]),
        st.sampled_from([None, "-", "p@x.com", "q@x.com", "r@x.com"]),
        st.sampled_from([None, "13912345678", "+8613912345678", "13800138000"]),
        st.sampled_from([None, "0", "7", "8"]),
    ),
    max_size=12,
)


def people_by_merging(rows: list[Row], most: int) -> dict[str, str]:
    """Merge sets of ids for as long as two share accepted evidence."""
    evidence: dict[tuple[str, str], set[str]] = {}
    for source, source_id, email, phone, membership_no in rows:
        values = {
            "email": normalised(identity.normalised_email, email),
            "phone": normalised(identity.normalised_phone, phone),
            "membership_no": normalised(identity.normalised_membership_no, membership_no),
        }
        for kind, value in values.items():
            if source_id is not None and value is not None:
                evidence.setdefault((kind, value), set()).add(f"{source}:{source_id}")
    groups = {f"{source}:{source_id}": {f"{source}:{source_id}"} for source, source_id, *_ in rows if source_id is not None}
    for linked in evidence.values():
        if len(linked) <= most:
            merged = set().union(*(groups[one] for one in linked))
            groups |= dict.fromkeys(merged, merged)
    return {one: min(group) for one, group in sorted(groups.items())}


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, most=st.integers(2, 5), randomly=st.randoms(use_true_random=False))
def test_people_are_those_found_by_merging_in_any_order_of_rows(rows: list[Row], most: int, randomly: Random) -> None:
    expected = people_by_merging(rows, most)
    assert people(*rows, most=most) == expected
    assert people(*randomly.sample(rows, len(rows)), most=most) == expected
