"""Which lists wait: usual sizes from what was published, approvals of one size, and verdicts that hold for one file of members."""

import json
from pathlib import Path

import polars as pl
import pytest

from orchestration import freshness, lake
from orchestration import settings as home_settings
from orchestration.checks import lists
from orchestration.checks.expectations import Expectation, Finding
from orchestration.errors import RegularsError
from orchestration.lists import approval, left_out, verdicts
from orchestration.lists.left_out import LeftOut
from orchestration.lists.verdicts import Reason, Usual, Verdict
from orchestration.settings import Settings
from transforms.list_definitions import Wording
from transforms.list_offers import BrokenList

TOO_LARGE = Reason("size", "5,000 people where 100 are usual: it waits for `regulars approve fans`", "共 5000 人，而通常为 100 人")
NO_CONSENT = Reason("consent", "3 of 5000 have no consent", "5000 人中有 3 人没有授权")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return home_settings.load(tmp_path, {})


def verdict(*reasons: Reason, people: int = 5000) -> Verdict:
    failed = {reason.check for reason in reasons}
    return Verdict(people, f"{people}-1-1", 100, "", False, {check: check not in failed for check in ("consent", "size")}, reasons)


def packages(settings: Settings, sizes: dict[str, dict]) -> None:
    """What readers see: a package a day, each with the entry of one list, the last of them published."""
    for day, entry in sizes.items():
        folder = settings.home / "published" / "exports" / day
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"lists": {"fans": entry}}))
    (settings.home / "published" / "publication.json").write_text(json.dumps({"run_id": "run-1", "as_of": max(sizes), "tables": {}}))


def sent(people: int, since: str | None = None) -> dict:
    return {"published": True, "sent": people, "size": {"people": people, "usual": None, "usual_since": since}}


def waits(*failed: str, usual: float = 100, since: str | None = None) -> dict:
    size = {"people": 5000, "usual": usual, "usual_since": since, "fingerprint": "5000-1-1"}
    checks = {check: check not in failed for check in ("consent", "size")}
    return {"published": False, "sent": 0, "reason": {"en": "too long", "zh": "过长"}, "checks": checks, "size": size}


@pytest.mark.parametrize(
    ("published", "usual"),
    [
        pytest.param({}, None, id="nothing was published"),
        pytest.param({"2024-01-01": sent(7)}, Usual(7), id="one package"),
        pytest.param({"2024-01-01": sent(1), "2024-01-02": sent(10), "2024-01-03": sent(100)}, Usual(10), id="the median"),
        pytest.param({"2024-01-01": {"sent": 7}}, Usual(7), id="a package of before lists could wait"),
        pytest.param({"2024-01-01": sent(7), "2024-01-02": sent(0)}, Usual(7), id="nobody is no size"),
        pytest.param({"2024-01-01": sent(0)}, Usual(None), id="a list that never had anybody"),
        pytest.param({"2024-01-01": sent(7), "2024-01-02": waits("size")}, Usual(7), id="a day on which it waited"),
        pytest.param({f"2024-01-{day:02}": waits("size") for day in range(1, 20)}, Usual(100), id="it waited longer than is looked back"),
        pytest.param({"2024-01-01": sent(7), "2024-07-01": sent(900)}, Usual(7), id="later days are not known yet"),
        pytest.param(
            {"2024-01-01": sent(7), "2024-01-02": sent(8), "2024-01-03": sent(500, "2024-01-03"), "2024-01-04": sent(510, "2024-01-03")},
            Usual(505, "2024-01-03"),
            id="an approved size is the new usual",
        ),
        pytest.param(
            {"2024-01-01": sent(7), "2024-01-02": sent(500, "2024-01-02"), "2024-01-03": waits("consent", since="2024-01-02")},
            Usual(500, "2024-01-02"),
            id="an approval is remembered while the list waits for something else",
        ),
        pytest.param(
            {f"2024-02-{day:02}": sent(day) for day in range(1, 21)}, Usual(15.5), id="only the last packages count"
        ),
    ],
)  # fmt: skip
def test_a_usual_size_is_the_median_of_what_was_published(settings, published, usual):
    if published:
        packages(settings, published)
    assert verdicts.usual_sizes(settings, "2024-06-30") == ({"fans": usual} if usual else {})


