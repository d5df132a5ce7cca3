"""Identifiers in the form that each platform compares: one normaliser per platform rule, and the types of value that may stand in a file.

The same person has another hash on every platform, so no hash is ever used for two of them: each rule starts from the address itself.
A normaliser is an expression that is null where the platform would refuse the value.
"""

import hashlib
import re

import phonenumbers
import polars as pl
from phonenumbers import PhoneNumberType

from transforms.phones import e164

TYPES = {
    "email": (
        r"^[a-z0-9_](?:[.]?[a-z0-9_!#$%&'*+/=?^`{|}~-]){0,63}"
        r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$"
    ),
    "e164": r"^\+[1-9][0-9]{6,14}$",
    "digits": r"^[1-9][0-9]{6,14}$",
    "mainland_mobile": r"^1[3-9][0-9]{9}$",
    "country": r"^[a-z]{2}$",
    "postal_code": r"^[a-z0-9](?:[a-z0-9 -]{0,14}[a-z0-9])?$",
    "word": r"^[\p{L}\p{M}]{1,80}$",
    "name": r"^\p{L}(?:[\p{L}\p{M}.'’·-]| [\p{L}\p{M}]){0,80}$",
    "external_userid": r"^w[mo][A-Za-z0-9_-]{30}$",
    "key": r"^[a-z][a-z0-9_]{0,49}$",
    "sha256": r"^[0-9a-f]{64}$",
    "md5": r"^[0-9a-f]{32}$",
}
"""What a cell of a platform file may be, as patterns. None begins with what begins a formula but the ``+`` of E.164, which has only digits
behind it; none holds a comma, a double quote or a line end, so that no file ever needs quoting."""

_EMAIL_LENGTHS = r"^[^@]{1,64}@.{1,189}$"
"""RFC 5321: 64 signs before the ``@``, 254 in all."""

_MAINLAND_MOBILE = r"^\+86(1[3-9][0-9]{9})$"


def valid(value: pl.Expr, kind: str) -> pl.Expr:
    """The value where it is of a type of ``TYPES``, else null."""
    fits = value.str.contains(TYPES[kind])
    return pl.when(fits & value.str.contains(_EMAIL_LENGTHS) if kind == "email" else fits).then(value)


def contacts(people: pl.DataFrame, region: str) -> pl.DataFrame:
    """People with their addresses in plain form: what the normalisers below read. Grain and order: those of ``people``.

    Columns: customer_id; email, name, city, first_name, last_name, postal_code, external_userid without blanks around and full-width forms
    (null where empty or not there); is_phone_given; phone, E.164 or null; is_mobile and phone_country (ISO 3166, lower case) of it;
    country. ``region``: where a number without a country's code is dialled.
    """
    texts = ("email", "name", "city", "first_name", "last_name", "country", "postal_code", "external_userid")
    there = people.select(
        "customer_id",
        *(pl.col(column) if column in people.columns else pl.lit(None, pl.String).alias(column) for column in ("phone", *texts)),
    )
    plain = there.with_columns(_given(pl.col(texts)), is_phone_given=_given(pl.col("phone")).is_not_null())
    found = plain.with_columns(phone=e164(plain["phone"], region))
    numbers = found["phone"].drop_nulls().unique()
    facts = _facts(numbers)
    return found.join(facts, on="phone", how="left", maintain_order="left").with_columns(
        country=pl.coalesce(pl.col("country").str.to_lowercase(), "phone_country")
    )


def google_email(email: pl.Expr) -> pl.Expr:
    """No spaces, lower case; of gmail.com and googlemail.com without dots and ``+tag`` before the ``@``.

    Source: Google Ads Help 7659867 and 7476159; Google Ads API, “Customer Match: prepare the data”.
    """
    plain = valid(_lower(email, spaces=True), "email")
    is_gmail = plain.str.contains(r"@(?:gmail|googlemail)\.com$")
    return valid(pl.when(is_gmail).then(_without_dots_and_tag(plain)).otherwise(plain), "email")


def google_phone(phone: pl.Expr) -> pl.Expr:
    """E.164, with its ``+``. Source: Google Ads Help 7476159."""
    return valid(phone, "e164")


def google_name(name: pl.Expr) -> pl.Expr:
    """Lower case, no blanks around. Source: Google Ads Help 7476159."""
    return valid(_lower(name), "name")


def google_postal_code(postal_code: pl.Expr) -> pl.Expr:
    """As it is written, lower case; never hashed. Source: Google Ads Help 7476159."""
    return valid(_lower(postal_code), "postal_code")


def meta_email(email: pl.Expr) -> pl.Expr:
    """Lower case, no blanks around; dots and tags stay. Source: Meta Marketing API, “Hashing and Normalization”."""
    return valid(_lower(email), "email")


def meta_phone(phone: pl.Expr) -> pl.Expr:
    """Digits with the country's code: no ``+``, no leading zeros. Source: Meta Marketing API, “Hashing and Normalization”."""
    return valid(phone.str.strip_prefix("+"), "digits")


