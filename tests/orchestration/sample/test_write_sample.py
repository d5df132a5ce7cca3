"""The sample as a whole: its shape, that it can be made again, and what it refuses."""

import hashlib
import itertools
import re
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.sample import write_sample
from tests.orchestration.sample.conftest import END, SOURCES, Sample, records, text_of

ORDER_COLUMNS = (
    "order_id,order_line_id,customer_id,ordered_at,paid_at,status,channel,product_id,product_name,category,quantity,unit_price,"
    "discount_amount,shipping_amount,tax_amount,refund_amount,refunded_at,currency,email,phone,city,is_test"
)
HEADERS = {
    "orders": ORDER_COLUMNS,
    "reviews": "review_id,order_id,customer_id,product_id,rating,title,body,created_at,helpful_votes,has_picture",
    "customers": "customer_id,name,email,phone,membership_no,city,birth_year,gender,signed_up_at",
    "consents": "customer_id,channel,is_granted,changed_at",
    "opt_outs": "customer_id,email,phone,channel,opted_out_at",
    "tickets": "ticket_id,customer_id,order_id,topic,opened_at,closed_at",
}


def content_of(home: Path) -> dict[str, str]:
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in home.rglob("*") if path.is_file()}


def test_the_same_arguments_give_the_same_bytes(sample: Sample, tmp_path: Path) -> None:
    write_sample(tmp_path, customers=300, end=END)

    assert content_of(tmp_path) == content_of(sample.home)


def test_another_seed_gives_another_sample(sample: Sample, tmp_path: Path) -> None:
    write_sample(tmp_path, customers=300, end=END, seed=8)

    assert (tmp_path / "inbox" / "online" / "customers.csv").read_bytes() != (
        sample.folder("inbox", "online") / "customers.csv"
    ).read_bytes()


@pytest.mark.parametrize("feed", HEADERS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_file_has_the_columns_of_its_feed(sample: Sample, source: str, feed: str) -> None:
    reshaped = set(sample.faults.filter(pl.col("kind").is_in(["permuted_columns", "extra_column"]))["file"])

    headers = {text_of(path).splitlines()[0] for path in sample.files(feed, source) if path.name not in reshaped}

    assert headers == {HEADERS[feed]}


def test_order_files_are_daily_over_the_whole_period(sample: Sample) -> None:
    days = sorted({re.findall(r"\d{4}-\d\d-\d\d", path.name)[0] for source in SOURCES for path in sample.files("orders", source)})

    assert date(2024, 11, 1) <= date.fromisoformat(days[0]) <= date(2024, 11, 10)
    assert date(2026, 10, 28) <= date.fromisoformat(days[-1]) <= END
    assert len(days) > 500


def test_orders_stand_in_the_file_of_the_day_they_were_made_or_refunded(sample: Sample) -> None:
    for source in SOURCES:
        for name, row in sample.clean_rows("orders", source):
            moment = max(row["ordered_at"], row["refunded_at"]) if row["status"] == "refunded" else row["ordered_at"]
            if row["status"] != "refunded" or row["refunded_at"]:
                assert name[7:17] == datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").date().isoformat()


def test_the_lines_of_an_order_stand_together_and_count_from_one(sample: Sample) -> None:
    for source in SOURCES:
        rows = sample.clean_rows("orders", source)
        for (before_file, before), (file, row) in itertools.pairwise(rows):
            follows = (before_file, before["order_id"]) == (file, row["order_id"])
            assert int(row["order_line_id"]) == (int(before["order_line_id"]) + 1 if follows else 1)


def test_a_refunded_order_comes_again_whole_in_a_later_file(sample: Sample) -> None:
    versions: dict[str, dict[str, list[dict[str, str]]]] = {}
    for name, row in sample.clean_rows("orders", "online"):
        versions.setdefault(row["order_id"], {}).setdefault(name, []).append(row)
    refunded = [files for files in versions.values() if len(files) > 1]

    assert len(refunded) > 10
    for files in refunded:
        assert len(files) == 2
        (_, first), (_, second) = sorted(files.items())
        same = ("order_line_id", "product_id", "quantity", "unit_price", "discount_amount", "shipping_amount", "ordered_at", "customer_id")
        assert [[row[column] for column in same] for row in first] == [[row[column] for column in same] for row in second]
        assert {row["status"] for row in second} == {"refunded"}
        assert not any(row["refund_amount"] for row in first)
        assert any(row["refund_amount"] for row in second)
        assert all(bool(row["refund_amount"]) == bool(row["refunded_at"]) for row in second)


@pytest.mark.parametrize(
    ("what", "source", "least"),
    [
        pytest.param(lambda row: row["status"] == "pending" and not row["paid_at"], "online", 10, id="unpaid"),
        pytest.param(lambda row: row["status"] == "cancelled", "online", 10, id="cancelled"),
        pytest.param(lambda row: row["is_test"] == "true", "online", 1, id="test"),
        pytest.param(lambda row: not row["customer_id"] and not row["phone"], "shops", 100, id="guest"),
        pytest.param(lambda row: int(row["quantity"]) < 0, "shops", 5, id="brought back"),
        pytest.param(lambda row: float(row["discount_amount"]) > 0, "shops", 50, id="discount"),
    ],
)
def test_orders_of_every_kind_occur(sample: Sample, what, source: str, least: int) -> None:
    assert sum(what(row) for _, row in sample.clean_rows("orders", source)) >= least


def test_reviews_are_in_both_languages_and_some_hold_line_breaks_quotes_and_commas(sample: Sample) -> None:
    bodies = [row["body"] for source in SOURCES for _, row in sample.clean_rows("reviews", source)]

    assert any(body.isascii() for body in bodies)
    assert any(not body.isascii() for body in bodies)
    for character in ("\n", '"', ","):
        assert any(character in body for body in bodies), repr(character)


def test_consents_are_given_refused_and_withdrawn(sample: Sample) -> None:
    changes: dict[tuple[str, str], list[str]] = {}
    for _, row in sorted(records(sample.folder("inbox", "online") / "consents.csv"), key=lambda record: record[1]["changed_at"]):
        changes.setdefault((row["customer_id"], row["channel"]), []).append(row["is_granted"])

    assert set(map(tuple, changes.values())) == {("true",), ("false",), ("true", "false")}


def test_the_size_can_be_given_in_lines(tmp_path: Path) -> None:
    summary = write_sample(tmp_path, lines=20_000, months=6, end=END)

    assert summary.lines == pytest.approx(20_000, rel=0.1)


def test_a_sample_without_faults_has_none(tmp_path: Path) -> None:
    summary = write_sample(tmp_path, customers=20, months=2, end=END, faults=False)

    assert summary.faults == 0
    assert {path.suffix for path in (tmp_path / "inbox").rglob("*.*")} == {".csv"}


def test_settings_are_written_where_there_are_none(tmp_path: Path) -> None:
    write_sample(tmp_path, customers=5, months=1, end=END)

    settings = yaml.safe_load((tmp_path / "regulars.yaml").read_text(encoding="utf-8"))
    sources = {"online": {"profile": "canonical"}, "shops": {"profile": "canonical"}}
    assert settings == {"currency": "CNY", "time_zone": "Asia/Shanghai", "sources": sources}


def test_settings_of_ones_own_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "regulars.yaml").write_text("currency: EUR\n", encoding="utf-8")

    write_sample(tmp_path, customers=5, months=1, end=END)

    assert (tmp_path / "regulars.yaml").read_text(encoding="utf-8") == "currency: EUR\n"


