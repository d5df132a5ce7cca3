"""Every platform's files: the golden ones, and rules that hold for any people."""

import csv
import io
import json
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.lists.words import DROPPED
from orchestration.platforms import NAMES
from orchestration.platforms.export import write
from orchestration.platforms.registry import PLATFORMS
from orchestration.platforms.words import EXPLANATIONS, LABELS
from orchestration.settings import Settings
from tests.orchestration.platforms.people import EXTERNAL_USERID, PEOPLE, content_of, recipients
from transforms.contact import STATUSES
from transforms.platform_ids import contacts
from transforms.platform_rows import REASONS, Column, email_reason, rows_of

GOLDEN = Path(__file__).with_name("golden")
MAIL_TOOLS = ("klaviyo", "mailchimp", "hubspot")
CASES = [
    pytest.param(name, form, channel, id=f"{name}_{form}_{channel}")
    for name, platform in PLATFORMS.items()
    for form in platform.forms
    for channel in (platform.channels if name in MAIL_TOOLS else platform.channels[:1])
]
# What may stand in a cell, told apart from the product's own patterns.
HEX = {"sha256": r"[0-9a-f]{64}", "md5": r"[0-9a-f]{32}"}
EMAIL = r"[a-z0-9_][^\s,;\"@=+-][^\s,;\"@]*@[a-z0-9.-]+\.[a-z0-9-]+|[a-z0-9_][^\s,;\"@]*@[a-z0-9.-]+\.[a-z0-9-]+"
LETTERS = r"[^\W\d_][^\d,;\"=@\t\r\n|<>\u202e]*"
SHAPES = {
    r"(?i)email.*": EMAIL,
    r"(?i)(sms )?phone.*": r"\+?[1-9][0-9]{6,14}",
    r"手机号码": r"1[3-9][0-9]{9}",
    r"First Name|Last Name|Full Name|fn|ln|ct": LETTERS,
    r"(?i)zip": r"[a-z0-9 -]+",
    r"(?i)country": r"[a-z]{2}",
    r"external_userid": r"w[mo][A-Za-z0-9_-]{30}",
    r"tag_group": "regulars",
    r"tag": "win_back",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of which only the links of WeCom's ids are published."""
    folder = tmp_path_factory.mktemp("home")
    links = folder / "published" / "parquet" / "customer_links"
    links.mkdir(parents=True)
    ids = {"customer_id": ["online:C1", "online:C1", "online:C2"], "source_customer_id": ["C1", EXTERNAL_USERID, "wmshort"]}
    pl.DataFrame(ids).write_parquet(links / "customer_links.parquet")
    return Settings(home=folder)


@pytest.mark.parametrize(("name", "form", "channel"), CASES)
def test_the_file_of_a_platform_is_the_golden_one(home: Settings, tmp_path: Path, name: str, form: str, channel: str) -> None:
    done = write(home, recipients(channel), PLATFORMS[name], form, tmp_path / "out")
    (file_name,) = done.files
    told = json.loads((GOLDEN / "refused.json").read_text(encoding="utf-8"))[f"{name}_{form}_{channel}"]
    assert content_of(tmp_path / "out" / file_name) == (GOLDEN / f"{name}_{form}_{channel}.txt").read_bytes().decode()
    assert {"refused": done.refused, "left_out": done.left_out} == told
    assert done.written + sum(done.refused.values()) == PEOPLE.height


@pytest.mark.parametrize(("name", "form", "channel"), [case for case in CASES if PLATFORMS[case.values[0]].layout.ending == "csv"])
def test_a_golden_csv_holds_only_cells_of_the_types_of_its_headers(name: str, form: str, channel: str) -> None:
    golden = (GOLDEN / f"{name}_{form}_{channel}.txt").read_bytes().decode()
    header, *rows = csv.reader(io.StringIO(golden, newline=""), strict=True)
    assert rows
    for row in rows:
        assert len(row) == len(header)
        assert all(fits(title, form, cell) for title, cell in zip(header, row, strict=True) if cell), row


def fits(header: str, form: str, cell: str) -> bool:
    if form in HEX and header not in ("Country", "Zip"):
        return re.fullmatch(HEX[form], cell) is not None
    return any(re.fullmatch(shape, cell) for pattern, shape in SHAPES.items() if re.fullmatch(pattern, header))


def test_ids_of_lines_are_hashes_of_eleven_digits_or_the_digits() -> None:
    for name, shape in {
        "tencent_md5_email": r"[0-9a-f]{32}", "tencent_sha256_email": r"[0-9a-f]{64}", "qianchuan_plain_email": r"1[3-9]\d{9}",
        "qianchuan_md5_email": r"[0-9a-f]{32}", "qianchuan_sha256_email": r"[0-9a-f]{64}", "ocean_engine_sha256_email": r"6 [0-9a-f]{64}",
        "aliyun_sms_plain_sms": r"1[3-9]\d{9}",
    }.items():  # fmt: skip
        lines = (GOLDEN / f"{name}.txt").read_text(encoding="ascii").split("\n")
        assert lines.pop() == ""
        assert len(lines) == 4
        assert all(re.fullmatch(shape, line) for line in lines)


hostile = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(["=1+1", "@SUM(A1)", "\t=1", "a,b", '"', "王芳", "\u202e", "<script>", "'; drop table x;--", "a\r\nb", "007", "ﬁ"]),
)
emails = st.one_of(hostile, st.emails(), st.sampled_from(["A.b+c@Gmail.com", "=a@x.com", "+a@x.com", "-2@x.com", "a|b@x.com", "a@x.com"]))
phones = st.one_of(
    hostile,
    st.from_regex(r"(\+86|0086|86)?[ -]?1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["13800138000", "+8613800138000", "+442079460958", "010-87654321", "+16577770000", "+86138"]),
)
persons = st.lists(st.tuples(hostile, emails, phones, hostile), min_size=1, max_size=30)


@given(case=st.sampled_from([case.values for case in CASES]), rows=persons)
@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_everybody_is_written_or_refused_once_and_every_cell_is_of_its_type(case: tuple[str, str, str], rows: list) -> None:
    name, form, channel = case
    ids = [f"c{number}" for number in range(len(rows))]
    schema = dict.fromkeys(("name", "email", "phone", "city"), pl.String)
    people = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        customer_id=pl.Series(ids),
        external_userid=pl.Series([f"wm{number:030}" if number % 2 else "=1" for number in range(len(rows))]),
        first_name="name",
        last_name="city",
        postal_code="phone",
    )
    columns = PLATFORMS[name].columns(channel, form)
    found = rows_of(contacts(people, "CN").with_columns(list_name=pl.lit("win_back")), columns, form)
    assert sorted([*found.written["customer_id"], *found.refused["customer_id"]]) == sorted(ids)
    assert set(found.refused["reason"]) <= set(REASONS)
    cells = found.written.drop("customer_id")
    for column, values in zip(columns, cells.iter_columns(), strict=True):
        for cell in values.drop_nulls():
            assert fits(column.header, form, cell), (column.header, cell)
    assert not any(cell[:1] in set("=-@\t\r\n'") for row in cells.iter_rows() for cell in row if cell)
    identifying = [values for column, values in zip(columns, cells.iter_columns(), strict=True) if column.reason]
    keys = list(zip(*identifying, strict=True))
    assert len(set(keys)) == len(keys)
    assert all(any(key) for key in keys)


