"""Persons from run to run: what is linked day by day is what would be linked from scratch, and only what a day reaches is linked anew."""

import random
import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from orchestration import lake
from orchestration.identity import evidence, identify, links, portions
from orchestration.rules import identity_reading, identity_rules
from tests.orchestration.identity.conftest import IdentityHome, guest
from transforms import identity
from transforms.evidence import evidence_of

FIRST_DAY = datetime(2025, 1, 1)
SETTINGS = "time_zone: Asia/Shanghai\nidentity: {{max_ids_per_link: {most}, placeholders: [{placeholder}]}}\n"


def from_scratch(home: IdentityHome, as_of: date) -> identity.Links:
    """What the live files show, linked by one call of the transform."""
    own = home.settings
    with lake.open_ledger(own) as ledger, lake.engine(own) as connection:
        written = pl.concat(evidence._written(connection, own, ledger.files("live")))
        question = links.Question(identity_rules(own), identity_reading(own), identify._apart(ledger), as_of, "run", own.time_zone)
    found = evidence_of(written, question.reading)
    return identity.link(found, question.rules, question.reading, question.apart, question.view)


class History:
    """A merchant's days at random, from few ids and few details, so that they meet."""

    def __init__(self, home: IdentityHome, randomly: random.Random) -> None:
        self.home, self.random = home, randomly
        self.as_of = date(2025, 2, 1)
        self._settings()

    def some_day(self) -> None:
        events: list[Callable[[], None]] = [self._orders, self._orders, self._profiles, self._reviews]
        events += [self._withdrawal, self._return, self._next_day, self._decision, self._settings]
        for event in self.random.choices(events, weights=[4, 4, 3, 1, 2, 1, 3, 1, 0.5], k=self.random.randint(1, 4)):
            event()

    def _moment(self) -> datetime | None:
        return self.random.choice(
            [None, *(FIRST_DAY + timedelta(days=self.random.randrange(60), hours=self.random.randrange(24)) for _ in "abc")]
        )

    def _who(self) -> dict[str, object]:
        chance = self.random
        email = chance.choice([None, None, "-", "n***@x.com", *(f"{name}@x.com" for name in "pqrs")])
        phone = chance.choice([None, None, "0000000", "13912345678", "+86 139-1234-5678", "13812345678", "13712345678"])
        named = chance.random() < 0.7
        return {"customer_id": f"C{chance.randrange(9)}" if named else guest(email, phone), "email": email, "phone": phone}

    def _customer(self) -> dict[str, object]:
        return {**self._who(), "customer_id": f"C{self.random.randrange(9)}"}

    def _source(self) -> str:
        return self.random.choice(["online", "shop"])

    def _orders(self) -> None:
        rows = [{**self._who(), "ordered_at": self._moment() or FIRST_DAY} for _ in range(self.random.randint(1, 3))]
        self.home.deliver(self._source(), "orders", rows)

    def _profiles(self) -> None:
        rows = [
            {**self._customer(), "membership_no": self.random.choice([None, "0", "7", "8"]), "signed_up_at": self._moment()} for _ in "ab"
        ]
        self.home.deliver(self._source(), "customers", rows)

    def _reviews(self) -> None:
        self.home.deliver(self._source(), "reviews", [{**self._who(), "created_at": self._moment()}])

    def _withdrawal(self) -> None:
        if live := [file_id for file_id, file in self.home.files.items() if file.state == "live"]:
            self.home.withdraw(self.random.choice(live))

    def _return(self) -> None:
        if gone := [file_id for file_id, file in self.home.files.items() if file.state != "live"]:
            self.home.bring_back(self.random.choice(gone))

    def _next_day(self) -> None:
        self.as_of += timedelta(days=self.random.choice([1, 5, -9]))

    def _decision(self) -> None:
        with lake.open_ledger(self.home.settings) as ledger:
            if (decisions := ledger.apart()) and self.random.random() < 0.5:
                ledger.join_again(self.random.choice(list(decisions)), "test")
            else:
                ids = {(self._source(), f"C{self.random.randrange(9)}") for _ in range(self.random.randint(1, 3))}
                ledger.set_apart(sorted(ids), "test")

    def _settings(self) -> None:
        self.home.configure(
            SETTINGS.format(most=self.random.randint(2, 5), placeholder=self.random.choice(["", "s@x.com", "138 1234 5678", "'7'"]))
        )