def test_a_home_that_holds_deliveries_is_not_touched(tmp_path: Path) -> None:
    own = tmp_path / "inbox" / "shops" / "orders_2026-01-01.csv"
    own.parent.mkdir(parents=True)
    own.write_text("order_id\n", encoding="utf-8")

    with pytest.raises(FileExistsError, match="shops already holds files"):
        write_sample(tmp_path, customers=5, months=1, end=END)
    assert content_of(tmp_path).keys() == {"inbox/shops/orders_2026-01-01.csv"}


def test_an_interrupted_sample_leaves_no_delivery(tmp_path: Path) -> None:
    def interrupt(stage: str, done: float) -> None:
        if stage == "orders":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, customers=50, months=2, end=END, on_progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_from_stage_to_stage_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []

    write_sample(tmp_path, customers=50, months=2, end=END, on_progress=lambda stage, done: told.append((stage, done)))

    assert list(dict.fromkeys(stage for stage, _ in told)) == ["customers", "orders", "reviews", "truth", "done"]
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1] == ("done", 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"customers": 0}, "customers = 0, expected 1 to", id="nobody"),
        pytest.param({"customers": None}, "Neither customers nor lines", id="no size"),
        pytest.param({"lines": 50_000_001}, "lines = 50,000,001, expected 1,000 to 50,000,000", id="too many lines"),
        pytest.param({"lines": 10}, "lines = 10, expected", id="too few lines"),
        pytest.param({"months": 0}, "months = 0, expected 1 to 60", id="no time"),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_sample(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_command_writes_as_many_months_as_are_asked_for(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["sample", "--customers", "50", "--months", "3", "--no-faults", "--home", str(tmp_path)])

    assert answer.exit_code == 0, answer.output
    days = {path.name[-14:-4] for path in (tmp_path / "inbox").rglob("orders_*.csv")}
    assert {day[:7] for day in days} == {"2026-08", "2026-09", "2026-10"}
