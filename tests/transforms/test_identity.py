"""Who is one person: what counts as evidence, what it links, what links too many, and under which id."""

import hashlib
from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms import identity
from transforms.evidence import EvidenceRules, SourceRules, evidence_of, normalised, normalised_email
from transforms.schemas import CUSTOMER_EVIDENCE, CUSTOMER_ID_CHANGES, CUSTOMER_IDS, CUSTOMER_LINKS

Row = tuple[str | None, ...]
"""(source, source customer id, e-mail, phone, membership number[, seen at])."""

FIRST = datetime(2025, 1, 1)
ANN, BOB = "13912345678", "13812345678"
DEFAULT = EvidenceRules()
GUESTS = ("guest-0123456789abcdef", "guest-fedcba9876543210")


def evidence(*rows: Row, reading: EvidenceRules = DEFAULT) -> pl.DataFrame:
    known = [(*row, FIRST) if len(row) == 5 else row for row in rows]
    return evidence_of(pl.DataFrame(known, schema=CUSTOMER_IDS, orient="row"), reading)


def linked(*rows: Row, rules: identity.Rules | None = None, reading: EvidenceRules = DEFAULT, **others: object) -> identity.Links:
    return identity.link(evidence(*rows, reading=reading), rules or identity.Rules(), reading, **others)  # type: ignore[arg-type]


