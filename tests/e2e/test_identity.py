"""Who is one person, through whole runs: what is published, what a person decides, and what is told to whoever kept an old id."""

import re
from collections.abc import Callable

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.errors import RegularsError
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

HEADER = "order_id,customer_id,ordered_at,quantity,unit_price,phone,email"
FIRST_DAY = {
    "online": ["O1,C1,2026-03-01 10:00:00,1,10,139 1234 5678,", "O2,C2,2026-03-01 11:00:00,1,20,,bob@example.com"],
    "shops": ["R1,M1,2026-03-02 10:00:00,1,30,+86 13912345678,", "R2,M2,2026-03-02 11:00:00,1,40,,", "R3,M3,2026-03-02 12:00:00,1,5,,"],
}
SECOND_DAY = {"shops": ["R4,M2,2026-03-03 10:00:00,1,50,,Bob@Example.com"]}


def deliver(home: Home, day: str, files: dict[str, list[str]]) -> None:
    for source, rows in files.items():
        folder = home.folder / "inbox" / source
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"orders_{day}.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


def persons(home: Home) -> dict[str, str]:
    return dict(home.published("select source || ':' || source_customer_id, customer_id from marts.customer_links"))


def changes(home: Home) -> list[tuple[object, ...]]:
    return home.published("select old_customer_id, new_customer_id, kind, changed_at::varchar, evidence from marts.customer_id_changes")


def regulars(home: Home, *arguments: str) -> str:
    """What the command prints, in one line."""
    answer = CliRunner().invoke(cli.app, [*arguments, "--home", str(home.folder)], catch_exceptions=False)
    return re.sub(r"\s+", " ", answer.output)


@pytest.fixture(scope="module")
def home(make_home: Callable[..., Home]) -> Home:
    """A shop and an online shop with one person in common, before the first run."""
    made = make_home("currency: CNY\ntime_zone: Asia/Shanghai\n")
    deliver(made, "2026-03-02", FIRST_DAY)
    return made


def test_a_decision_is_a_reason_to_run_and_outlives_a_full_build(home: Home) -> None:
    home.run()
    linked = {"online:C1": "online:C1", "online:C2": "online:C2", "shops:M1": "online:C1", "shops:M2": "shops:M2", "shops:M3": "shops:M3"}
    assert (persons(home), changes(home)) == (linked, [])

    deliver(home, "2026-03-03", SECOND_DAY)
    home.run()
    assert persons(home) == {**linked, "shops:M2": "online:C2"}
    assert changes(home) == [("shops:M2", "online:C2", "merge", "2026-03-03", "email")]
    assert home.run()["published"] is False

    told = regulars(home, "unlink", "shops:M1")
    assert "shops:M1 (phone) is set apart from online:C1 (phone), which were online:C1 together." in told
    assert "set apart by a person: 1" in regulars(home, "status")
    assert home.run()["persons"]["id_changes"] == {"split": 1}
    parted = {**linked, "shops:M2": "online:C2", "shops:M1": "shops:M1"}
    assert persons(home) == parted
    assert changes(home)[0] == ("online:C1", "shops:M1", "split", "2026-03-03", "phone")
    daily = home.fingerprints()
    home.run(is_full=True)
    assert home.fingerprints() == daily
    for path in ("evidence.json", "links.json", "customer_links.parquet"):
        (home.folder / "lake" / "identity" / path).unlink()
    home.run(is_full=True)
    assert home.fingerprints() == daily, "whatever was kept to save work can be thrown away"

    assert "Set apart no longer: shops:M1." in regulars(home, "unlink", "--undo", "shops:M1")
    home.run()
    assert persons(home) == {**parted, "shops:M1": "online:C1"}
    assert ("shops:M1", "online:C1", "merge", "2026-03-03", "phone") in changes(home)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["online:C3"], r"No record of source 'online' has the customer id 'C3'.*did you mean online:C", id="nearly an id"),
        pytest.param(["onlin:C1"], r"'onlin:C1' names no id of a known source.*SOURCE:ID.*did you mean online:", id="nearly a source"),
        pytest.param(["C1"], r"'C1' names no id of a known source.*a source of online, shops", id="no source"),
        pytest.param(["shops:M3"], r"shops:M3 is linked to nobody: there is nothing to part", id="nobody's"),
        pytest.param(["online:C1", "shops:M1"], r"are all the ids of that person: there is nothing to part", id="the whole person"),
        pytest.param(["online:C1", "shops:M3"], r"are not one person: .*shops:M3 is of shops:M3", id="two persons"),
        pytest.param(["--undo", "shops:M1"], r"shops:M1 was not set apart by anybody. Expected: none is set apart", id="never set apart"),
    ],
)
def test_a_decision_about_ids_that_no_run_knows_so_is_refused_with_what_is_known(
    make_home: Callable[..., Home], arguments: list[str], message: str, home: Home
) -> None:
    if not (home.folder / "lake" / "identity" / "customer_links.parquet").exists():
        home.run()
    with pytest.raises(RegularsError, match=message):
        regulars(home, "unlink", *arguments)


def test_before_the_first_run_there_is_nobody_to_part(make_home: Callable[..., Home]) -> None:
    with pytest.raises(RegularsError, match="No run has linked customers yet"):
        regulars(make_home("currency: CNY\n"), "unlink", "online:C1")


def test_evidence_that_links_nobody_is_told_and_shown_masked(make_home: Callable[..., Home]) -> None:
    home = make_home("currency: CNY\ntime_zone: Asia/Shanghai\nidentity: {max_ids_per_link: 2, placeholders: ['@shop.cn']}\n")
    rows = [f"O{n},C{n},2026-03-01 10:00:00,1,10,13912345678,desk@shop.cn" for n in range(4)]
    rows += [f"O{n},C{n},2026-03-01 10:00:00,1,10,0151 2345678{n},c{n}@x.com" for n in range(10, 35)]
    deliver(home, "2026-03-01", {"online": [*rows, *FIRST_DAY["online"]]})
    warnings = home.run()["warnings"]
    assert any("1 phone(s) shared by up to 4 customer ids link(s) nobody" in warning for warning in warnings)
    assert any("1 placeholder e-mail(s) shared by up to 4 customer ids" in warning for warning in warnings)
    assert any("Most phones of source 'online'" in warning and "set sources.online.region" in warning for warning in warnings)
    shown = regulars(home, "status")
    assert "1 phone(s) shared by up to 4" in shown
    assert "13912345678" not in shown + str(warnings)
    refused = home.folder / "lake" / "identity" / "refused_evidence.parquet"
    masked = duckdb.sql(f"select kind, value_masked, ids_count, reason from '{refused}' order by kind").fetchall()
    assert masked == [("email", "d***@shop.cn", 4, "placeholder"), ("phone", "+86139****5678", 4, "too many ids")]
