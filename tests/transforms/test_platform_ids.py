"""Identifiers as each platform compares them: the published examples, and the same address under every rule."""

import hashlib

import polars as pl
import pytest

from transforms import platform_ids
from transforms.platform_ids import contacts, hashed, valid


def one(normaliser, text: str | None) -> str | None:
    return pl.DataFrame({"text": [text]}, schema={"text": pl.String}).select(normaliser(pl.col("text"))).item()


VECTORS = [
    pytest.param("google_email", "john@doe.com", "d709f370e52b57b4eb75f04e2b3422c4d41a05148cad8f81776d94a048fb70af", id="Google: e-mail"),
    pytest.param("google_email", "ca.us@gmail.com", "93d8aed730ac1b81df54d22efa758fc707f9f2763b59769d1f36c9ce9ff160b0", id="Google: dots"),
    pytest.param("google_email", "us.ca@doe.com", "5de5320a299a39f8c370f6940b481ce30a46ac835d11632d99220ab0a0993dbf", id="Google: no dots"),
    pytest.param("google_name", "John ", "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a", id="Google: name"),
    pytest.param("google_phone", "+551199999999", "a58d4dce9db87c65ebb6137f91edb9bbe7f274f5b0d07eea82f756ea70532b9c", id="Google: phone"),
    pytest.param(
        "tiktok_email_as_written",
        "janedoe@gmail.com",
        "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69",
        id="TikTok, September 2025: e-mail",
    ),
    pytest.param(
        "tiktok_phone_digits",
        "+37493828222",
        "65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4",
        id="TikTok, September 2025: phone, whose hash is that of the digits",
    ),
    pytest.param("meta_phone", "+16577770000", hashlib.sha256(b"16577770000").hexdigest(), id="Meta: phone"),
    pytest.param(
        "mainland_mobile", "+8613800138000", "a6942f9771d67f34034d2f1926988ed3fad3bf1b4e7cedb9a31f31398dea43bc", id="mainland: SHA-256"
    ),
]


@pytest.mark.parametrize(("rule", "text", "published"), VECTORS)
def test_published_examples_have_their_published_hashes(rule: str, text: str, published: str) -> None:
    """reference-values: Google's and Meta's forms; TikTok's help page of September 2025."""
    assert hashed(pl.Series([one(getattr(platform_ids, rule), text)]), "sha256").item() == published


def test_a_mainland_mobile_has_the_md5_that_everybody_knows() -> None:
    assert hashed(pl.Series([one(platform_ids.mainland_mobile, "+8613800138000")]), "md5").item() == hashlib.md5(b"13800138000").hexdigest()


EMAIL_RULES = ("google_email", "meta_email", "tiktok_email", "tiktok_email_as_written", "mail_tool_email", "alibaba_email")


@pytest.mark.parametrize(
    ("written", "google", "meta", "tiktok", "tiktok_as_written", "mail_tools"),
    [
        pytest.param("A.B+t@Gmail.com", "ab@gmail.com", "a.b+t@gmail.com", "ab@gmail.com", *["a.b+t@gmail.com"] * 2, id="gmail"),
        pytest.param(
            "a.b+t@googlemail.com", "ab@googlemail.com", "a.b+t@googlemail.com", "ab@googlemail.com", "a.b+t@googlemail.com",
            "a.b+t@googlemail.com", id="googlemail",
        ),
        pytest.param("a.b+t@x.com", "a.b+t@x.com", "a.b+t@x.com", "ab@x.com", "a.b+t@x.com", "a.b+t@x.com", id="another domain"),
        pytest.param("a.b@notgmail.com", *["a.b@notgmail.com"] * 2, "ab@notgmail.com", *["a.b@notgmail.com"] * 2, id="a domain like gmail"),
        pytest.param("a b@x.com", "ab@x.com", None, "ab@x.com", "ab@x.com", None, id="a space within"),
        pytest.param(" a@x.com\t", *["a@x.com"] * 5, id="blanks around"),
        pytest.param("_a@x.com", "_a@x.com", "_a@x.com", None, None, "_a@x.com", id="begins with no letter"),
        pytest.param("r&d/o'brien@sub.x.co.uk", *["r&d/o'brien@sub.x.co.uk"] * 5, id="signs that are allowed"),
        pytest.param("a@xn--fiq228c.xn--55qx5d", *["a@xn--fiq228c.xn--55qx5d"] * 5, id="a Chinese domain, encoded"),
        *(
            pytest.param(text, *[None] * 5, id=f"none: {text!r:.20}")
            for text in (
                "=a@x.com", "-a@x.com", "+a@gmail.com", "@x.com", "a@x", "a@x.c", "a@@x.com", "a..b@x.com", "a.@gmail.com", "a@-x.com",
                "a@x..com", "a@x.com,b@x.com", '"a"@x.com', "a@x.com\u200b", "用户@x.com", "a@例子.com", "a" * 65 + "@x.com",
                "a@" + "x" * 64 + ".com", "a@" + "x." * 130 + "com", "", None,
            )
        ),
    ],
)  # fmt: skip
def test_each_platform_reads_an_email_by_its_own_rule(
    written: str | None, google: str | None, meta: str | None, tiktok: str | None, tiktok_as_written: str | None, mail_tools: str | None
) -> None:
    read = {rule: one(getattr(platform_ids, rule), written) for rule in EMAIL_RULES}
    assert tuple(read.values()) == (google, meta, tiktok, tiktok_as_written, mail_tools, mail_tools)


