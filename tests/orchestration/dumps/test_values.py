"""Every way a dump may write a value is read exactly, by its profile; what can't be is refused with the reason, never changed."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.dumps import months, zones
from orchestration.dumps.profiles import load_profile
from orchestration.errors import RegularsError
from orchestration.sql import quoted
from tests.orchestration.dumps.conftest import Home

COLUMNS = {"order_id": "id", "customer_id": "customer", "ordered_at": "day", "quantity": "pieces", "unit_price": "price", "is_test": "test"}
USUAL = {"id": "O1", "customer": "C1", "day": "2026-03-01 10:00:00", "pieces": "2", "price": "9.90", "test": "false"}


@pytest.fixture
def read(configured: Callable[[str], Home]) -> Callable[..., list[tuple[object, ...]]]:
    """Lands one row with one text under one column map: its clean value, or its line, reason and value in quarantine."""

    def land_one(column: str, text: str, keys: str = "", zone: str = "UTC", feed_keys: str = "") -> list[tuple[object, ...]]:
        home = configured(f"time_zone: {zone}\nsources: {{shop: {{profile: mine, max_quarantined_share: 1}}}}\n")
        columns = [f"      {name}: {{source: {source}{f', {keys}' if name == column else ''}}}" for name, source in COLUMNS.items()]
        (home.folder / "profiles").mkdir()
        (home.folder / "profiles" / "mine.yaml").write_text(
            "version: 1\ntitle: t\nfeeds:\n  orders:\n    files: '*.csv'\n" + f"{feed_keys}    columns:\n" + "\n".join(columns) + "\n"
        )
        row = USUAL | {COLUMNS[column]: text}
        quoted = ('"' + value.replace('"', '""') + '"' for value in row.values())
        home.deliver("orders.csv", ",".join(row) + "\n" + ",".join(quoted) + "\n")
        landing = home.land()
        assert landing.rows_delivered == landing.rows_clean + landing.rows_quarantined == 1
        return home.clean(f"{column}::varchar") or home.quarantine("reason, value")

    return land_one


READ = {
    "an id with leading zeros": ("order_id", "000123", "", "000123"),
    "an id longer than any integer": ("customer_id", "123456789012345678901234567890", "", "123456789012345678901234567890"),
    "an id that looks like a number with an exponent": ("order_id", "12E5", "", "12E5"),
    "an id between blanks, wide ones too": ("order_id", " \u3000O1 ", "", "O1"),
    "an id that went through a float": ("customer_id", "17850.0", "reads: integer_text", "17850"),
    "a plain amount": ("unit_price", "1234.5", "", "1234.5000"),
    "an amount with a sign and blanks": ("unit_price", " +5. ", "", "5.0000"),
    "an amount without a leading zero": ("unit_price", "-.5", "", "-0.5000"),
    "an amount with more zeros than decimals": ("unit_price", "1.50000000", "", "1.5000"),
    "the largest amount": ("unit_price", "499999999999.9999", "", "499999999999.9999"),
    "full-width digits": ("unit_price", "１２３．４５", "", "123.4500"),
    "yuan with groups of thousands": ("unit_price", "¥1,234.50", 'affixes: ["¥"], thousands: ","', "1234.5000"),
    "a negative amount before its sign": ("unit_price", "-￥ 1,234,567.5", 'affixes: ["¥", "￥"], thousands: ","', "-1234567.5000"),
    "a decimal comma": ("unit_price", "1.234,50", 'decimal: ",", thousands: "."', "1234.5000"),
    "a unit behind": ("unit_price", "0.00元", "affixes: [元]", "0.0000"),
    "no groups where some have them": ("unit_price", "1234.50", 'thousands: ","', "1234.5000"),
    "groups by blanks": ("unit_price", "1 234,5 €", 'decimal: ",", thousands: " ", affixes: ["€"]', "1234.5000"),
    "brackets make it negative": ("unit_price", "(30.00)", "", "-30.0000"),
    "brackets around the currency": ("unit_price", "($1,200.00)", 'affixes: ["$"], thousands: ","', "-1200.0000"),
    "brackets behind the currency": ("unit_price", "$(30.00)", 'affixes: ["$"]', "-30.0000"),
    "blanks within brackets": ("unit_price", "( $ 30.00 )", 'affixes: ["$"]', "-30.0000"),
    "a sign before the currency": ("unit_price", "-$3.00", 'affixes: ["$"]', "-3.0000"),
    "a sign behind the currency": ("unit_price", "$-3.00", 'affixes: ["$"]', "-3.0000"),
    "a sign behind the number": ("unit_price", "30.00-", "", "-30.0000"),
    "a sign behind the number, before the unit": ("unit_price", "30,00- €", 'affixes: ["€"], decimal: ","', "-30.0000"),
    "a sign behind the unit": ("unit_price", "30.00 EUR-", "affixes: [EUR]", "-30.0000"),
    "a sign in full width": ("unit_price", "－３０", "", "-30.0000"),
    "brackets in full width": ("unit_price", "（￥30.00）", "affixes: [￥]", "-30.0000"),
    "a minus sign that is no hyphen": ("unit_price", "\u221230.00", "", "-30.0000"),
    "another that is small": ("unit_price", "\ufe6330.00", "", "-30.0000"),
    "blanks that don't break": ("unit_price", "1\u202f234,50\u00a0€", 'affixes: ["€"], thousands: " ", decimal: ","', "1234.5000"),
    "a hyphen within a currency": ("unit_price", "US-$ 3.00", 'affixes: ["US-$"]', "3.0000"),
    "pieces in brackets": ("quantity", "(2)", "", "-2.000"),
    "a sign reversed": ("unit_price", "-5.00", "sign: reversed", "5.0000"),
    "brackets reversed": ("unit_price", "(5.00)", "sign: reversed", "5.0000"),
    "what stands for nothing": ("customer_id", " n/a ", 'blanks: ["-", "N/A"]', None),
    "what else stands for nothing": ("customer_id", "-", 'blanks: ["-", "N/A"]', None),
    "a name that is none of them": ("customer_id", "-1", 'blanks: ["-", "N/A"]', "-1"),
    "cents": ("unit_price", "1999", "scale: 0.01", "19.9900"),
    "negative cents with groups": ("unit_price", "-1,999", 'scale: 0.01, thousands: ","', "-19.9900"),
    "thousands of pieces": ("quantity", "1.5", "scale: 1000", "1500.000"),
    "a day alone": ("ordered_at", "2026-03-01", "", "2026-03-01 00:00:00"),
    "minutes alone": ("ordered_at", "2026/3/1 9:05", "", "2026-03-01 09:05:00"),
    "microseconds": ("ordered_at", "2026-03-01T10:00:00.123456", "", "2026-03-01 10:00:00.123456"),
    "seven digits of a second, the last a zero": ("ordered_at", "2026-03-01 10:00:00.1234560", "", "2026-03-01 10:00:00.123456"),
    "an offset with a blank and without a colon": ("ordered_at", "2025-10-07 09:50:26 +0200", "", "2025-10-07 07:50:26"),
    "an offset in a text as long as the usual one": ("ordered_at", "2026-3-1 1:00+08:00", "", "2026-02-28 17:00:00"),
    "a full-width date": ("ordered_at", "２０２６－０３－０１　１０：００", "", "2026-03-01 10:00:00"),
    "day before month": ("ordered_at", "31/12/2025 23:59", "format: '%d/%m/%Y %H:%M'", "2025-12-31 23:59:00"),
    "a month's name": ("ordered_at", "01JAN2026", "format: '%d%b%Y'", "2026-01-01 00:00:00"),
    "a month in German": ("ordered_at", "10-Dez-25", "format: '%d-%b-%y'", "2025-12-10 00:00:00"),
    "a month in German, with a dot": ("ordered_at", "3. März. 2026 09:05", "format: '%d. %B %Y %H:%M'", "2026-03-03 09:05:00"),
    "a dot in the format, too": ("ordered_at", "10. DEZ. 2025", "format: '%d. %b. %Y'", "2025-12-10 00:00:00"),
    "a month in French": ("ordered_at", "1 FÉVR. 2026", "format: '%d %b %Y'", "2026-02-01 00:00:00"),
    "a month in Spanish": ("ordered_at", "01 de setiembre de 2026", "format: '%d de %B de %Y'", "2026-09-01 00:00:00"),
    "a month in Italian": ("ordered_at", "gen 5 2026", "format: '%b %d %Y'", "2026-01-05 00:00:00"),
    "a month in Portuguese": ("ordered_at", "07/out/2026 10:00", "format: '%d/%b/%Y %H:%M'", "2026-10-07 10:00:00"),
    "a month in Dutch": ("ordered_at", "1mrt2026", "format: '%d%b%Y'", "2026-03-01 00:00:00"),
    "a month before an offset": ("ordered_at", "1 Mai 2026 10:00 +0200", "format: '%d %b %Y %H:%M %z'", "2026-05-01 08:00:00"),
    "Chinese marks of year, month and day": ("ordered_at", "2026年3月1日", "format: '%Y年%m月%d日'", "2026-03-01 00:00:00"),
    "a format with its own offset": ("ordered_at", "01/03/2026 10:00 +0800", "format: '%d/%m/%Y %H:%M %z'", "2026-03-01 02:00:00"),
    "epoch seconds": ("ordered_at", "1772359200", "reads: epoch_seconds", "2026-03-01 10:00:00"),
    "epoch seconds with decimals": ("ordered_at", "1772359200.25", "reads: epoch_seconds", "2026-03-01 10:00:00.25"),
    "epoch milliseconds": ("ordered_at", "1772359200123", "reads: epoch_milliseconds", "2026-03-01 10:00:00.123"),
    "an Excel serial day": ("ordered_at", "46082", "reads: excel_serial", "2026-03-01 00:00:00"),
    "an Excel serial moment": ("ordered_at", "46082.4166666667", "reads: excel_serial", "2026-03-01 10:00:00"),
    "a SAS date": ("ordered_at", "24166", "reads: sas_date", "2026-03-01 00:00:00"),
    "a SAS datetime": ("ordered_at", "2087978400", "reads: sas_datetime", "2026-03-01 10:00:00"),
    "a boolean in capitals": ("is_test", " TRUE ", "", "true"),
    "a boolean in the dump's words": ("is_test", "是", 'map: {是: true, 否: "false"}', "true"),
    "the other boolean in the dump's words": ("is_test", "NEIN", 'map: {ja: true, nein: "false"}', "false"),
}


@pytest.mark.parametrize(("column", "text", "keys", "value"), READ.values(), ids=READ)
def test_a_value_is_read_exactly(
    read: Callable[..., list[tuple[object, ...]]], column: str, text: str, keys: str, value: str | None
) -> None:
    assert read(column, text, keys) == [(value,)]


REFUSED = {
    "a number with an exponent, which the engine rounds to nothing": ("unit_price", "1e-9", "", "not_a_number"),
    "a number in another base": ("quantity", "0x10", "", "not_a_number"),
    "groups that no profile names": ("unit_price", "1,234.50", "", "not_a_number"),
    "groups of two digits": ("unit_price", "1,23", 'thousands: ","', "not_a_number"),
    "a point where the profile says comma": ("unit_price", "1234.50", 'decimal: ","', "not_a_number"),
    "a currency that the profile doesn't name": ("unit_price", "$5", 'affixes: ["¥"]', "not_a_number"),
    "a sign twice": ("unit_price", "-¥-5", 'affixes: ["¥"]', "not_a_number"),
    "a sign and brackets": ("unit_price", "(-5)", "", "not_a_number"),
    "a sign on both sides": ("unit_price", "-5-", "", "not_a_number"),
    "half a bracket": ("unit_price", "(5", "", "not_a_number"),
    "a bracket and a currency": ("unit_price", "5)$", 'affixes: ["$"]', "not_a_number"),
    "a sign alone": ("unit_price", "-", "", "not_a_number"),
    "empty brackets": ("unit_price", "()", "", "not_a_number"),
    "a month that is none": ("ordered_at", "10-Dex-25", "format: '%d-%b-%y'", "not_a_timestamp"),
    "a month within a word": ("ordered_at", "10-Dezi-25", "format: '%d-%b-%y'", "not_a_timestamp"),
    "not a number": ("unit_price", "NaN", "", "not_a_number"),
    "infinity": ("unit_price", "inf", "", "not_a_number"),
    "more decimals than are kept": ("unit_price", "0.00001", "", "too_many_decimals"),
    "a hundredth of a cent's hundredth": ("unit_price", "0.001", "scale: 0.01", "too_many_decimals"),
    "half a thousandth of a piece": ("quantity", "0.0005", "", "too_many_decimals"),
    "an amount that no column holds": ("unit_price", "123456789012345.00", "", "too_large"),
    "an amount of a million millions, of which sums hold few": ("unit_price", "-1000000000000.00", "", "too_large"),
    "more than that for two pieces": ("unit_price", "500000000000.00", "", "too_large"),
    "too large once it is scaled": ("unit_price", "999999999999", "scale: 1000", "too_large"),
    "a named zone that the engine would drop": ("ordered_at", "2026-03-01 10:00:00 Asia/Tokyo", "", "not_a_timestamp"),
    "digits of a second that would be cut": ("ordered_at", "2026-03-01 10:00:00.1234567", "", "not_a_timestamp"),
    "a 13th month": ("ordered_at", "2026-13-01 10:00:00", "", "not_a_timestamp"),
    "no leap year": ("ordered_at", "29/02/2026", "format: '%d/%m/%Y'", "not_a_timestamp"),
    "another format than the profile's": ("ordered_at", "2026-03-01", "format: '%d/%m/%Y'", "not_a_timestamp"),
    "milliseconds where seconds are expected": ("ordered_at", "1772359200000", "reads: epoch_seconds", "date_out_of_range"),
    "seconds where milliseconds are expected": ("ordered_at", "1772359200", "reads: epoch_milliseconds", "date_out_of_range"),
    "the first second of 1970": ("ordered_at", "0", "reads: epoch_seconds", "date_out_of_range"),
    "the end of the century": ("ordered_at", "2100-01-01 00:00:00", "", "date_out_of_range"),
    "infinity as a date": ("ordered_at", "infinity", "", "not_a_timestamp"),
    "a word for a serial day": ("ordered_at", "today", "reads: excel_serial", "not_a_timestamp"),
    "maybe": ("is_test", "maybe", "", "not_a_boolean"),
}


@pytest.mark.parametrize(("column", "text", "keys", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_value_that_would_be_changed_is_refused(
    read: Callable[..., list[tuple[object, ...]]], column: str, text: str, keys: str, reason: str
) -> None:
    assert read(column, text, keys) == [(reason, text)]


CLOCK_CHANGES = {
    "a skipped hour is refused": ("2026-03-08 02:30:00", "", ("nonexistent_local_time", "2026-03-08 02:30:00")),
    "a skipped hour is read an hour forward": ("2026-03-08 02:30:00", "skipped_hour: forward", ("2026-03-08 07:30:00",)),
    "just before the gap": ("2026-03-08 01:59:59", "", ("2026-03-08 06:59:59",)),
    "just behind the gap": ("2026-03-08 03:00:00", "", ("2026-03-08 07:00:00",)),
    "a repeated hour is the later one": ("2026-11-01 01:30:00", "", ("2026-11-01 06:30:00",)),
    "a repeated hour is the earlier one": ("2026-11-01 01:30:00", "repeated_hour: earlier", ("2026-11-01 05:30:00",)),
    "a repeated hour is refused": ("2026-11-01 01:30:00", "repeated_hour: refuse", ("ambiguous_local_time", "2026-11-01 01:30:00")),
    "an hour of the same day that came once": ("2026-11-01 03:30:00", "repeated_hour: refuse", ("2026-11-01 08:30:00",)),
}


@pytest.mark.parametrize(("text", "policy", "outcome"), CLOCK_CHANGES.values(), ids=CLOCK_CHANGES)
def test_hours_that_the_clocks_skip_or_repeat_are_read_by_the_profile(
    read: Callable[..., list[tuple[object, ...]]], text: str, policy: str, outcome: tuple[str, ...]
) -> None:
    assert read("ordered_at", text, zone="America/New_York", feed_keys=f"    {policy}\n" if policy else "") == [outcome]


ZONES = ("Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "Europe/London", "Africa/Casablanca", "Asia/Kathmandu", "UTC")


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)).map(lambda moment: moment.replace(microsecond=0)),
)
@settings(max_examples=300, deadline=None)
def test_local_times_become_utc_as_python_has_it(zone: str, local: datetime) -> None:
    query = f"select {zones.to_utc('local_time', zone, 'forward', 'later')} from (select ?::timestamp as local_time)"
    utc = local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    gap = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    assert CONNECTION.execute(query, [local]).fetchall() == [(max(utc, gap),)]


CONNECTION = duckdb.connect()


def test_amounts_keep_every_digit_they_are_written_with(read: Callable[..., list[tuple[object, ...]]]) -> None:
    assert read("unit_price", "00012345678901.0001") == [(str(Decimal("12345678901.0001")),)]


def test_no_name_of_a_month_stands_for_two() -> None:
    names = [name for english, others in months.NAMES.items() for name in (english, *others.split())]
    assert len(names) == len(set(names)) == len(months.MONTH_OF)


@pytest.mark.parametrize("name", sorted(months.MONTH_OF))
def test_every_name_of_a_month_is_read_in_any_case_and_with_a_dot(name: str) -> None:
    texts = [f"5 {form} 2026" for form in (name, name.upper(), name.title(), f"{name}.")]
    moments = ", ".join(f"strptime({months.in_english(quoted(text))}, '%d %b %Y')" for text in texts)
    month = list(months.NAMES).index(months.MONTH_OF[name]) + 1
    assert CONNECTION.execute(f"select {moments}").fetchone() == (datetime(2026, month, 5),) * 4


MISPLACED = {
    "an affix that is a bracket": ("unit_price", 'affixes: ["($", ")"]', "would swallow a sign"),
    "an affix that is a sign": ("unit_price", 'affixes: ["-$"]', "would swallow a sign"),
    "an affix that is a minus sign": ("unit_price", 'affixes: ["$\u2212"]', "would swallow a sign"),
    "a sign for a name": ("customer_id", "sign: reversed", "'sign' is for money, rate, quantity, integer"),
    "an order's date": ("ordered_at", "of: order", "'of' is for money"),
    "an order's price": ("unit_price", "of: order", "map what the order costs in all to total_amount"),
    "a scale for an id": ("order_id", "scale: 0.01", "is of kind key; 'scale' is for money, rate, quantity"),
    "epoch for an amount": ("unit_price", "reads: epoch_seconds", "is of kind money; 'reads: epoch_seconds' is for timestamp"),
    "a format without a year": ("ordered_at", "format: '%d/%m'", "expected a strptime format with a year"),
    "a format and another reading": ("ordered_at", "format: '%Y', reads: sas_date", "expected one of 'format' and 'reads: sas_date'"),
    "one sign for two things": ("unit_price", "thousands: ','\n, decimal: ','", "both ','"),
    "a word that YAML swallows": ("is_test", "map: {yes: true}", "quote the words of 'map'"),
    "a word for no known value": ("is_test", "map: {ja: ture}", "'ja' is mapped to 'ture'. Known: true, false"),
    "a scale of nothing": ("unit_price", "scale: 0", "greater than 0"),
}


@pytest.mark.parametrize(("column", "keys", "message"), MISPLACED.values(), ids=MISPLACED)
def test_a_key_that_makes_no_sense_for_its_column_is_refused(tmp_path: Path, column: str, keys: str, message: str) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(
        f"version: 1\ntitle: t\nfeeds:\n  orders:\n    files: x*.csv\n    columns: {{{column}: {{source: x, {keys}}}}}\n"
    )
    with pytest.raises(RegularsError, match=message):
        load_profile("mine", tmp_path, "sources.shop")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("4", 4),
        (" ５ ", 5),
        ("3.00", 3),
        ("4.5", "too_many_decimals"),
        (".5", "too_many_decimals"),
        ("1e0", "not_a_number"),
        ("6", "out_of_range"),
    ],
)
def test_a_whole_number_is_not_rounded_to(lenient_home: Home, text: str, outcome: int | str) -> None:
    lenient_home.deliver("reviews.csv", f"review_id,rating,created_at\nR1,{text},2026-03-01\n")
    lenient_home.land()
    assert (lenient_home.clean("rating", "reviews") or lenient_home.quarantine("reason", "reviews")) == [(outcome,)]


def test_currencies_there_are_land_and_others_are_refused(home: Home) -> None:
    rows = [f"O{number},C1,2026-03-01,1,2,{currency}" for number, currency in enumerate(["CNY", " cny ", "", "USD", "XYZ"])]
    home.deliver("orders.csv", "\n".join(["order_id,customer_id,ordered_at,quantity,unit_price,currency", *rows]) + "\n")
    home.land()
    assert home.clean("order_id, currency") == [("O0", "CNY"), ("O1", "CNY"), ("O2", "CNY"), ("O3", "USD")]
    assert home.quarantine() == [(6, "unknown_currency", "currency", "XYZ")]


@pytest.mark.parametrize(
    ("day", "rate", "outcome"),
    [
        pytest.param("2026-03-01", "7.1234", (date(2026, 3, 1), Decimal("7.1234")), id="as published"),
        pytest.param("2026/3/1 00:00:00", "7", (date(2026, 3, 1), Decimal(7)), id="midnight is the day"),
        pytest.param("2026-03-01", "0.000036451234567891", (date(2026, 3, 1), Decimal("0.000036451234567891")), id="eighteen decimals"),
        pytest.param("2026-03-01", "0.0000000000000000001", "too_many_decimals", id="more are not rounded"),
        pytest.param("2026-03-01", "0", "out_of_range", id="nothing is worth nothing"),
        pytest.param("2026-03-01", "-7", "out_of_range", id="or less"),
        pytest.param("2026-03-01 12:00", "7", "not_a_date", id="a time of day is not dropped"),
        pytest.param("2026-03-01T00:00:00+08:00", "7", "not_a_date", id="a day has no zone"),
        pytest.param("1.3.2026", "7", "not_a_date", id="another order"),
        pytest.param("epoch", "7", "not_a_date", id="a word"),
        pytest.param("1970-01-01", "7", "date_out_of_range", id="before all dumps"),
        pytest.param("", "7", "missing_value", id="no day"),
    ],
)
def test_a_rate_is_read_exactly_and_its_day_is_the_one_written_in_no_zone(
    lenient_home: Home, day: str, rate: str, outcome: tuple[date, Decimal] | str
) -> None:
    lenient_home.deliver("exchange_rates.csv", f"rate_date,from_currency,to_currency,rate\n{day},usd,CNY,{rate}\n")
    lenient_home.land()
    told = lenient_home.clean("rate_date, rate", "exchange_rates") or lenient_home.quarantine("reason", "exchange_rates")
    assert told == [outcome if isinstance(outcome, tuple) else (outcome,)]


def test_a_pair_of_currencies_nobody_knows_is_no_rate(lenient_home: Home) -> None:
    lenient_home.deliver("exchange_rates.csv", "rate_date,from_currency,to_currency,rate\n2026-03-01,XYZ,CNY,7\n2026-03-01,USD,,7\n")
    lenient_home.land()
    assert lenient_home.quarantine("reason, column_name", "exchange_rates") == [
        ("missing_value", "to_currency"),
        ("unknown_currency", "from_currency"),
    ]
