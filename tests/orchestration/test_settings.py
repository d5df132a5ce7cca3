"""A broken settings file is refused with a sentence that says where, what was seen, what is known."""

from pathlib import Path

import duckdb
import pytest

from orchestration.errors import RegularsError
from orchestration.rules import contact_rules, scoring_rules
from orchestration.settings import load

BROKEN = {
    "an amount of memory without its unit": ("memory_limit: 4G\n", {}, r"memory_limit = '4G' is not valid: .* such as 2\.5GB"),
    "an unknown key": (
        "curency: GBP\n",
        {},
        r"Unknown key 'curency' in .*regulars.yaml. Did you mean 'currency'\? Known: abc, clv,",
    ),
    "an unknown key of a source": (
        "sources: {shop: {profil: olist}}\n",
        {},
        r"Unknown key 'sources.shop.profil'.*Did you mean 'profile'\?",
    ),
    "a currency that is none": ("currency: RMB yuan\n", {}, "currency = 'RMB yuan' is not valid"),
    "a time zone that is none": ("time_zone: Asia/Shangai\n", {}, "did you mean 'Asia/Shanghai'"),
    "a region that is none": ("region: UK\n", {}, "region = 'UK' is not valid: unknown region 'UK', expected an ISO 3166 code.* GB,"),
    "a region of a source that is none": ("sources: {shop: {region: Germany}}\n", {}, "sources.shop.region = 'Germany' is not valid.* DE,"),
    "a value out of range": ("contact: {quiet_days: -3}\n", {}, "contact.quiet_days = -3 is not valid.*greater than or equal to 0"),
    "text that is no YAML": ("sources: [unclosed\n", {}, "can't be read as YAML"),
    "a list instead of keys": ("- one\n- two\n", {}, "holds a list, expected `key: value` lines"),
    "a home inside the home": ("home: /elsewhere\n", {}, "Use --home or REGULARS_HOME"),
    "an unknown environment variable": (
        "",
        {"REGULARS_CURENCY": "GBP"},
        "Unknown environment variable REGULARS_CURENCY. Known: REGULARS_ABC",
    ),
}


@pytest.mark.parametrize("region", ["DE", "'NO'", "NO"])
def test_every_region_can_be_named_also_the_one_that_yaml_takes_for_a_no(tmp_path: Path, region: str) -> None:
    (tmp_path / "regulars.yaml").write_text(f"region: {region}\nsources: {{shop: {{region: {region}}}}}\n")
    loaded = load(tmp_path, {})
    assert loaded.region == loaded.source_of("shop").region == region.strip("'")


@pytest.mark.parametrize(("content", "environment", "message"), BROKEN.values(), ids=BROKEN)
def test_broken_settings_are_refused_with_the_way_out(tmp_path: Path, content: str, environment: dict[str, str], message: str) -> None:
    (tmp_path / "regulars.yaml").write_text(content)
    with pytest.raises(RegularsError, match=message):
        load(tmp_path, environment)


BROKEN_RULES = {
    "an unknown rule": ("lifecycle: {overdue: 3}\n", r"Unknown key 'lifecycle.overdue' in .*Known: "),
    "an unknown preset": ("rfm: {preset: grid_12}\n", "section 'rfm' is not valid.*grid_11"),
    "a preset that leaves cells out": (
        "rfm: {preset: mine, presets: {mine: {levels: 2, groups: {stars: {zh: 明星, cells: ['2**', '*12']}}}}}\n",
        "section 'rfm' is not valid: rfm.presets.mine: every one of its 8 cells .* in none: 111, 121, 122",
    ),
}


@pytest.mark.parametrize(("content", "message"), BROKEN_RULES.values(), ids=BROKEN_RULES)
def test_rules_out_of_range_are_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "regulars.yaml").write_text(content)
    with pytest.raises(RegularsError, match=message):
        scoring_rules(load(tmp_path, {}))


def test_rules_are_checked_before_anything_is_defined(tmp_path: Path) -> None:
    from orchestration.definitions import build_defs

    (tmp_path / "regulars.yaml").write_text("rfm: {window: forever}\n")
    with pytest.raises(RegularsError, match=r"rfm\.window is 'forever'; expected all_time or last_12_months"):
        build_defs(load(tmp_path, {}))


def test_a_preset_and_cuts_of_the_merchants_own_are_read_from_the_settings(tmp_path: Path) -> None:
    (tmp_path / "regulars.yaml").write_text(
        """rfm:
  preset: three
  window: last_12_months
  money: [500, 2000]
  presets:
    three:
      levels: 3
      recency: [30, 90]
      groups:
        stars: {zh: 明星客户, cells: ["3[2-3]*", 323]}
        rest: {zh: 其他客户, cells: ["[1-2]**", "31*"]}
"""
    )
    rules = scoring_rules(load(tmp_path, {})).rfm
    assert (rules.preset, rules.window, rules.money) == ("three", "last_12_months", (500, 2000))


def test_the_environment_wins_over_the_file_and_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "regulars.yaml").write_text("currency: GBP\ncontact: {quiet_days: 3}\n")
    monkeypatch.setenv("REGULARS_CURRENCY", "EUR")
    monkeypatch.chdir(tmp_path)
    loaded = load(Path())
    assert (loaded.currency, loaded.contact.quiet_days, loaded.home) == ("EUR", 3, tmp_path)
    assert contact_rules(loaded).quiet_days == 3


def test_only_what_can_change_the_result_changes_the_fingerprint(tmp_path: Path) -> None:
    plain = load(tmp_path, {})
    assert plain.model_copy(update={"threads": 64, "memory_limit": "1GB"}).fingerprint == plain.fingerprint
    assert plain.model_copy(update={"currency": "EUR"}).fingerprint != plain.fingerprint


@pytest.mark.parametrize(("limit", "half"), [("4GB", "2.0GB"), ("2.5 GiB", "1.25 GiB"), ("900MB", "450.0MB")])
def test_an_engine_beside_something_else_takes_half_of_the_memory(tmp_path: Path, limit: str, half: str) -> None:
    (tmp_path / "regulars.yaml").write_text(f"memory_limit: {limit}\nthreads: 3\n")
    home = load(tmp_path, {})
    assert (home.engine["memory_limit"], home.engine_beside) == (limit, {"threads": 3, "memory_limit": half})
    with duckdb.connect(config=home.engine_beside) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]