def people(*rows: Row, **others: object) -> dict[str, str]:
    """``source:id`` → the person."""
    return {f"{source}:{source_id}": person for source, source_id, person, *_ in linked(*rows, **others).links.rows()}  # type: ignore[arg-type]


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
        pytest.param("a***@example.com", None, id="masked"),
        pytest.param("a＊＊＊@example.com", None, id="masked, full width"),
        pytest.param("-", None, id="dash"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_an_email_is_evidence_in_its_normalised_form(written: str | None, expected: str | None) -> None:
    assert pl.select(normalised_email(pl.lit(written, pl.String))).item() == expected


@pytest.mark.parametrize(
    ("written", "programme", "expected"),
    [
        pytest.param(" VIP 0012 ", "", "vip0012", id="blanks and case"),
        pytest.param("７", "", "7", id="full width"),
        pytest.param("会员十二", "", "会员十二", id="Chinese"),
        pytest.param("7", "club", "club/7", id="of a programme"),
        pytest.param("0000", "", None, id="only zeros"),
        pytest.param("--", "club", None, id="dashes"),
        pytest.param(None, "", None, id="null"),
    ],
)
def test_a_membership_number_is_evidence_in_its_normalised_form(written: str | None, programme: str, expected: str | None) -> None:
    rules = SourceRules(membership_programme=programme)
    assert normalised(pl.Series([written], dtype=pl.String), "membership_no", rules).to_list() == [expected]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("online", "C1", None, None, None)], {"online:C1": "online:C1"}, id="alone"),
        pytest.param(
            [("shop", "S9", "A@x.com", None, None), ("online", "C1", "a@x.com ", None, None)],
            {"online:C1": "online:C1", "shop:S9": "online:C1"},
            id="known equally long: the smallest id is the person",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None, datetime(2025, 1, 2)), ("b", "2", "p@x.com", None, None, FIRST)],
            {"a:1": "b:2", "b:2": "b:2"},
            id="the id known longest is the person",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None, None), ("b", "2", "p@x.com", None, None, FIRST)],
            {"a:1": "b:2", "b:2": "b:2"},
            id="an id without a date comes after all others",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None), ("b", "2", "p@x.com", ANN, None), ("c", "3", None, f"+86{ANN}", None)],
            {"a:1": "a:1", "b:2": "a:1", "c:3": "a:1"},
            id="a chain is one person",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None), ("a", "1", None, ANN, None), ("b", "2", None, ANN, None)],
            {"a:1": "a:1", "b:2": "a:1"},
            id="an id seen with two details",
        ),
        pytest.param([("a", "1", "x@x.com", None, None), ("b", "2", "y@x.com", None, None)], {"a:1": "a:1", "b:2": "b:2"}, id="two people"),
        pytest.param(
            [("a", "1", None, ANN, None), ("b", "2", None, ANN, None), ("c", "3", None, None, ANN), ("d", "4", None, None, ANN)],
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


def test_each_source_dials_in_its_own_region_and_may_have_a_programme_of_its_own() -> None:
    reading = EvidenceRules(SourceRules("CN"), {"uk": SourceRules("GB"), "club": SourceRules("CN", "club")})
    rows: list[Row] = [("cn", "1", None, "+44 20 7946 0958", "7"), ("uk", "2", None, "020 7946 0958", None), ("club", "3", None, None, "7")]
    assert people(*rows, reading=reading) == {"club:3": "club:3", "cn:1": "cn:1", "uk:2": "cn:1"}


def test_the_evidence_names_the_kinds_that_link_and_since_when_both_had_it() -> None:
    links = linked(
        ("a", "1", "p@x.com", ANN, "unshared", datetime(2025, 1, 5, 20)),
        ("b", "2", "p@x.com", ANN, None, datetime(2025, 1, 2)),
        ("c", "3", None, None, "8", None),
        ("d", "4", None, ANN, None, datetime(2025, 1, 9)),
        view=identity.View(zone="Asia/Shanghai", run_id="r1"),
    ).links
    assert links.schema == CUSTOMER_LINKS
    assert links["evidence"].to_list() == ["email, phone", "email, phone", "own id", "phone"]
    assert links["linked_since"].to_list() == [date(2025, 1, 6), date(2025, 1, 6), None, date(2025, 1, 9)]
    assert links["first_seen_run"].to_list() == ["r1"] * 4


def test_what_lies_after_the_day_links_nobody_yet() -> None:
    rows: list[Row] = [
        ("a", "1", None, ANN, None, datetime(2025, 1, 3)),
        ("b", "2", None, ANN, None, datetime(2025, 1, 4)),
        ("c", "3", None, ANN, None, None),
    ]
    assert people(*rows, view=identity.View(until=datetime(2025, 1, 4))) == {"a:1": "a:1", "b:2": "b:2", "c:3": "a:1"}


def test_evidence_that_links_too_many_is_refused_and_reported_without_its_value() -> None:
    rows: list[Row] = [("a", str(number), f"{number // 2}@x.com", "139 0000 0000", None) for number in range(6)]
    links, refused = linked(*rows, rules=identity.Rules(max_ids_per_link=5))
    assert links["customer_id"].to_list() == ["a:0", "a:0", "a:2", "a:2", "a:4", "a:4"]
    assert refused.schema == identity.REFUSED_EVIDENCE
    digest = hashlib.sha256(b"+8613900000000").hexdigest()
    assert refused.rows() == [("phone", "+86139****0000", digest, 6, "too many ids")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("a", GUESTS[0], "p@x.com", None, None)], {f"a:{GUESTS[0]}": f"a:{GUESTS[0]}"}, id="of an address of their own"),
        pytest.param(
            [("a", "1", "p@x.com", None, None), ("b", GUESTS[0], "P@x.com", None, None)],
            {"a:1": "a:1", f"b:{GUESTS[0]}": "a:1"},
            id="of the address of a customer of another source",
        ),
        pytest.param([("a", GUESTS[0], "test@test.com", None, None)], {}, id="of a placeholder"),
        pytest.param([("a", GUESTS[0], "-", "138****1234", None)], {}, id="of what is no address"),
        pytest.param(
            [("a", GUESTS[0], "test@test.com", ANN, None), ("a", GUESTS[1], "test@test.com", BOB, None)],
            {f"a:{GUESTS[0]}": f"a:{GUESTS[0]}", f"a:{GUESTS[1]}": f"a:{GUESTS[1]}"},
            id="of a placeholder and a phone of their own",
        ),
        pytest.param(
            [("a", "1", "p@x.com", None, None), ("a", "2", "p@x.com", None, None), ("a", GUESTS[0], "p@x.com", None, None)],
            {"a:1": "a:1", "a:2": "a:2"},
            id="of an address that too many have",
        ),
        pytest.param([("a", "guest-7", "test@test.com", None, None)], {"a:guest-7": "a:guest-7"}, id="an id that only looks so"),
    ],
)
def test_a_guest_is_the_person_of_the_address_and_nobody_without_one(rows: list[Row], expected: dict[str, str]) -> None:
    assert people(*rows, rules=identity.Rules(max_ids_per_link=2)) == expected


