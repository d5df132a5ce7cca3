"""TikTok custom audience: CSV with TikTok's headers, hashed or not.

TikTok's own pages differ from each other: on dots and ``+tags`` of e-mails (July 2024: both go; August 2025: tags go; September 2025:
neither), and on the ``+`` of phones (2024: with; August 2025: without; September 2025: with, but the hash of its example is without). It
takes up to three columns of a kind, so each person stands there in both forms; the second is left empty where it is the same.

Source: ads.tiktok.com/help, “List of supported IDs and formats for a customer file” and “How to create a Custom Audience with a customer
file” (below 1 GB, at least 1,000 entries, no zip), of the dates named.
"""

import polars as pl

from orchestration.platforms.files import MEGABYTE, Layout, write_csv
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_ids import tiktok_email, tiktok_email_as_written, tiktok_phone, tiktok_phone_digits
from transforms.platform_rows import Column, email_reason, phone_reason


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """Email, Email, Phone, Phone; each with ``_SHA256`` where hashed."""
    email, as_written = tiktok_email(pl.col("email")), tiktok_email_as_written(pl.col("email"))
    phone, digits = tiktok_phone(pl.col("phone")), tiktok_phone_digits(pl.col("phone"))
    ending = "_SHA256" if form == "sha256" else ""
    return (
        Column(f"Email{ending}", "email", email, email_reason),
        Column(f"Email{ending}", "email", pl.when(as_written != email).then(as_written)),
        Column(f"Phone{ending}", "e164", phone, phone_reason()),
        Column(f"Phone{ending}", "digits", digits),
    )


PLATFORM = Platform(
    "tiktok",
    columns,
    Layout("csv", write_csv, max_bytes=1_000 * MEGABYTE - 1),
    Wording(
        "In TikTok Ads Manager open Tools, Audience Manager, create a custom audience from a customer file and upload "
        "the file as it is; it "
        "takes one to two days.",
        "在 TikTok 广告管理平台依次打开“工具—受众管理”，用“客户文件”创建自定义受众并原样上传；匹配需要一到两天。",
    ),
    forms=("sha256", "plain"),
    is_for_ads=True,
    minimum=1_000,
)
