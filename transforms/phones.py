"""Phone numbers in the one form that says whose they are: E.164, ``+8613912345678``, by the rules of libphonenumber.

The library takes some 50 µs a number. So numbers that are written in the plainest way go a short way, which leads to the same result (see
``_plain_numbers``); the others are asked about once per text.
"""

import functools

import phonenumbers
import polars as pl
from phonenumbers import PhoneMetadata, PhoneNumberFormat

# Signs that group digits, and invisible ones that come along when a number is copied out of an address book.
_GROUPING = r"[\s\-‐-―−().·/\u{00ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}\u{feff}]"
_ONE_DIGIT_ONLY = r"^\+?(?:86)?(?:0+|1+|2+|3+|4+|5+|6+|7+|8+|9+)$"


def e164(written: pl.Series, region: str) -> pl.Series:
    """E.164 of phones as they were written, in the same order; null where a text is no evidence of whose phone it is.

    ``region``: where a number without a country's code is dialled (ISO 3166 alpha-2). Null for what is no valid number there or abroad,
    holds other signs than digits and what groups them (letters, masks, extensions), or is one digit over and over.
    Source: libphonenumber, ``parse``, ``is_valid_number``, ``format_number``.
    """
    dialled = written.to_frame("written").select(pl.col("written").str.normalize("NFKC").str.replace_all(_GROUPING, "").alias("dialled"))
    found = dialled.select(
        "dialled",
        is_worth_asking=pl.col("dialled").str.contains(r"^\+?\d{5,18}$") & ~pl.col("dialled").str.contains(_ONE_DIGIT_ONLY),
        plain=_plain_numbers(pl.col("dialled"), region),
    )
    asked = found.filter("is_worth_asking", pl.col("plain").is_null())["dialled"].unique()
    answers = pl.Series([_asked(number, region) for number in asked], dtype=pl.String)
    others = found.select(pl.when("is_worth_asking").then(pl.col("dialled").replace_strict(asked, answers, default=None)))
    return found.select(pl.when("is_worth_asking").then(pl.coalesce("plain", others.to_series()))).to_series().alias(written.name)


def _asked(number: str, region: str) -> str | None:
    """The library's own answer."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if phonenumbers.is_valid_number(parsed) else None


def _plain_numbers(dialled: pl.Expr, region: str) -> pl.Expr:
    """E.164 of digits that can be nothing but a mobile number of the region, with or without its country's code; null for all others.

    Why the library says the same. The digits after the code match the region's pattern for mobile numbers, so they match its general one,
    and their length is one of its possible lengths: ``parse`` neither takes a country's code off them nor finds them too long. They begin
    with 1 to 9, and neither with the way to dial abroad nor with anything that may be a national prefix, so it takes nothing else off;
    nor does E.164 have a zero to keep. And the region is the first of those that share its code, so it is the first to be asked whether
    the number is valid, and its pattern says so. A test compares the two ways over numbers of every region.
    """
    patterns = _patterns(region)
    if not patterns:
        return pl.lit(None, pl.String)
    code, mobile, taken_off = patterns
    national = dialled.str.strip_prefix(f"+{code}")
    is_plain = national.str.contains(f"^(?:{mobile})$") & national.str.contains("^[1-9][0-9]*$") & ~national.str.contains(taken_off)
    return pl.when(is_plain & (~dialled.str.contains(r"^\+") | dialled.str.starts_with(f"+{code}"))).then(pl.lit(f"+{code}") + national)


@functools.cache
def _patterns(region: str) -> tuple[int, str, str] | None:
    """The country's code, the pattern of mobile numbers, and that of what may be taken off a number; None for regions of another make."""
    found = PhoneMetadata.metadata_for_region(region, None)
    code, mobile = (found.country_code, found.mobile) if found else (None, None)
    if not found or not code or not mobile or not mobile.national_number_pattern:
        return None
    is_main = phonenumbers.region_code_for_country_code(code) == region
    prefixes = [prefix for prefix in (found.international_prefix, found.national_prefix_for_parsing) if prefix]
    taken_off = "|".join(f"^(?:{prefix})" for prefix in prefixes) or r"^\z."
    if not is_main or found.leading_digits or not (_is_readable(mobile.national_number_pattern) and _is_readable(taken_off)):
        return None
    return code, mobile.national_number_pattern, taken_off


def _is_readable(pattern: str) -> bool:
    """Whether Polars' engine for patterns knows all that this one uses; it looks neither ahead nor back."""
    try:
        pl.select(pl.lit("0").str.contains(pattern))
    except pl.exceptions.ComputeError:
        return False
    return True