def test_a_guest_is_known_by_the_address_before_its_day_and_joins_no_others_by_a_second_one_before_it() -> None:
    later = FIRST + timedelta(days=40)
    rows: list[Row] = [("a", "1", "p@x.com", None, None, FIRST), ("a", "2", None, ANN, None, FIRST)]
    rows += [("b", GUESTS[0], "p@x.com", ANN, None, later), ("b", GUESTS[1], None, BOB, None, later)]
    before = {"a:1": "a:1", "a:2": "a:2", f"b:{GUESTS[0]}": "a:1", f"b:{GUESTS[1]}": f"b:{GUESTS[1]}"}
    assert people(*rows, view=identity.View(until=FIRST + timedelta(days=1))) == before
    assert people(*rows) == {**before, "a:2": "a:1"}
    since = dict(linked(*rows).links.select("source_customer_id", "linked_since").rows())
    assert since[GUESTS[0]] == later.date()


def test_a_placeholder_that_one_guest_has_is_reported() -> None:
    refused = linked(("a", GUESTS[0], "test@test.com", None, None)).refused
    assert refused.select("kind", "ids_count", "reason").rows() == [("email", 1, "placeholder")]


def test_evidence_that_links_just_as_many_as_allowed_links_them() -> None:
    rows: list[Row] = [("a", str(number), None, "13900000000", None) for number in range(5)]
    assert set(people(*rows, rules=identity.Rules(max_ids_per_link=5)).values()) == {"a:0"}


@pytest.mark.parametrize(
    ("placeholder", "row", "masked"),
    [
        pytest.param("Desk@Shop.cn", ("desk@shop.cn", None, None), "d***@shop.cn", id="the shop's e-mail"),
        pytest.param("@shop.cn", ("anybody@shop.cn", None, None), "a***@shop.cn", id="every e-mail of the shop"),
        pytest.param("139 1234 5678", (None, ANN, None), "+86139****5678", id="the shop's phone"),
        pytest.param("Walk In", (None, None, "walkin"), "w***", id="a card at the till"),
        pytest.param("another", ("test@test.com", None, None), "t***@test.com", id="what is known to be one stays one"),
    ],
)
def test_what_the_settings_call_a_placeholder_links_nobody_and_is_reported(placeholder: str, row: Row, masked: str) -> None:
    links, refused = linked(("a", "1", *row), ("b", "2", *row), rules=identity.Rules(placeholders=(placeholder,)))
    assert links["customer_id"].to_list() == ["a:1", "b:2"]
    assert refused.select("value_masked", "ids_count", "reason").rows() == [(masked, 2, "placeholder")]


def test_an_id_seen_often_with_one_detail_counts_once() -> None:
    rows: list[Row] = [("a", "1", " " * blanks + "p@x.com", None, None) for blanks in range(9)]
    assert people(*rows, ("b", "2", "p@x.com", None, None), rules=identity.Rules(max_ids_per_link=2)) == {"a:1": "a:1", "b:2": "a:1"}


@pytest.mark.parametrize("most", [1, 1001, 2.5e9, "20"])
def test_a_limit_out_of_range_is_refused(most: int) -> None:
    with pytest.raises(ValueError, match=r"identity.max_ids_per_link is .*; expected a number from 2 to 1000"):
        identity.Rules(max_ids_per_link=most)


@pytest.mark.parametrize("placeholders", ["test", (13900000000,), ("",)])
def test_placeholders_that_are_no_list_of_texts_are_refused(placeholders: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"identity.placeholders is .*; expected a list of texts in quotes"):
        identity.Rules(placeholders=placeholders)