PHONE_RULES = ("google_phone", "meta_phone", "tiktok_phone", "tiktok_phone_digits", "mainland_mobile")


@pytest.mark.parametrize(
    ("written", "e164", "mainland"),
    [
        *(
            pytest.param(text, "+8613800138000", "13800138000", id=text)
            for text in (
                "13800138000", "+86 138-0013-8000", "008613800138000", "86 138 0013 8000", "(138) 0013 8000", "１３８００１３８０００",
                "013800138000",
            )
        ),
        pytest.param("010-8765-4321", "+861087654321", None, id="landline of Beijing"),
        pytest.param("+1 657 777 0000", "+16577770000", None, id="American"),
        pytest.param("+44 20 7946 0958", "+442079460958", None, id="British"),
        pytest.param("+852 9123 4567", "+85291234567", None, id="Hong Kong"),
        pytest.param("1380013800", None, None, id="a digit short"),
        pytest.param("=13800138000", None, None, id="formula"),
        pytest.param("", None, None, id="empty"),
        pytest.param(None, None, None, id="none"),
    ],
)  # fmt: skip
def test_each_platform_reads_a_phone_by_its_own_rule(written: str | None, e164: str | None, mainland: str | None) -> None:
    phone = contacts(pl.DataFrame({"customer_id": ["c"], "phone": [written]}, schema_overrides={"phone": pl.String}), "CN")["phone"].item()
    digits = e164 and e164[1:]
    assert tuple(one(getattr(platform_ids, rule), phone) for rule in PHONE_RULES) == (e164, digits, e164, digits, mainland)


def test_no_hash_of_a_phone_serves_two_rules() -> None:
    values = {rule: one(getattr(platform_ids, rule), "+8613800138000") for rule in ("google_phone", "meta_phone", "mainland_mobile")}
    assert len(set(values.values())) == 3


def test_a_number_without_a_code_is_dialled_in_the_merchants_region() -> None:
    people = pl.DataFrame({"customer_id": ["c", "d"], "phone": ["020 7946 0958", "07400 123456"]})
    found = contacts(people, "GB")
    assert found["phone"].to_list() == ["+442079460958", "+447400123456"]
    assert found["is_mobile"].to_list() == [False, True]
    assert found["phone_country"].to_list()[0] == "gb"
    assert contacts(people, "CN")["phone"].to_list() == ["+862079460958", None]  # 020 is Guangzhou there


@pytest.mark.parametrize(
    ("rule", "written", "expected"),
    [
        pytest.param("meta_name", "São Paulo", "sãopaulo", id="Meta: city"),
        pytest.param("meta_name", "St. John's", "stjohns", id="Meta: punctuation"),
        pytest.param("meta_name", "上海", "上海", id="Meta: Chinese"),
        pytest.param("meta_name", "=1+1", None, id="Meta: formula"),
        pytest.param("meta_postal_code", "94016-1234", "94016", id="Meta: what stands before the dash"),
        pytest.param("meta_postal_code", "WC2H 8LG", "wc2h8lg", id="Meta: without spaces"),
        pytest.param("google_postal_code", "WC2H 8LG", "wc2h 8lg", id="Google: as written"),
        pytest.param("google_name", "ZOË", "zoë", id="Google: lower case"),
        pytest.param("google_name", "=HYPERLINK(1)", None, id="Google: formula"),
    ],
)
def test_names_and_places_are_read_by_the_platforms_rule(rule: str, written: str, expected: str | None) -> None:
    assert one(getattr(platform_ids, rule), written) == expected


@pytest.mark.parametrize("name", ["王芳", "Ann O'Neil-Lee", "محمد علي", "José Núñez", "𠮷野家", "Dr. No", "ไทย", "D’Arcy"])
def test_names_of_any_script_are_names(name: str) -> None:
    assert one(lambda text: valid(text, "name"), name) == name


@pytest.mark.parametrize(
    "text", ["=1+1", "-1", "+1", "@a", "\ta", "a\nb", "a,b", 'a"b', "a;b", "\u202eabc", "a|b", "<b>", "0", "", " a", "a" * 200]
)
def test_what_is_no_name_is_left_out(text: str) -> None:
    assert one(lambda value: valid(value, "name"), text) is None