def meta_name(name: pl.Expr) -> pl.Expr:
    """Lower case, no punctuation and blanks; any script. Source: Meta Marketing API, “Hashing and Normalization” (FN, LN, CT)."""
    return valid(_lower(name).str.replace_all(r"[\s\p{P}]", ""), "word")


def meta_postal_code(postal_code: pl.Expr) -> pl.Expr:
    """Lower case, no spaces, what stands before a dash. Source: Meta Marketing API, “Hashing and Normalization” (ZIP)."""
    return valid(_lower(postal_code, spaces=True).str.split("-").list.first(), "postal_code")


def tiktok_email(email: pl.Expr) -> pl.Expr:
    """No spaces, lower case, without dots and ``+tag`` before the ``@``, whatever the domain; begins with a letter or a digit.

    Source: TikTok Ads Help, “List of supported IDs and formats for a customer file”, July 2024.
    """
    return _begins_plainly(_without_dots_and_tag(valid(_lower(email, spaces=True), "email")))


def tiktok_email_as_written(email: pl.Expr) -> pl.Expr:
    """No spaces, lower case, and nothing else. Source: the same page of September 2025, whose example is one of the tests."""
    return _begins_plainly(_lower(email, spaces=True))


def tiktok_phone(phone: pl.Expr) -> pl.Expr:
    """E.164, with its ``+``. Source: TikTok Ads Help, July 2024 and September 2025."""
    return valid(phone, "e164")


def tiktok_phone_digits(phone: pl.Expr) -> pl.Expr:
    """Digits with the country's code. Source: the same page of August 2025; so is hashed the example of September 2025, for all its
    ``+``."""
    return valid(phone.str.strip_prefix("+"), "digits")


def mail_tool_email(email: pl.Expr) -> pl.Expr:
    """Lower case, no blanks around, ASCII: an address to write to, as Klaviyo, Mailchimp and HubSpot take it."""
    return valid(_lower(email), "email")


def mobile_e164(phone: pl.Expr, is_mobile: pl.Expr) -> pl.Expr:
    """E.164 of a number that can receive a text message. Source: Klaviyo Help 360035428731 (landlines are dropped)."""
    return valid(pl.when(is_mobile).then(phone), "e164")


def mainland_mobile(phone: pl.Expr) -> pl.Expr:
    """The 11 digits of a mobile number of mainland China, without its country's code; null for any other.

    Source: 腾讯广告 Marketing API 客户文件人群 (“加密前为11位的纯数字串”); the same for Ocean Engine, Qianchuan, Alibaba and text messages.
    """
    return valid(phone.str.extract(_MAINLAND_MOBILE), "mainland_mobile")


def alibaba_email(email: pl.Expr) -> pl.Expr:
    """Lower case, no blanks around. Uncertain: Alibaba says that e-mails are compared by MD5, not how they are to be written before."""
    return valid(_lower(email), "email")


def hashed(values: pl.Series, how: str) -> pl.Series:
    """Lower-case hex of ``sha256`` or ``md5`` over the UTF-8 of each value; null stays null."""
    digest = hashlib.sha256 if how == "sha256" else hashlib.md5
    hexes = [None if value is None else digest(value.encode(), usedforsecurity=False).hexdigest() for value in values]
    return pl.Series(values.name, hexes, dtype=pl.String)


def _given(text: pl.Expr) -> pl.Expr:
    plain = text.str.normalize("NFKC").str.strip_chars()
    return pl.when(plain != "").then(plain)


def _lower(text: pl.Expr, spaces: bool = False) -> pl.Expr:
    plain = text.str.strip_chars().str.to_lowercase()
    return plain.str.replace_all(r"\s", "") if spaces else plain


def _without_dots_and_tag(email: pl.Expr) -> pl.Expr:
    local, domain = email.str.extract(r"^([^@+]*)[^@]*@", 1), email.str.extract(r"(@.*)$", 1)
    return local.str.replace_all(".", "", literal=True) + domain


def _begins_plainly(email: pl.Expr) -> pl.Expr:
    return valid(pl.when(email.str.contains("^[a-z0-9]")).then(email), "email")


def _facts(numbers: pl.Series) -> pl.DataFrame:
    """phone, is_mobile, phone_country of each number; the library takes 50 µs for one, and mainland mobiles need no asking."""
    mainland = re.compile(_MAINLAND_MOBILE)
    rows = [(number, True, "cn") if mainland.match(number) else (number, *_asked(number)) for number in numbers]
    return pl.DataFrame(rows, schema={"phone": pl.String, "is_mobile": pl.Boolean, "phone_country": pl.String}, orient="row")


def _asked(number: str) -> tuple[bool, str | None]:
    parsed = phonenumbers.parse(number)
    region = phonenumbers.region_code_for_number(parsed)
    kind = phonenumbers.number_type(parsed)
    country = region.lower() if region and region != phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else None
    return kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE), country
