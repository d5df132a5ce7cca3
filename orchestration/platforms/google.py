"""Google Customer Match: CSV with Google's own six headers, hashed or not.

E-mail or phone is enough for a match; a postal address is one only with first name, last name, country and code together, and is left out
where one of them is missing. No feed delivers first and last names or postal codes yet, and a name in one piece is not taken apart: a
wrong guess matches nobody. Country and code are never hashed.

Source: Google Ads Help 7659867, 7475964, 7476159, template g.co/wudy8r. Uncertain: Google names no greatest file; a list works from 100
active members on (its help page as reported in December 2024), and not everybody in a file is one.
"""

import polars as pl

from orchestration.platforms.files import Layout, write_csv
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_ids import google_email, google_name, google_phone, google_postal_code, valid
from transforms.platform_rows import Column, email_reason, phone_reason


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """Email, Phone, First Name, Last Name, Country, Zip."""
    email, phone = google_email(pl.col("email")), google_phone(pl.col("phone"))
    first_name, last_name = google_name(pl.col("first_name")), google_name(pl.col("last_name"))
    country, postal_code = valid(pl.col("country"), "country"), google_postal_code(pl.col("postal_code"))
    is_whole = pl.all_horizontal(part.is_not_null() for part in (first_name, last_name, country, postal_code))
    return (
        Column("Email", "email", email, email_reason),
        Column("Phone", "e164", phone, phone_reason()),
        Column("First Name", "name", pl.when(is_whole).then(first_name)),
        Column("Last Name", "name", pl.when(is_whole).then(last_name)),
        Column("Country", "country", pl.when(is_whole).then(country), is_hashed=False),
        Column("Zip", "postal_code", pl.when(is_whole).then(postal_code), is_hashed=False),
    )


PLATFORM = Platform(
    "google",
    columns,
    Layout("csv", write_csv),
    Wording(
        "In Google Ads open Audience manager, add a customer list, choose 'upload emails, phones and/or mailing "
        "addresses', say whether the "
        "file is hashed, and upload every file into the same list.",
        "在 Google Ads 的“受众群体管理器”中新建客户名单，选择上传电子邮件、电话和/或邮寄地址，注明数据是否已哈希，"
        "并把全部文件上传到同一名单。",
    ),
    forms=("sha256", "plain"),
    is_for_ads=True,
    minimum=100,
)
