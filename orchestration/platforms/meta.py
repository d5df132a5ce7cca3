"""Meta custom audience: CSV with Meta's headers, hashed or not.

City and the phone's country go along where they are known: Meta matches by several together. First and last name and postal code do as
soon as a feed delivers them; a name in one piece is not taken apart.

Source: Facebook Business Help 2082575038703844 (headers, at least 100 people, phones with the country's code); Marketing API, “Hashing and
Normalization” (forms before hashing; confirmed for phones by Salesforce Help 000391108: a ``+`` matches nobody). No greatest file is named.
"""

import polars as pl

from orchestration.platforms.files import Layout, write_csv
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_ids import meta_email, meta_name, meta_phone, meta_postal_code, valid
from transforms.platform_rows import Column, email_reason, phone_reason


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """email, phone, fn, ln, ct, zip, country."""
    email, phone = meta_email(pl.col("email")), meta_phone(pl.col("phone"))
    return (
        Column("email", "email", email, email_reason),
        Column("phone", "digits", phone, phone_reason()),
        Column("fn", "word", meta_name(pl.col("first_name"))),
        Column("ln", "word", meta_name(pl.col("last_name"))),
        Column("ct", "word", meta_name(pl.col("city"))),
        Column("zip", "postal_code", meta_postal_code(pl.col("postal_code"))),
        Column("country", "country", valid(pl.col("country"), "country")),
    )


PLATFORM = Platform(
    "meta",
    columns,
    Layout("csv", write_csv),
    Wording(
        "In Meta Ads Manager open Audiences, create a custom audience from a customer list, upload the file and check that each column is "
        "recognised; add further files to the same audience.",
        "在 Meta 广告管理工具的“受众”中创建“客户名单”自定义受众，上传文件并核对各列是否识别正确；其余文件追加到同一受众。",
    ),
    forms=("sha256", "plain"),
    is_for_ads=True,
    minimum=100,
)
