"""Lists checked and previewed without a run; and a run with a list that is not valid, which is withheld alone."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration import contract
from orchestration import settings as home_settings
from orchestration.cli import app
from orchestration.errors import RegularsError
from orchestration.lists.preview import SAMPLE, Preview, preview
from orchestration.lock import run_lock
from tests.e2e.conftest import Home

pytestmark = pytest.mark.slow

PEOPLE = [f"C{number}" for number in range(1, 31)]
A_LIST = """
  {name}:
    title: {{en: {name}, zh: 名单}}
    purpose: {{en: A test, zh: 测试}}
    filter: {filter}
    channel: {channel}
    {more}
    suggested_action: {{en: Write, zh: 联系}}
    reason: {{en: "Bought {{orders_count:time}}", zh: "共购买 {{orders_count}} 次"}}
"""
FIRST = A_LIST.format(name="first", filter="net_amount > 20", channel="email", more="priority: 1")
FANS = A_LIST.format(name="fans", filter="orders_count >= 1", channel="email", more="columns: [city, net_amount]")
WEEKLY = A_LIST.format(name="weekly", filter="last_order_at >= '2026-03-01'", channel="sms", more="cool_down_days: 7")
INTERNAL = A_LIST.format(name="internal", filter="net_amount < 9", channel="none", more="size_limit: 5")
BROKEN = A_LIST.format(name="broken", filter="orders_cuont > 1", channel="email", more="priority: 2")


def configure(home: Home, *lists: str, language: str = "en") -> None:
    text = f"currency: CNY\nlanguage: {language}\ncontact: {{holdout_share: 0.2}}\nlists:\n{''.join(lists)}"
    (home.folder / "regulars.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def home(make_home: Callable[..., Home]) -> Home:
    """Thirty customers; some never agreed, some opted out by id or e-mail, one complained, one was written to, some have no address."""
    home = make_home("currency: CNY\n", "preview")
    inbox = home.folder / "inbox" / "shop"
    inbox.mkdir(parents=True)
    feeds = {
        "orders": ["order_id,customer_id,ordered_at,quantity,unit_price,city"]
        + [f"O{c},{c},2026-03-01 10:00:00,1,{c[1:]},杭州" for c in PEOPLE],
        "customers": ["customer_id,name,email,phone"]
        + [f"{c},Name {c},{c.lower()}@example.com,{'' if c in ('C3', 'C4') else f'147000000{int(c[1:]):02}'}" for c in PEOPLE],
        "consents": ["customer_id,channel,is_granted,changed_at"]
        + [f"{c},{channel},{c not in ('C5', 'C6')},2026-01-01 00:00:00" for c in PEOPLE for channel in ("email", "sms")],
        "tickets": ["ticket_id,customer_id,order_id,topic,opened_at,closed_at", "T1,C28,OC28,quality,2026-02-01 09:00:00,"],
        "contacts": ["customer_id,channel,list_name,contacted_at", "C29,email,fans,2026-02-27 09:00:00"],
        "opt_outs": [
            "customer_id,email,phone,channel,opted_out_at",
            "C30,,,all,2026-02-27 09:00:00",
            ",C27@example.com,,all,2026-02-27 09:00:00",
        ],
    }
    for feed, lines in feeds.items():
        (inbox / f"{feed}_2026-03-01.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    configure(home, FIRST, BROKEN, FANS, WEEKLY, INTERNAL)
    return home


@pytest.fixture(scope="module")
def told(home: Home) -> str:
    ended = CliRunner().invoke(app, ["run", "--home", str(home.folder)], env={"COLUMNS": "200"})
    assert ended.exit_code == 0, (ended.output, ended.exception)
    return ended.output


@pytest.fixture(autouse=True)
def as_it_ran(home: Home, told: str) -> Iterator[None]:
    """The settings of the run, whatever a test makes of them."""
    before = (home.folder / "regulars.yaml").read_text(encoding="utf-8")
    yield
    (home.folder / "regulars.yaml").write_text(before, encoding="utf-8")


def manifest(home: Home) -> dict:
    return json.loads((home.folder / "exports" / "latest" / "manifest.json").read_text(encoding="utf-8"))["lists"]


def previewed(home: Home, name: str) -> Preview:
    return preview(home_settings.load(home.folder, {}), name)


PROBLEM = "no column 'orders_cuont' in customer_360. Nearest: orders_count, "


def test_a_broken_list_is_told_before_the_work_withheld_alone_and_named_everywhere(home: Home, told: str) -> None:
    assert told.startswith("Warning: List 'broken' is not valid and will be withheld: " + PROBLEM)
    assert "1 list(s) withheld" in told
    assert f"broken: it is not valid: {PROBLEM}" in told
    assert f"broken: it is not valid: {PROBLEM}" in CliRunner().invoke(app, ["status", "--home", str(home.folder)]).output.replace(
        "\n", " "
    )
    entry = manifest(home)["broken"]
    assert (entry["published"], entry["files"], entry["checks"]) == (False, [], {"definition": False})
    assert "没有 'orders_cuont' 这一列" in entry["reason"]["zh"]
    files = {path.stem for path in (home.folder / "exports" / "latest").glob("*.csv")}
    assert {"first", "fans", "weekly", "internal"} <= files
    assert "broken" not in files
    with pytest.raises(RegularsError, match="List 'broken' is not valid"):
        previewed(home, "broken")


@pytest.mark.parametrize("name", ["first", "fans", "weekly", "internal", "win_back", "second_purchase"])
def test_a_preview_has_the_counts_and_reasons_of_the_run(home: Home, name: str) -> None:
    entry, found = manifest(home)[name], previewed(home, name)
    assert (found.chosen, found.sent) == (entry["chosen"], entry["sent"])
    assert list(found.kept_off.items()) == [(reason, count) for reason, count in entry["dropped"].items() if count]
    if found.sent:
        listed = pl.read_parquet(home.folder / "exports" / "latest" / f"{name}.parquet").head(SAMPLE)
        assert found.sample["customer_id"].to_list() == listed["customer_id"].to_list()
        assert found.sample["reason"].to_list() == listed["reason"].to_list()


def test_each_reason_is_met_and_nobody_can_be_reached_by_what_is_shown(home: Home) -> None:
    fans, weekly = previewed(home, "fans"), previewed(home, "weekly")
    assert {"no_consent", "unsubscribed", "complaint_cool_down", "contacted_recently", "other_list", "holdout"} <= fans.kept_off.keys()
    assert weekly.kept_off["no_address"] == 2
    assert fans.sample.columns == ["customer_id", "name", "email", "city", "net_amount", "reason"]
    assert fans.sample["name"].unique().to_list() == ["N**"]
    assert fans.sample["email"].unique().to_list() == ["c***@example.com"]
    assert all(set(phone) & {"*"} for phone in weekly.sample["phone"])


def test_a_preview_names_groups_of_a_preset_of_the_merchants_own(home: Home) -> None:
    group = pl.read_parquet(home.folder / "published" / "parquet" / "customer_360" / "customer_360.parquet")["rfm_group"].mode().sort()[0]
    a_list = A_LIST.format(name="grouped", filter=f"rfm_group = '{group}'", channel="email", more="priority: 1")
    configure(home, a_list.replace("共购买 {orders_count} 次", "属于{rfm_group}"), language="zh")
    with (home.folder / "regulars.yaml").open("a", encoding="utf-8") as settings:
        settings.write(f"rfm: {{preset: own, presets: {{own: {{levels: 2, groups: {{{group}: {{zh: 新朋友, cells: ['***']}}}}}}}}}}\n")
    assert previewed(home, "grouped").sample["reason"].unique().to_list() == ["属于新朋友"]


def test_a_list_is_previewed_as_it_stands_in_the_settings_before_any_run(home: Home) -> None:
    new = A_LIST.format(name="new", filter="net_amount between 10 and 12", channel="email", more="priority: 1")
    configure(home, FIRST, FANS.replace("orders_count >= 1", "net_amount > 28"), new)
    assert previewed(home, "new").chosen == 3
    assert previewed(home, "fans").chosen == 2
    shown = CliRunner().invoke(app, ["lists", "preview", "new", "--home", str(home.folder)], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert "Chosen by the condition" in shown.output
    configure(home, FIRST, new, language="zh")
    shown = CliRunner().invoke(app, ["lists", "preview", "new", "--home", str(home.folder)], env={"COLUMNS": "200"})
    assert "符合条件" in shown.output
    assert "共购买 1 次" in shown.output


@pytest.mark.parametrize(
    ("name", "answer"),
    [("fens", "No list is called 'fens'. Did you mean 'fans'"), ("near_next_tier", "'near_next_tier' is not available: needs tier")],
)
def test_what_can_not_be_previewed_is_answered_in_a_sentence(home: Home, name: str, answer: str) -> None:
    with pytest.raises(RegularsError, match=answer):
        previewed(home, name)


def test_a_preview_neither_waits_for_a_run_nor_leaves_anything(home: Home) -> None:
    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in home.folder.rglob("*") if path.is_file()}

    before = files()
    private = [str(home.folder / name) for name in ("warehouse.duckdb", "working.duckdb")]
    hold = f"import duckdb, sys; held = [duckdb.connect(path) for path in {private!r}]; print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with run_lock(home.folder / "state"):
            held = files()
            assert previewed(home, "fans").chosen > 0
            assert CliRunner().invoke(app, ["lists", "check", "--home", str(home.folder)]).exit_code == 1
            assert files() == held
    finally:
        holder.communicate("")
    assert files().keys() >= before.keys()


def test_the_contract_has_the_columns_and_types_that_are_published(home: Home) -> None:
    published = home.folder / "published" / "parquet" / "customer_360" / "customer_360.parquet"
    assert pl.read_parquet_schema(published) == contract.schema()


def test_a_run_with_nothing_to_do_names_the_broken_list_and_loads_no_engine(home: Home) -> None:
    heavy = ["dagster", "dbt", "duckdb", "polars", "sqlglot"]
    code = f"""
import sys
sys.argv = ["regulars", "run", "--home", {str(home.folder)!r}]
from orchestration.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print([name for name in {heavy!r} if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "[]"
    assert "1 list(s) withheld" in ended.stdout