def test_the_lists_of_a_past_day_have_no_usual_size(settings):
    packages(settings, {"2024-01-01": sent(7)})
    assert verdicts.usual_sizes(settings.looking_back_to("2024-06-30"), "2024-06-30") == {}


@pytest.mark.parametrize(
    ("people", "usual", "size"),
    [
        (1000, 100, "unusual"), (999, 100, "as usual"), (11, 100, "as usual"), (10, 100, "unusual"), (0, 100, "unusual"),
        (99, 1, "as usual"), (100, 1, "unusual"), (0, 99, "as usual"),
    ],
)  # fmt: skip
def test_ten_times_or_a_tenth_is_unusual_unless_few_people_are_concerned(settings, people, usual, size):
    assert lists.compared(people, usual, settings) == size


def test_a_verdict_holds_for_the_members_that_were_judged_and_for_no_others(settings):
    path = verdicts.members_path(settings)
    path.parent.mkdir(parents=True)
    pl.DataFrame({"list_name": ["fans"], "status": ["send"]}).write_parquet(path)
    with pytest.raises(RegularsError, match="not checked since they were built"):
        verdicts.read(settings)
    judged = {"fans": verdict(TOO_LARGE, NO_CONSENT), "others": verdict()}
    verdicts.write(settings, judged)
    assert verdicts.read(settings) == judged
    pl.DataFrame({"list_name": ["fans", "fans"], "status": ["send", "send"]}).write_parquet(path)
    with pytest.raises(RegularsError, match="not checked since they were built"):
        verdicts.read(settings)


def test_readers_find_nobody_to_send_to_on_a_list_that_waits_or_that_nobody_judged(settings):
    path = verdicts.members_path(settings)
    path.parent.mkdir(parents=True)
    rows = [(name, status) for name in ("fans", "others", "unknown") for status in ("send", "no_consent")]
    pl.DataFrame(rows, schema=["list_name", "status"], orient="row").write_parquet(path)
    shown = pl.read_parquet(verdicts.shown_members(settings, {"fans": verdict(TOO_LARGE), "others": verdict()}))
    assert shown.rows() == [
        ("fans", "withheld"), ("fans", "no_consent"), ("others", "send"), ("others", "no_consent"),
        ("unknown", "withheld"), ("unknown", "no_consent"),
    ]  # fmt: skip
    assert verdicts.shown_members(settings, {"fans": verdict(), "others": verdict()}) == path


def test_an_approval_asks_for_a_run_and_holds_for_these_people_on_this_day(settings):
    packages(settings, {"2024-01-01": sent(100), "2024-01-02": waits("size")})
    assert list(approval.waiting(settings)) == ["fans"]
    ledger = lake.ledger_of(settings)
    before = freshness.publication_info(settings, ledger)
    assert approval.approve(settings, "fans")["size"]["people"] == 5000
    assert verdicts.approvals(settings) == {"fans": {"as_of": "2024-01-02", "fingerprint": "5000-1-1"}}
    assert freshness.publication_info(settings, ledger) != before
    ledger.close()
    assert approval.waiting(settings) == {}


def test_approvals_of_another_day_are_forgotten(settings):
    packages(settings, {"2024-01-02": waits("size")})
    verdicts.approvals_path(settings).parent.mkdir(parents=True, exist_ok=True)
    verdicts.approvals_path(settings).write_text(json.dumps({"old": {"as_of": "2024-01-01", "fingerprint": "1"}}))
    approval.approve(settings, "fans")
    assert verdicts.approvals(settings).keys() == {"fans"}


@pytest.mark.parametrize(
    ("published", "name", "told"),
    [
        ({}, "fans", "There is no list 'fans' in what is published.*run first"),
        ({"2024-01-02": waits("size")}, "fens", "Did you mean 'fans'"),
        ({"2024-01-02": sent(5)}, "fans", "'fans' doesn't wait for approval.*no list waits"),
        ({"2024-01-02": waits("size", "consent")}, "fans", r"more than its size, which nobody can approve \(consent\)"),
        ({"2024-01-02": waits("consent")}, "fans", "mend the cause"),
    ],
    ids=["nothing published", "a typo", "it is published", "its size is not all", "its size is usual"],
)
def test_only_a_list_that_waits_for_its_size_can_be_approved(settings, published, name, told):
    if published:
        packages(settings, published)
    with pytest.raises(RegularsError, match=told):
        approval.approve(settings, name)
    assert verdicts.approvals(settings) == {}


