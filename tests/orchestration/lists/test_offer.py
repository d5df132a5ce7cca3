"""The lists of a home before anything is built: held against dbt's contract, shown by ``regulars lists check`` and ``lists columns``."""

from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration import contract, rules
from orchestration import settings as home_settings
from orchestration.cli import app
from orchestration.errors import RegularsError
from orchestration.lists import left_out, overview, results_table
from orchestration.lists.left_out import LeftOut
from transforms import schemas

BROKEN = """
lists:
  champions: {filter: "rfm_group = 'champion'"}
  credit_watch: off
  fans:
    title: {en: Fans, zh: 粉丝}
    purpose: {en: Thank, zh: 致谢}
    filter: orders_count > 9 and last_order_at >= '2026-01-01'
    channel: email
    suggested_action: {en: Write, zh: 联系}
    reason: {en: Bought, zh: 已购}
"""


def home(tmp_path: Path, text: str) -> home_settings.Settings:
    (tmp_path / "regulars.yaml").write_text(text, encoding="utf-8")
    return home_settings.load(tmp_path, {})


def checked(settings: home_settings.Settings) -> tuple[bool, str]:
    """Whether all lists are valid, and what ``regulars lists check`` shows, on a terminal as wide as it likes."""
    shown = StringIO()
    return overview.show_check(Console(width=1_000, file=shown), settings), shown.getvalue()


def test_the_contract_has_the_types_that_the_scores_and_facts_have() -> None:
    columns = contract.schema()
    known = {**schemas.CUSTOMER_FACTS, **schemas.CUSTOMER_SCORES}
    assert {name: dtype for name, dtype in known.items() if name in columns} == {name: columns[name] for name in known if name in columns}
    assert {"city", "email_consent", "rfm_group_changed_at", "previous_rfm_group"} <= columns.keys()
    assert pl.Binary not in columns.dtypes()


def test_a_home_without_settings_has_the_shipped_lists_and_all_are_valid(tmp_path: Path) -> None:
    is_valid, told = checked(home(tmp_path, ""))
    assert is_valid
    assert "win_back" in told
    assert "not available: needs points_balance, points_expiring, points_expire_on" in told
    assert "All 18 lists are valid." in told


def test_a_broken_list_is_told_before_anything_is_run_and_the_others_are_ok(tmp_path: Path) -> None:
    settings = home(tmp_path, BROKEN)
    is_valid, told = checked(settings)
    assert not is_valid
    assert CliRunner().invoke(app, ["lists", "check", "--home", str(tmp_path)]).exit_code == 1
    assert "not valid: 'champion' is no value of rfm_group. Did you mean 'champions'?" in told
    assert "not valid: it is False, expected its fields, or null to switch it off" in told
    assert f"2 of 19 lists are not valid and would be withheld. Mend them in {settings.home}/regulars.yaml." in told
    assert [line.split()[-1] for line in told.splitlines() if line.startswith("fans")] == ["ok"]
    assert len(rules.check(settings)) == 2


def test_marketers_who_read_chinese_are_told_in_chinese(tmp_path: Path) -> None:
    _, told = checked(home(tmp_path, f"language: zh\n{BROKEN}"))
    assert "无效：rfm_group 没有 'champion' 这个值" in told
    assert "19 份名单中有 2 份无效" in told


def test_another_preset_leaves_the_shipped_lists_valid_and_says_which_groups_are_missing(tmp_path: Path) -> None:
    is_valid, told = checked(home(tmp_path, "rfm: {preset: cn_8}"))
    assert is_valid
    assert "not available: needs rfm_group 'champions'" in told


def test_the_columns_that_a_filter_may_use_are_listed_with_the_texts_they_have(tmp_path: Path) -> None:
    shown = StringIO()
    overview.show_columns(Console(width=2_000, file=shown), home(tmp_path, "rfm: {preset: cn_8}"))
    told = {line.split()[0]: " ".join(line.split()) for line in shown.getvalue().splitlines()}
    assert told["net_amount"].startswith("net_amount a number ")
    assert told["last_order_at"].startswith("last_order_at a date with a time ")
    assert "one of general_develop, " in told["rfm_group"]
    assert "champions" not in told["rfm_group"]
    assert "champions" in told["previous_rfm_group"]


def test_a_list_is_previewed_only_where_something_is_published(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["lists", "preview", "win_back", "--home", str(tmp_path)])
    assert isinstance(told.exception, RegularsError)
    assert "Nothing is published yet." in str(told.exception)


@pytest.mark.parametrize("words", [["lists"], ["lists", "check"], ["lists", "preview"], ["lists", "columns"]], ids=" ".join)
def test_each_command_shows_an_example(words: list[str]) -> None:
    assert f"Example: regulars {' '.join(words)}" in " ".join(
        CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output.split()
    )


def test_a_section_that_is_no_mapping_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegularsError, match="lists = "):
        home(tmp_path, "lists: [champions]")


def test_a_switched_off_list_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegularsError, match="section 'lists' is not valid: List 'champion': it is switched off"):
        rules.check(home(tmp_path, "lists: {champion: null}"))


def test_titles_of_broken_lists_can_be_read(tmp_path: Path) -> None:
    titles = results_table._titles(home(tmp_path, BROKEN))
    assert (titles["champions"], titles["credit_watch"], titles["fans"]) == ("Champions", "credit_watch", "Fans")


def test_what_was_left_out_is_read_as_it_was_written(tmp_path: Path) -> None:
    settings = home(tmp_path, BROKEN)
    kept = LeftOut({"near_next_tier": ["tier"]}, rules.offer_of_lists(settings).broken)
    left_out.write(settings, kept)
    assert left_out.read(settings) == kept