def test_two_people_with_one_address_get_one_row() -> None:
    people = pl.DataFrame({"customer_id": ["a", "b", "c"], "phone": ["13800138000", "+86 138 0013 8000", "13900139000"]})
    found = rows_of(contacts(people, "CN"), PLATFORMS["aliyun_sms"].columns("sms", "plain"), "plain")
    assert found.written["customer_id"].to_list() == ["a", "c"]
    assert found.refused.rows() == [("b", "duplicate")]


def test_a_row_without_one_of_its_addresses_says_which() -> None:
    people = pl.DataFrame({"customer_id": ["a"], "email": ["=a@x.com"], "phone": ["13800138000"]})
    found = rows_of(contacts(people, "CN"), PLATFORMS["google"].columns("email", "plain"), "plain")
    assert found.written.row(0)[:3] == ("a", None, "+8613800138000")
    assert found.left_out == {"invalid_email": 1}


def test_a_postal_address_goes_to_google_whole_or_not_at_all() -> None:
    people = pl.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "email": ["a@x.com", "b@x.com", "c@x.com"],
            "first_name": ["John ", "Zoë", "=1+1"],
            "last_name": ["Smith", "Pérez", "Li"],
            "country": ["US", "SG", "CN"],
            "postal_code": ["94016", None, "200001"],
        }
    )
    found = rows_of(contacts(people, "CN"), PLATFORMS["google"].columns("email", "sha256"), "sha256").written
    first_name, last_name, country, code = found.row(0)[3:]
    assert first_name == "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a"
    assert re.fullmatch("[0-9a-f]{64}", last_name)
    assert (country, code) == ("us", "94016")
    assert found.row(1)[3:] == found.row(2)[3:] == (None,) * 4


@pytest.mark.parametrize("form", ["plain", "sha256"])
def test_a_value_of_another_type_than_its_column_says_never_gets_in(form: str) -> None:
    people = pl.DataFrame({"customer_id": ["a", "b"], "email": ["=cmd|' /C calc'!A0", "13800138000"]})
    columns = (Column("phone", "digits", pl.col("email"), email_reason),)
    found = rows_of(contacts(people, "CN"), columns, form)
    assert found.written["customer_id"].to_list() == ["b"]
    assert found.refused.rows() == [("a", "invalid_email")]


def test_every_platform_is_named_documented_and_told_of_in_both_languages() -> None:
    assert list(NAMES) == list(PLATFORMS)
    documented = (Path(__file__).resolve().parents[3] / "docs" / "platforms.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` ", documented, re.M)) >= {*PLATFORMS, *REASONS}
    assert EXPLANATIONS["en"].keys() == EXPLANATIONS["zh"].keys() == set(REASONS)
    assert LABELS["en"].keys() == LABELS["zh"].keys()
    assert DROPPED["en"].keys() == DROPPED["zh"].keys() >= set(STATUSES) - {"send"}
    assert all(platform.next_step.en and re.search(r"[\u4e00-\u9fff]", platform.next_step.zh) for platform in PLATFORMS.values())