def apart(*groups: set[str]) -> pl.DataFrame:
    rows = [(*name.split(":"), number) for number, group in enumerate(groups) for name in sorted(group)]
    return pl.DataFrame(rows, schema=identity.APART, orient="row")


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        pytest.param([{"b:2"}], {"a:1": "a:1", "b:2": "b:2", "c:3": "a:1", "d:4": "a:1"}, id="one"),
        pytest.param([{"b:2", "c:3"}], {"a:1": "a:1", "b:2": "b:2", "c:3": "b:2", "d:4": "a:1"}, id="two who stay together"),
        pytest.param([{"b:2"}, {"c:3"}], {"a:1": "a:1", "b:2": "b:2", "c:3": "c:3", "d:4": "a:1"}, id="two, each alone"),
        pytest.param([{"x:9"}], {"a:1": "a:1", "b:2": "a:1", "c:3": "a:1", "d:4": "a:1"}, id="somebody who is gone"),
    ],
)
def test_whoever_a_person_set_apart_is_linked_with_nobody_but_each_other(groups: list[set[str]], expected: dict[str, str]) -> None:
    rows: list[Row] = [(source, str(number), None, ANN, None) for number, source in enumerate("abcd", start=1)]
    assert people(*rows, apart=apart(*groups)) == expected


# ── Rules that hold for whatever comes ───────────────────────────────────────────────────────────────────────────────

ROW = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, "1", "2", "3", "4", "5"]),
    st.sampled_from([None, "-", "p@x.com", "q@x.com", "r@x.com"]),
    st.sampled_from([None, ANN, f"+86{ANN}", BOB, "1234567"]),
    st.sampled_from([None, "0", "7", "8"]),
    st.sampled_from([None, *(FIRST + timedelta(days=day) for day in range(5))]),
)
ROWS = st.lists(ROW, max_size=12)
GROUPS = st.lists(st.sets(st.sampled_from(["a:1", "a:2", "b:1", "b:2"]), min_size=1), max_size=1)


def people_by_merging(rows: list[Row], most: int, groups: list[set[str]]) -> dict[str, str]:
    """Merge sets of ids for as long as two share accepted evidence."""
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    known: dict[str, datetime] = {}
    for source, source_id, email, phone, membership_no, seen_at in rows:
        if source_id is not None:
            name = f"{source}:{source_id}"
            known[name] = min(known.get(name, datetime.max), seen_at or datetime.max)  # type: ignore[call-overload]
            for kind, value in {"email": email, "phone": phone, "membership_no": membership_no}.items():
                (found,) = normalised(pl.Series([value], dtype=pl.String), kind, SourceRules())
                if found is not None:
                    holders[kind, found].add(name)
    persons = {name: {name} for name in known}
    set_apart = set().union(*groups)
    for ids in holders.values():
        if len(ids) <= most:
            for together in (ids & set_apart, ids - set_apart):
                merged = set().union(*(persons[one] for one in together))
                persons |= dict.fromkeys(merged, merged)
    return {one: min(person, key=lambda name: (known[name], name)) for one, person in sorted(persons.items())}


@settings(deadline=None, max_examples=60)
@given(rows=ROWS, most=st.integers(2, 5), groups=GROUPS, randomly=st.randoms(use_true_random=False))
def test_people_are_those_found_by_merging_in_any_order_of_rows(
    rows: list[Row], most: int, groups: list[set[str]], randomly: Random
) -> None:
    expected = people_by_merging(rows, most, groups)
    rules = identity.Rules(max_ids_per_link=most)
    assert people(*rows, rules=rules, apart=apart(*groups)) == expected
    assert people(*randomly.sample(rows, len(rows)), rules=rules, apart=apart(*groups)) == expected


@settings(deadline=None, max_examples=60)
@given(rows=ROWS)
def test_an_id_is_given_to_the_person_it_belongs_to_and_to_no_other(rows: list[Row]) -> None:
    persons = people(*rows)
    assert {persons[person] == person for person in persons.values()} <= {True}


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(ROW.filter(lambda row: row[5] is not None), max_size=10), later=ROWS)
def test_what_comes_later_gives_nobody_another_id_who_is_not_joined_or_parted(rows: list[Row], later: list[Row]) -> None:
    dated = [(*row[:5], (row[5] or FIRST) + timedelta(days=10)) for row in later]  # type: ignore[operator]
    before, after = people(*rows), people(*rows, *dated)
    members: dict[str, set[str]] = defaultdict(set)
    for one, person in after.items():
        members[person].add(one)
    for one, person in before.items():
        own = {other for other, its in before.items() if its == person}
        is_whole = own <= members[after[one]]
        strangers = {before[other] for other in members[after[one]] & set(before)} - {person}
        assert after[one] == person or not is_whole or strangers, f"{one} was {person}, is {after[one]}"