@settings(deadline=None, max_examples=8, phases=[Phase.generate])  # a history can't be shrunk, only be tried for minutes
@given(randomly=st.randoms(use_true_random=False))
def test_links_made_day_by_day_are_those_made_from_scratch(randomly: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        history = History(IdentityHome(Path(folder)), randomly)
        for _ in range(8):
            history.some_day()
            patch.setattr(portions, "ROWS_AT_A_TIME", randomly.choice([2, 6, 250_000]))
            report = history.home.identify(history.as_of)
            expected = from_scratch(history.home, history.as_of)
            assert_frame_equal(history.home.links(), expected.links)
            assert_frame_equal(history.home.refused(), expected.refused.sort(pl.all()))
            assert (report.ids, report.persons) == (expected.links.height, expected.links["customer_id"].n_unique())


@pytest.fixture
def home(tmp_path: Path) -> IdentityHome:
    made = IdentityHome(tmp_path)
    made.configure("time_zone: UTC\nidentity: {max_ids_per_link: 2}\n")
    return made


def order(customer_id: str, phone: str = "13912345678", day: int = 1) -> dict[str, object]:
    return {"customer_id": customer_id, "phone": phone, "ordered_at": datetime(2025, 1, day)}


def test_evidence_of_too_many_links_again_when_one_of_them_is_withdrawn(home: IdentityHome) -> None:
    home.deliver("shop", "orders", [order("C1"), order("C2")])
    third = home.deliver("shop", "orders", [order("C3")])
    assert home.identify().refused == {"phone(s)": (1, 3)}
    assert home.persons() == {"shop:C1": "shop:C1", "shop:C2": "shop:C2", "shop:C3": "shop:C3"}
    home.withdraw(third)
    assert home.identify().refused == {}
    assert home.persons() == {"shop:C1": "shop:C1", "shop:C2": "shop:C1"}
    home.bring_back(third)
    assert home.identify().refused == {"phone(s)": (1, 3)}
    assert home.persons() == {"shop:C1": "shop:C1", "shop:C2": "shop:C2", "shop:C3": "shop:C3"}


def test_a_day_adds_what_is_news_and_leaves_the_rest_as_it_was(home: IdentityHome) -> None:
    evidence_files = home.folder / "lake" / "identity" / "evidence"
    home.deliver("shop", "orders", [order(f"C{number}", f"138123450{number:02d}") for number in range(50)])
    home.identify()
    (first,) = evidence_files.iterdir()
    home.deliver("shop", "orders", [order("C7", "13812345007", day=2), order("C8", "13912345678", day=2), order("N1", day=2)])
    home.identify(run_id="second")
    (second,) = set(evidence_files.iterdir()) - {first}
    news = pl.read_parquet(second).select("source_customer_id", "kind").sort(pl.all()).rows()
    assert news == [("C8", "phone"), ("N1", "own id"), ("N1", "phone")], "what was known of C7 is no news"
    assert home.persons()["shop:N1"] == "shop:C8"
    runs = dict(home.links().select("source_customer_id", "first_seen_run").rows())
    assert (runs["C8"], runs["N1"]) == ("run", "second")
    before = (home.folder / "lake" / "identity" / "customer_links.parquet").stat().st_mtime_ns
    home.identify(run_id="third")
    assert (home.folder / "lake" / "identity" / "customer_links.parquet").stat().st_mtime_ns == before


def test_the_run_that_found_a_link_first_stays_with_it_when_everybody_is_linked_anew(home: IdentityHome) -> None:
    home.deliver("shop", "orders", [order("C1"), order("C2"), order("C3", "13812345678")])
    home.identify(run_id="first")
    home.deliver("shop", "orders", [order("C3", day=2), order("C4", "13712345678")])
    home.configure("time_zone: UTC\nidentity: {max_ids_per_link: 3}\n")
    home.identify(run_id="second")
    assert home.links()["first_seen_run"].to_list() == ["first", "first", "second", "second"]


def test_a_record_that_cannot_be_relied_on_is_made_anew(home: IdentityHome) -> None:
    home.deliver("shop", "orders", [order("C1"), order("C2")])
    home.identify()
    expected = home.links()
    kept = home.folder / "lake" / "identity"
    losses: list[Callable[[], object]] = [
        lambda: (kept / "evidence.json").write_text("{"),
        lambda: (kept / "links.json").write_text("{}"),
        lambda: (kept / "customer_links.parquet").unlink(),
        lambda: next((kept / "evidence").iterdir()).unlink(),
    ]
    for loss in losses:
        loss()
        home.identify()
        assert_frame_equal(home.links(), expected)


def test_a_day_of_somebody_set_apart_leaves_those_alone_who_share_something_with_them(home: IdentityHome) -> None:
    shared = {"email": "c@x.com"}
    rows = [{**order("C1", "-"), **shared}, {**order("C2", "-"), **shared}, {**order("C3"), **shared}, order("C4", "13812345678")]
    home.configure("time_zone: UTC\n")
    home.deliver("shop", "orders", rows)
    with lake.open_ledger(home.settings) as ledger:
        ledger.set_apart([("shop", "C3"), ("shop", "C4")], "test")
    home.identify()
    home.deliver("shop", "orders", [order("C4", day=2)])
    home.identify()
    assert home.persons() == {"shop:C1": "shop:C1", "shop:C2": "shop:C1", "shop:C3": "shop:C3", "shop:C4": "shop:C3"}


def test_a_known_date_of_what_had_none_counts_for_all_parts_of_the_evidence(home: IdentityHome) -> None:
    home.configure("time_zone: UTC\nidentity: {max_ids_per_link: 2}\n")
    home.deliver("shop", "customers", [{"customer_id": f"C{number}", "phone": "13912345678"} for number in range(3)])
    assert home.identify(date(2025, 1, 5)).refused == {"phone(s)": (1, 3)}
    home.deliver("shop", "orders", [order("C0", day=9)])
    assert home.identify(date(2025, 1, 5)).refused == {}
    assert home.persons() == {"shop:C0": "shop:C0", "shop:C1": "shop:C1", "shop:C2": "shop:C1"}
