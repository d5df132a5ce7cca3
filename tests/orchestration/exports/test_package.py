import csv
import hashlib
import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from polars.testing import assert_frame_equal

from orchestration.errors import RegularsError
from orchestration.exports.csv_file import inert, write_csv
from orchestration.exports.master import master
from orchestration.exports.package import RunFacts, list_frame, write_package
from orchestration.exports.workbook import write_xlsx
from orchestration.lists.verdicts import Reason, Verdict
from orchestration.rules import shipped_lists
from transforms import schemas
from transforms.contact import ContactRules
from transforms.lists import BrokenList, ListDefinition, Wording, load_definitions

AS_OF = date(2024, 6, 30)
RUN = RunFacts(
    "run-1", AS_OF, {"rfm": {"levels": 5}}, {"lists": {"expectations": 3, "failed": [], "warnings": []}}, ContactRules(holdout_salt="salt")
)
ACTING = ["=1+1", "+86138", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1", "＋1", "－1", "＠a", "=cmd|' /C calc'!A0"]
HARMLESS = [
    "007", "13800138000", "", " =1", "a=b", "'quoted", "你好", "𠮷", 'say "hi", twice', "two\r\nlines",
    "a;=1+1", "<b>&amp;</b>", "_x0041_", "#N/A",
]  # fmt: skip


def parsed(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def original(cell: str) -> str:
    """What a program that reads the file does to get a text back."""
    return cell[1:] if re.match(r"'+[=+\-@\t\r\n\x00＝＋－＠]", cell) else cell


@pytest.mark.parametrize("text", ACTING)
def test_a_text_that_would_act_in_a_spreadsheet_is_made_inert(tmp_path, text):
    write_csv(pl.DataFrame({"name": [text, f"'{text}"]}), tmp_path / "a.csv")
    cells = [row[0] for row in parsed(tmp_path / "a.csv")[1:]]
    assert cells == [f"'{text}", f"''{text}"]
    assert [original(cell) for cell in cells] == [text, f"'{text}"]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_is_written_as_it_is(tmp_path, text):
    write_csv(pl.DataFrame({"name": [text]}), tmp_path / "a.csv")
    assert parsed(tmp_path / "a.csv") == [["name"], [text]]


@given(texts=st.lists(st.text(), min_size=1, max_size=20))
@example(texts=[*ACTING, *HARMLESS])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_can_be_read_back_and_none_begins_a_formula(tmp_path, texts):
    write_csv(pl.DataFrame({"text": texts, "tail": [1] * len(texts)}), tmp_path / "a.csv")
    cells = [row[0] for row in parsed(tmp_path / "a.csv")[1:]]
    assert [original(cell) for cell in cells] == texts
    assert not any(cell.startswith(tuple("=+-@\t\r\n\x00＝＋－＠")) for cell in cells)


def test_csv_opens_right_in_excel_and_numbers_stay_numbers(tmp_path):
    frame = pl.DataFrame(
        {
            "customer_id": ["007", None],
            "net_amount": pl.Series([Decimal("-12.30"), None], dtype=pl.Decimal(18, 2)),
            "overdue_ratio": [-0.5, None],
            "is_lost": [True, None],
            "last_order_at": [datetime(2024, 6, 1, 8, 5), None],
            "as_of_date": [AS_OF, None],
        }
    )
    write_csv(frame, tmp_path / "a.csv")
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    assert parsed(tmp_path / "a.csv")[1:] == [["007", "-12.30", "-0.5", "true", "2024-06-01 08:05:00", "2024-06-30"], [""] * 6]


def test_xlsx_keeps_text_as_text_dates_as_dates_and_the_header_in_view(tmp_path):
    texts = [*ACTING, *HARMLESS, "http://example.com", "1e5", "TRUE", "x\x0by", None]
    frame = pl.DataFrame(
        {
            "phone": texts,
            "net_amount": pl.Series([Decimal("-12.30")] * len(texts), dtype=pl.Decimal(18, 2)),
            "orders_count": [3] * len(texts),
            "as_of_date": [AS_OF] * len(texts),
            "last_order_at": [datetime(2024, 6, 1, 8, 5)] * len(texts),
            "is_lost": [False] * len(texts),
        }
    )
    write_xlsx(frame, tmp_path / "a.xlsx", "客户")
    (sheet,) = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets
    assert sheet.title == "客户"
    assert sheet.freeze_panes == "A2"
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header] == frame.columns
    assert [unescape(row[0].value) if row[0].value else None for row in rows] == [text or None for text in texts]
    assert {row[0].number_format for row in rows if row[0].value is not None} == {"@"}
    assert [cell.value for cell in rows[0][1:]] == [-12.3, 3, datetime(2024, 6, 30), datetime(2024, 6, 1, 8, 5), False]
    assert [cell.number_format for cell in rows[0][1:5]] == ["0.00", "General", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]
    assert b"<f>" not in zipfile.ZipFile(tmp_path / "a.xlsx").read("xl/worksheets/sheet1.xml")


def test_xlsx_says_nothing_of_when_it_was_written(tmp_path):
    frame = pl.DataFrame({"a": ["1", "2"]})
    for name in ("a.xlsx", "b.xlsx"):
        write_xlsx(frame, tmp_path / name, "Customers")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert archive.testzip() is None
        assert set(re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", archive.read("docProps/core.xml"))) == {b"1980-01-01T00:00:00Z"}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(("rows", "sheets"), [(0, ["List"]), (3, ["List"]), (4, ["List 1", "List 2"]), (7, ["List 1", "List 2", "List 3"])])
def test_a_table_longer_than_a_sheet_goes_on_in_the_next(tmp_path, rows, sheets):
    frame = pl.DataFrame({"number": range(rows)}, schema={"number": pl.Int64})
    write_xlsx(frame, tmp_path / "a.xlsx", "List", rows_per_sheet=3)
    workbook = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert workbook.sheetnames == sheets
    assert all(sheet.freeze_panes == "A2" and sheet["A1"].value == "number" for sheet in workbook)
    assert [cell.value for sheet in workbook for (cell,) in sheet.iter_rows(min_row=2)] == list(range(rows))


def test_files_are_the_same_in_whatever_portions_their_rows_are_handed_over(tmp_path, monkeypatch):
    frame = pl.DataFrame({"number": range(10), "text": [None, "=1", *"abcdefgh"], "money": [Decimal("1.25"), *[None] * 9]})
    write_xlsx(frame, tmp_path / "at_once.xlsx", "List")
    write_csv(frame, tmp_path / "at_once.csv")
    monkeypatch.setattr("orchestration.io.ROWS_PER_GROUP", 3)
    write_xlsx(frame, tmp_path / "in_portions.xlsx", "List")
    write_csv(frame, tmp_path / "in_portions.csv")
    assert (tmp_path / "at_once.xlsx").read_bytes() == (tmp_path / "in_portions.xlsx").read_bytes()
    assert (tmp_path / "at_once.csv").read_bytes() == (tmp_path / "in_portions.csv").read_bytes()
    assert (tmp_path / "in_portions.csv").read_bytes().count(b"number") == 1
    rows = openpyxl.load_workbook(tmp_path / "in_portions.xlsx").active.iter_rows(min_row=2, values_only=True)
    assert list(rows) == [(number, text, money and float(money)) for number, text, money in frame.rows()]


@pytest.mark.parametrize("title", ["'A'/B: [c]*?\\", "很" * 40, "x" * 31])
def test_any_title_becomes_a_sheet_name_that_excel_takes(tmp_path, title):
    write_xlsx(pl.DataFrame({"a": [1, 2]}), tmp_path / "a.xlsx", title, rows_per_sheet=1)
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert len(set(names)) == 2
    assert all(len(name) <= 31 and not re.search(r"[\[\]:*?/\\']", name) for name in names)


def test_a_text_longer_than_a_cell_does_not_stop_the_package(tmp_path):
    write_xlsx(pl.DataFrame({"a": ["𠮷" * 40_000]}), tmp_path / "a.xlsx", "List")
    assert len(openpyxl.load_workbook(tmp_path / "a.xlsx").active["A2"].value.encode("utf-16-le")) // 2 <= 32_767


CUSTOMERS = pl.LazyFrame(
    {
        "customer_id": ["shop:2", "online:C1", "online:13800138000", "online:ann@example.com", "online:123456789012"],
        "as_of_date": [AS_OF] * 5,
        "net_amount": pl.Series([Decimal(t) for t in ("1.0050", "-1.0050", "2.6749", "0.1250", "9.9999")], dtype=schemas.MONEY),
        "email": ["x@y.z"] * 5,
        "name": ["Ann"] * 5,
        "rfm_group": pl.Series(["=champions", "lost", "lost", "lost", "lost"], dtype=pl.Categorical),
    }
)


def test_the_master_has_every_customer_and_no_personal_data():
    frame = master(CUSTOMERS, "salt").collect()
    assert frame.columns == ["customer_id", "as_of_date", "net_amount", "rfm_group"]
    assert frame.height == 5
    assert not frame.write_csv().count("ann@example.com")
    assert not frame.write_csv().count("13800138000")
    assert {"shop:2", "online:C1", "online:123456789012"} < set(frame["customer_id"])
    masked = frame.filter(pl.col("customer_id").str.contains("masked-"))["customer_id"]
    assert masked.n_unique() == 2
    assert masked.str.starts_with("online:masked-").all()
    assert_frame_equal(frame.reverse(), master(CUSTOMERS.reverse(), "salt").collect())
    assert set(masked).isdisjoint(master(CUSTOMERS, "other").collect()["customer_id"])


def test_the_master_is_in_words_of_one_language_and_keeps_the_codes_of_both() -> None:
    words = pl.LazyFrame(
        {"customer_id": ["a"], "rfm_group": ["lost"], "rfm_group_zh": ["流失"], "lifecycle_reasons": ["r"], "lifecycle_reasons_zh": ["因"]}
    )
    assert master(words, "salt", "en").collect_schema().names() == ["customer_id", "rfm_group", "lifecycle_reasons"]
    assert master(words, "salt", "zh").collect_schema().names() == ["customer_id", "rfm_group", "rfm_group_zh", "lifecycle_reasons_zh"]


def test_money_is_rounded_to_cents_half_away_from_zero():
    rounded = dict(master(CUSTOMERS, "salt").select("customer_id", "net_amount").collect().iter_rows())
    cents = {"shop:2": "1.01", "online:C1": "-1.01", "online:123456789012": "10.00"}
    assert {customer_id: rounded[customer_id] for customer_id in cents} == {
        customer_id: Decimal(text) for customer_id, text in cents.items()
    }


def test_categories_are_made_inert_like_any_text(tmp_path):
    write_csv(master(CUSTOMERS, "salt"), tmp_path / "a.csv")
    assert "'=champions" in {row[3] for row in parsed(tmp_path / "a.csv")}


MEMBERS = pl.DataFrame(
    [
        ("fans", "c2", AS_OF, "send", "sms", "bought 9 times", "共购买 9 次", None),
        ("fans", "c1", AS_OF, "send", "sms", "bought 3 times", "共购买 3 次", None),
        ("fans", "c3", AS_OF, "no_consent", "sms", "bought 2 times", "共购买 2 次", None),
        ("fans", "c4", AS_OF, "holdout", "sms", "bought 2 times", "共购买 2 次", "list"),
        ("sleepers", "c3", AS_OF, "contacted_recently", "email", "gone", "已流失", None),
    ],
    schema=schemas.LIST_MEMBERS,
    orient="row",
)
CONTACTS = pl.LazyFrame(
    {
        "customer_id": ["c1", "c2", "c3", "c4"],
        "name": ["=HYPERLINK(1)", "王芳", "Cy", "Di"],
        "email": ["c1@x.cn", "c2@x.cn", "c3@x.cn", "c4@x.cn"],
        "phone": ["013800138000", "+8613900139000", "1", "2"],
        "sms_consent": [True] * 4,
    }
)
TEXT = Wording("Say thanks", "致谢")
DEFINITIONS = [
    ListDefinition("fans", Wording("Fans", "粉丝"), TEXT, "orders_count > 1", "sms", TEXT, TEXT, holdout_share=0.1),
    ListDefinition("sleepers", Wording("Sleepers", "沉睡"), TEXT, "is_lost", "email", TEXT, TEXT, size_limit=5),
]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                ("c2", "王芳", "+8613900139000", "bought 9 times", "Say thanks"),
                ("c1", "=HYPERLINK(1)", "013800138000", "bought 3 times", "Say thanks"),
            ],
        ),
        ("zh", [("c2", "王芳", "+8613900139000", "共购买 9 次", "致谢"), ("c1", "=HYPERLINK(1)", "013800138000", "共购买 3 次", "致谢")]),
    ],
)
def test_a_list_holds_those_it_is_sent_to_with_the_address_of_its_channel(language, expected):
    rows = list_frame(DEFINITIONS[0], MEMBERS.lazy(), CONTACTS, language, CUSTOMERS).collect()
    assert rows.columns == ["customer_id", "name", "phone", "reason", "suggested_action"]
    assert rows.rows() == expected