def findings(**broken_by: list[str]) -> list[Finding]:
    """One finding of each gate; those named are broken by those lists."""
    found = []
    for gate in lists.GATES:
        names = broken_by.get(gate.check, [])
        found.append(Finding(gate.expectation, gate.check not in broken_by, len(names), [{"list_name": name} for name in names]))
    return found


MEASURES = pl.DataFrame(
    {
        "list_name": ["fans", "others"], "channel": "sms", "people": [5000, 3], "different_people": [5000, 3], "of_another_day": 0,
        "without_reason": 0, "without_consent": [2, 0], "without_address": 0, "suppressed": 0, "complaining": 0, "contacted": 0,
        "columns": "a String",
        "columns_expected": "a String", "fingerprint": ["f", "o"], "size": ["unusual", "first"], "usual": [1234.0, None], "usual_since": "",
    }
)  # fmt: skip


def test_a_list_that_breaks_an_expectation_waits_with_the_reason_in_both_languages_and_the_others_do_not(settings):
    verdicts.members_path(settings).parent.mkdir(parents=True)
    verdicts.members_path(settings).write_bytes(b"members")
    (told,) = lists.settle(settings, MEASURES, findings(consent=["fans"], size=["fans"]))
    assert told.startswith("fans: 2 of 5000 have no consent for sms on record; 5000 people")
    settled = verdicts.read(settings)
    assert settled["others"].is_published
    assert settled["others"].reason() is None
    assert settled["fans"].reason() == {
        "en": "2 of 5000 have no consent for sms on record; 5000 people where 1,234 are usual: it waits for `regulars approve fans`",
        "zh": "5000 人中有 2 人没有 sms 渠道的授权记录；共 5000 人，而通常为 1,234 人：等待执行 `regulars approve fans`",
    }
    assert [check for check, is_met in settled["fans"].checks.items() if not is_met] == ["consent", "size"]


def test_a_list_that_is_not_valid_is_withheld_with_its_problem_and_remembers_its_usual_size(settings):
    packages(settings, {"2024-01-01": sent(100)})
    verdicts.members_path(settings).parent.mkdir(parents=True)
    verdicts.members_path(settings).write_bytes(b"members")
    problem = Wording("no column 'x' in customer_360", "customer_360 没有 'x' 这一列")
    broken = BrokenList("fans", problem, Wording("Fans", "粉丝"), Wording("", ""), "x > 1", "email", Wording("", ""))
    left_out.write(settings, LeftOut({}, {"fans": broken}))
    (told,) = lists.settle(settings, MEASURES.filter(list_name="others").with_columns(as_of=pl.lit("2024-01-02")), findings())
    assert told == "fans: it is not valid: no column 'x' in customer_360"
    settled = verdicts.read(settings)
    assert settled["others"].is_published
    assert (settled["fans"].checks, settled["fans"].usual, settled["fans"].people) == ({"definition": False}, 100, 0)
    assert settled["fans"].reason()["zh"] == "名单定义无效：customer_360 没有 'x' 这一列"


@pytest.mark.parametrize("gate", lists.GATES, ids=lambda gate: gate.check)
def test_every_reason_can_be_told_in_both_languages(gate):
    row = {**MEASURES.row(0, named=True), "usual": "1,234"}
    assert all("{" not in text.format(**row) for text in (gate.en, gate.zh))


def test_a_check_that_could_not_say_which_list_broke_it_publishes_none(settings):
    wordless = [Finding(Expectation("ExpectColumnValuesToBeUnique", {"column": "people"}, "it holds"), False, 0, [])]
    with pytest.raises(RegularsError, match="could not be checked"):
        lists.settle(settings, MEASURES, [*wordless, *findings()[1:]])