# ── Changes of ids ───────────────────────────────────────────────────────────────────────────────────────────────────


def links_of(persons: dict[str, str], kinds: str = "email") -> pl.DataFrame:
    rows = [(*name.split(":"), person, kinds, None, None) for name, person in persons.items()]
    return pl.DataFrame(rows, schema=CUSTOMER_LINKS, orient="row")


def together(*persons: str) -> dict[str, str]:
    """``a b, c`` → three ids of source s, two of them one person under the first's id."""
    return {f"s:{name}": f"s:{names.split()[0]}" for names in persons for name in names.split()}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(["a", "b"], ["a", "b", "c"], [], id="somebody new"),
        pytest.param(["a b"], ["a b c"], [], id="another id of the same person"),
        pytest.param(["a b", "c"], ["a b"], [], id="somebody was withdrawn"),
        pytest.param(["a", "b c"], ["a b c"], [("s:b", "s:a", "merge", 2)], id="two are one"),
        pytest.param(["a", "b", "c"], ["a b c"], [("s:b", "s:a", "merge", 1), ("s:c", "s:a", "merge", 1)], id="three are one"),
        pytest.param(["a", "b"], ["n a b"], [("s:a", "s:n", "merge", 1), ("s:b", "s:n", "merge", 1)], id="two are one under a third id"),
        pytest.param(["a b c"], ["a", "b c"], [("s:a", "s:b", "split", 2)], id="one is two"),
        pytest.param(["a b c"], ["a", "b", "c"], [("s:a", "s:b", "split", 1), ("s:a", "s:c", "split", 1)], id="one is three"),
        pytest.param(["a b", "c"], ["a", "c b"], [("s:a", "s:c", "split", 1)], id="one goes over to another"),
        pytest.param(["a b"], ["b"], [("s:a", "s:b", "rename", 1)], id="the record the id is made of was withdrawn"),
        pytest.param(["a b"], ["b a"], [("s:a", "s:b", "rename", 2)], id="an older record came to light"),
        pytest.param(["a"], ["n a"], [("s:a", "s:n", "rename", 1)], id="an older id came to light"),
    ],
)
def test_whoever_has_another_id_is_told_why(before: list[str], after: list[str], expected: list[tuple[str, str, str, int]]) -> None:
    found = identity.changes(links_of(together(*before), "phone"), links_of(together(*after)), date(2025, 2, 1))
    assert found.schema == CUSTOMER_ID_CHANGES
    assert [(old, new, kind, ids) for old, new, kind, _, ids, _ in found.rows()] == expected
    assert {evidence for *_, evidence in found.filter(kind="split").rows()} <= {"phone"}
    assert {evidence for *_, evidence in found.filter(pl.col("kind") != "split").rows()} <= {"email"}


@settings(deadline=None, max_examples=60)
@given(before=ROWS, after=ROWS)
def test_who_follows_the_changes_finds_every_id_that_moved(before: list[Row], after: list[Row]) -> None:
    former, present = linked(*before).links, linked(*after).links
    found = identity.changes(former, present, date(2025, 2, 1))
    moved = former.join(present, on=["source", "source_customer_id"], suffix="_now").filter(
        pl.col("customer_id") != pl.col("customer_id_now")
    )
    assert set(moved.select("customer_id", "customer_id_now").rows()) == set(found.select("old_customer_id", "new_customer_id").rows())
    assert found["source_ids_count"].sum() == moved.height
    whole = dict(found.filter(pl.col("kind") != "split").select("old_customer_id", "new_customer_id").rows())
    for old, new in whole.items():
        now = moved.filter(customer_id=old)["customer_id_now"].unique().to_list()
        assert now == [new], "a person who was not parted has one new id"


def test_evidence_has_its_schema_whatever_comes() -> None:
    assert evidence().schema == CUSTOMER_EVIDENCE