PASSED = Verdict(2, "2-1-1", 40.0, "2024-06-01", False, {"consent": True, "size": True})
VERDICTS = {"fans": PASSED, "sleepers": PASSED}
WAITS = replace(PASSED, checks={"consent": True, "size": False}, reasons=(Reason("size", "too long", "过长"),))
UNAVAILABLE = replace(RUN, unavailable={"sleepers": ["points", "tickets"]})
SCHEMA = json.loads((Path(__file__).parents[3] / "orchestration" / "exports" / "manifest.schema.json").read_text(encoding="utf-8"))


def package(folder: Path, run: RunFacts = RUN, verdicts: dict[str, Verdict] = VERDICTS, members: pl.DataFrame = MEMBERS, **options) -> dict:
    return write_package(folder, CUSTOMERS, members.lazy(), CONTACTS, DEFINITIONS, run, verdicts, **options)


def test_the_manifest_accounts_for_every_file_and_every_customer(tmp_path):
    manifest = package(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8")) == manifest
    assert {path.name for path in tmp_path.iterdir()} == {file["name"] for file in manifest["files"]} | {
        "manifest.json",
        "manifest.schema.json",
    }
    assert len(manifest["files"]) == 9
    for file in manifest["files"]:
        content = (tmp_path / file["name"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["bytes"] == len(content)
        if file["name"].endswith(".parquet"):
            frame = pl.read_parquet(tmp_path / file["name"])
            assert (frame.height, frame.columns) == (file["rows"], file["columns"])
        if file["name"].endswith(".csv"):
            assert len(parsed(tmp_path / file["name"])) == file["rows"] + 1
    fans, sleepers = manifest["lists"]["fans"], manifest["lists"]["sleepers"]
    assert (fans["chosen"], fans["sent"], sleepers["chosen"], sleepers["sent"]) == (4, 2, 1, 0)
    assert {status: count for status, count in fans["dropped"].items() if count} == {"no_consent": 1, "holdout": 1}
    assert all(account["chosen"] == account["sent"] + sum(account["dropped"].values()) for account in (fans, sleepers))
    assert fans["holdout"] == {"share": 0.1, "customers": 1, "of_all_lists": 0}
    assert sleepers["holdout"] == {"share": 0.05, "customers": 0, "of_all_lists": 0}
    assert fans["filter"] == "orders_count > 1"
    assert fans["purpose"] == {"en": "Say thanks", "zh": "致谢"}
    assert fans["files"] == ["fans.csv", "fans.xlsx", "fans.parquet"]
    assert {key: manifest[key] for key in ("run_id", "as_of", "parameters", "validation")} == {
        "run_id": "run-1",
        "as_of": "2024-06-30",
        "parameters": RUN.parameters,
        "validation": RUN.validation,
    }


WITHHELD = MEMBERS.with_columns(status=pl.when(list_name="fans", status="send").then(pl.lit("withheld")).otherwise("status"))
ONE_WAITS = {"verdicts": {**VERDICTS, "fans": WAITS}, "members": WITHHELD}


BROKEN = BrokenList("Fans!", Wording("no name", "名称无效"), Wording("Fans", "粉丝"), Wording("", ""), "x > 1", "email", Wording("", ""))
NOT_VALID = replace(RUN, broken={"Fans!": BROKEN})
INVALID = Verdict(0, "", None, "", False, {"definition": False}, (Reason("definition", "no name", "名称无效"),))
ONE_IS_BROKEN = {"run": NOT_VALID, "verdicts": {**VERDICTS, "Fans!": INVALID}}


@pytest.mark.parametrize("options", [{}, ONE_WAITS, {"run": UNAVAILABLE}, ONE_IS_BROKEN], ids=["all", "waits", "unavailable", "not valid"])
def test_a_manifest_is_as_its_published_schema_says(tmp_path, options):
    manifest = package(tmp_path, **options)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8")))
    assert json.loads((tmp_path / manifest["$schema"]).read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.pop("run_id"),
        lambda manifest: manifest["lists"]["fans"].update(published=False),
        lambda manifest: manifest["lists"]["fans"].update(reason={"en": "it waits", "zh": "等待"}),
        lambda manifest: manifest["lists"]["fans"].update(available=False),
        lambda manifest: manifest["lists"]["fans"].pop("dropped"),
        lambda manifest: manifest["lists"]["fans"].update(sent=-1),
        lambda manifest: manifest["files"][0].update(name="../customers.csv"),
    ],
    ids=["no run", "withheld without a reason", "published with a reason", "nothing lacks", "not accounted for", "a count", "a path"],
)  # fmt: skip
def test_the_schema_refuses_a_manifest_that_contradicts_itself(tmp_path, change):
    manifest = package(tmp_path, formats=("csv",))
    change(manifest)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(manifest)


def test_a_list_that_waits_has_no_file_and_the_manifest_says_why(tmp_path):
    manifest = package(tmp_path, **ONE_WAITS)
    fans = manifest["lists"]["fans"]
    assert (fans["published"], fans["reason"], fans["files"]) == (False, {"en": "too long", "zh": "过长"}, [])
    assert not list(tmp_path.glob("fans.*"))
    assert fans["checks"] == {"consent": True, "size": False}
    assert fans["size"] == {"people": 2, "usual": 40.0, "usual_since": "2024-06-01", "is_approved": False, "fingerprint": "2-1-1"}
    assert fans["sent"] == 0
    assert fans["dropped"]["withheld"] == 2
    assert fans["chosen"] == sum(fans["dropped"].values())
    assert manifest["lists"]["sleepers"]["files"] == ["sleepers.csv", "sleepers.xlsx", "sleepers.parquet"]


def test_a_list_that_is_not_available_says_what_it_needs_and_is_never_an_empty_list(tmp_path):
    sleepers = package(tmp_path, UNAVAILABLE)["lists"]["sleepers"]
    assert (sleepers["available"], sleepers["lacks"], sleepers["published"], sleepers["files"]) == (False, ["points", "tickets"], False, [])
    assert sleepers["reason"] == {"en": "not available: needs points, tickets", "zh": "暂不可用：需要 points、tickets"}
    assert "sent" not in sleepers
    assert not list(tmp_path.glob("sleepers.*"))


def test_a_list_that_is_not_valid_is_named_with_its_problem_whatever_its_name(tmp_path):
    manifest = package(tmp_path, NOT_VALID, {**VERDICTS, "Fans!": INVALID})
    found = manifest["lists"]["Fans!"]
    assert (found["published"], found["reason"], found["files"]) == (False, {"en": "no name", "zh": "名称无效"}, [])
    assert (found["title"], found["filter"], found["chosen"], found["sent"]) == ({"en": "Fans", "zh": "粉丝"}, "x > 1", 0, 0)
    assert sum(found["dropped"].values()) == 0
    assert manifest["lists"]["fans"]["files"] == ["fans.csv", "fans.xlsx", "fans.parquet"]
    with pytest.raises(RegularsError, match="No check has judged the list\\(s\\) Fans!"):
        package(tmp_path, NOT_VALID)


def test_a_list_that_nobody_judged_is_not_packaged(tmp_path):
    with pytest.raises(RegularsError, match="No check has judged the list\\(s\\) sleepers"):
        package(tmp_path, verdicts={"fans": PASSED})
    assert not list(tmp_path.iterdir())


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        package(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_only_the_formats_asked_for_are_written_and_sheets_speak_the_language(tmp_path):
    manifest = package(tmp_path, language="zh", formats=("xlsx",))
    assert {file["name"] for file in manifest["files"]} == {"customers.xlsx", "fans.xlsx", "sleepers.xlsx"}
    titles = [openpyxl.load_workbook(tmp_path / f"{name}.xlsx").sheetnames for name in ("customers", "fans", "sleepers")]
    assert titles == [["客户"], ["粉丝"], ["沉睡"]]
    sheet = openpyxl.load_workbook(tmp_path / "fans.xlsx").active
    assert sheet["C3"].value == "013800138000"
    assert sheet["B3"].value == "=HYPERLINK(1)"
    assert sheet["B3"].data_type == "s"


def test_the_shipped_lists_are_read_from_beside_the_code():
    assert len(load_definitions(shipped_lists())) >= 15


def test_inert_leaves_a_missing_text_missing():
    assert pl.DataFrame({"a": [None, "=1"]}).with_columns(inert(pl.col("a")))["a"].to_list() == [None, "'=1"]
