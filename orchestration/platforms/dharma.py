"""达摩盘 (Dharma), through Quick Audience: CSV of hashed ids to import there and push from there.

MD5 takes phones and e-mails; SHA-256 only phones. An id hashed by MD5 can't be pushed as SHA-256, nor the other way round.

Source: Alibaba Cloud Help, Quick Audience 420469 (ids and hashes) and 420461 (more than 2,000 people pushed, fewer than 50 million, more
than 1,000 matched). Uncertain: the file template of the console of 达摩盘 itself is not public, and how an e-mail is written before MD5
is not said.
"""

import polars as pl

from orchestration.platforms.files import Layout, write_csv
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_ids import alibaba_email
from transforms.platform_rows import Column, email_reason, mainland_phone


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """phone_md5, email_md5; or phone_sha256."""
    phones = mainland_phone(f"phone_{form}")
    if form == "sha256":
        return (phones,)
    email = alibaba_email(pl.col("email"))
    return (phones, Column(f"email_{form}", "email", email, email_reason))


PLATFORM = Platform(
    "dharma",
    columns,
    Layout("csv", write_csv, max_rows=49_999_999),
    Wording(
        "In Quick Audience import the file with each column as its ID type and its encryption as in the header, make "
        "an audience of it and push "
        "that to 达摩盘 with the same encryption.",
        "在 Quick Audience 导入文件，各列设为对应的 ID 类型和表头所示的加密方式，建成受众后以同样的加密方式推送到达摩盘。",
    ),
    forms=("md5", "sha256"),
    is_for_ads=True,
    minimum=2_001,
)
