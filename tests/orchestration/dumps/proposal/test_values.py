"""How dates and numbers are written, told from several values of a dump at once."""

import pytest

from orchestration.dumps.proposal import dates, numbers

DATES = {
    "as they are read anyway": (["2026-09-01 10:00:00 -0400"], [], False),
    "with and without a time, and UTC in words": (["2025-03-02 10:12:00 UTC", "2025-03-10"], [], False),
    "short names of months": (["Sep-07-26", "Sep-08-26"], ["format: '%b-%d-%y'"], False),
    "names of months in German": (["10-Dez-25"], ["format: '%d-%b-%y'"], False),
    "in words": (["1. März 2025"], ["format: '%d. %b %Y'"], False),
    "with halves of the day": (["Dec 1, 2025 3:04 PM"], ["format: '%b %d, %Y %I:%M %p'"], False),
    "two figures for the year": (["09/03/26", "09/20/26"], ["format: '%m/%d/%y'"], False),
    "with points": (["31.12.2025 08:00"], ["format: '%d.%m.%Y %H:%M'"], False),
    "in two ways": (["31.12.2025 08:00", "30.12.2025"], ["format: ['%d.%m.%Y %H:%M', '%d.%m.%Y']"], False),
    "of which either may be the day": (["09/03/26", "09/12/26"], ["format: '%d/%m/%y'"], True),
}


@pytest.mark.parametrize(("values", "keys", "is_open"), DATES.values(), ids=DATES)
def test_the_form_of_dates_is_told_from_all_of_them(values: list[str], keys: list[str], is_open: bool) -> None:
    assert dates.written(values) == dates.Written(tuple(keys), is_open)


def test_dates_of_another_column_say_which_figure_is_the_day() -> None:
    assert dates.written(["09/03/26"], [["09/20/26"], ["no date"]]) == dates.Written(("format: '%m/%d/%y'",))


NO_DATES = {"words": ["last Tuesday"], "a month that is none": ["10-Foo-25"], "too large figures": ["32/13/2025"], "nothing": []}


@pytest.mark.parametrize("values", NO_DATES.values(), ids=NO_DATES)
def test_what_is_no_date_is_not_taken_for_one(values: list[str]) -> None:
    assert dates.written(values) is None


NUMBERS = {
    "plain": (["1", "-2.50"], []),
    "a sign before the currency, and groups": (["$1,234.50", "-$0.96"], ["affixes: ['$']", "thousands: ','"]),
    "a currency of two words": (["AU $3,012.50"], ["affixes: ['AU $']", "thousands: ','"]),
    "two signs of one currency": (["¥1.50", "2.00元"], ["affixes: ['¥', '元']"]),
    "one in another currency": (["$1", "$2", "$3", "$4", "C $5"], ["affixes: ['$']"]),
    "brackets below zero": (["($12.50)", "$3"], ["affixes: ['$']"]),
    "groups in few of them": (["1.00", "2.00", "3.00", "4.00", "5.00", "1,234.50"], ["thousands: ','"]),
    "a comma for decimals": (["1.234,50"], ["decimal: ','", "thousands: '.'"]),
    "blanks between groups": (["1 234,50"], ["decimal: ','", "thousands: ' '"]),
}


@pytest.mark.parametrize(("values", "keys"), NUMBERS.values(), ids=NUMBERS)
def test_the_form_of_numbers_is_told_from_all_of_them(values: list[str], keys: list[str]) -> None:
    assert numbers.written(values) == tuple(keys)


def test_amounts_of_other_columns_say_what_a_point_is() -> None:
    assert numbers.written(["1.234"]) == ()
    assert numbers.written(["1.234"], ["9,90", "12,50"]) == ("decimal: ','", "thousands: '.'")


@pytest.mark.parametrize("values", [["a dozen or 2"], ["1,23,4"], ["$1", "€2"], []])
def test_what_is_no_number_is_not_taken_for_one(values: list[str]) -> None:
    assert numbers.written(values) is None
