"""Phones in E.164: by the rules of libphonenumber, whichever way they are worked out."""

import re

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from transforms import phones


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        pytest.param("13912345678", "CN", "+8613912345678", id="mainland mobile"),
        pytest.param("+86 139-1234-5678", "CN", "+8613912345678", id="+86, blanks and dashes"),
        pytest.param("008613912345678", "CN", "+8613912345678", id="0086"),
        pytest.param("8613912345678", "CN", "+8613912345678", id="86 without a sign"),
        pytest.param("013912345678", "CN", "+8613912345678", id="a zero in front of a mobile number"),
        pytest.param("１３９ １２３４ ５６７８", "CN", "+8613912345678", id="full width"),
        pytest.param("＋８６　（１３９）１２３４５６７８", "CN", "+8613912345678", id="full width with country code"),
        pytest.param("\u202a139 1234 5678\u202c", "CN", "+8613912345678", id="copied from an address book"),
        pytest.param("010-8765-4321", "CN", "+861087654321", id="landline loses the prefix of its zone"),
        pytest.param("+44 20 7946 0958", "CN", "+442079460958", id="abroad"),
        pytest.param("0044 (20) 7946.0958", "CN", "+442079460958", id="00 is +"),
        pytest.param("+44 (0)20 7946 0958", "CN", "+442079460958", id="a zero in parentheses"),
        pytest.param("020 7946 0958", "GB", "+442079460958", id="the same at home"),
        pytest.param("0151 23456789", "DE", "+4915123456789", id="German mobile"),
        pytest.param("011 44 20 7946 0958", "US", "+442079460958", id="dialled abroad from America"),
        pytest.param("(212) 555-2368", "US", "+12125552368", id="American"),
        pytest.param("02 1234 5678", "IT", "+390212345678", id="Italy keeps its zero"),
        pytest.param("13912345678", "DE", None, id="another country's number without its code"),
        pytest.param("00000000000", "CN", None, id="only zeros"),
        pytest.param("+86 11111111111", "CN", None, id="only ones"),
        pytest.param("2222222222", "US", None, id="only twos"),
        pytest.param("14212345678", "CN", None, id="a range that is given to nobody"),
        pytest.param("1391234567", "CN", None, id="a digit short"),
        pytest.param("139123456789", "CN", None, id="a digit long"),
        pytest.param("123456", "CN", None, id="too short"),
        pytest.param("12345678901234567890", "CN", None, id="too long"),
        pytest.param("13912345678/13812345678", "CN", None, id="two numbers"),
        pytest.param("test", "CN", None, id="word"),
        pytest.param("139 1234 567x", "CN", None, id="letter"),
        pytest.param("+44 20 7946 0958 ext. 12", "GB", None, id="extension: colleagues share the number"),
        pytest.param("138****1234", "CN", None, id="masked"),
        pytest.param("-", "CN", None, id="dash"),
        pytest.param("+", "CN", None, id="sign"),
        pytest.param(" ", "CN", None, id="blank"),
        pytest.param(None, "CN", None, id="null"),
    ],
)
def test_a_phone_is_evidence_in_its_one_international_form(written: str | None, region: str, expected: str | None) -> None:
    assert phones.e164(pl.Series("phone", [written], dtype=pl.String), region).to_list() == [expected]


MAIN_REGIONS = sorted(region for region in phonenumbers.SUPPORTED_REGIONS if phones._patterns(region))


@st.composite
def dialled(draw: st.DrawFn) -> tuple[str, str]:
    """A region, and digits as people there might dial them: valid or nearly, with and without codes and prefixes."""
    region = draw(st.sampled_from(MAIN_REGIONS))
    found = PhoneMetadata.metadata_for_region(region)
    desc = draw(st.sampled_from([each for each in (found.mobile, found.fixed_line, found.voip, found.toll_free) if each]))
    pattern = desc.national_number_pattern or r"\d{5,12}"
    number = draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(number) - 1))
        number = number[:place] + draw(st.sampled_from([*"0123456789", ""])) + number[place + draw(st.integers(0, 1)) :]
    code = str(found.country_code)
    other = str(draw(st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))))
    before = draw(st.sampled_from(["", "", f"+{code}", f"+{code}", code, f"00{code}", "0", f"+{code}0", f"+{other}", f"+{code}{code}"]))
    return region, before + number


@settings(deadline=None, max_examples=200)
@given(st.lists(dialled(), min_size=1, max_size=8))
def test_the_short_way_leads_where_libphonenumber_does(numbers: list[tuple[str, str]]) -> None:
    for region, number in numbers:
        (plain,) = pl.DataFrame({"number": [number]}).select(phones._plain_numbers(pl.col("number"), region)).to_series()
        assert plain in (None, phones._asked(number, region)), (region, number)


@pytest.mark.parametrize("number", ["13912345678", "+8613912345678"])
def test_most_numbers_of_a_merchant_go_the_short_way(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "_asked", lambda number, region: pytest.fail(f"asked about {number}"))
    assert phones.e164(pl.Series([number]), "CN").to_list() == ["+8613912345678"]


def test_a_region_that_shares_its_code_is_asked_about_in_full() -> None:
    assert phones._patterns("CA") is None
    assert phones.e164(pl.Series(["416-555-2368"]), "CA").to_list() == ["+14165552368"]
