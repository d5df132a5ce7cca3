"""Klaviyo, Mailchimp and HubSpot: CSV of people to write to, never hashed.

A file holds the address of the list's own channel and no other: on import Klaviyo and Mailchimp give consent to everybody in a file or to
nobody, and these people have agreed to that channel. Only HubSpot, a register of customers, gets the e-mail too, by which it knows a person
again. The name goes along where it is one (letters of any script); it is not taken apart into first and last.

Sources. Klaviyo: Help 360035428731 and 360043841811 (phone with the country as its code, landlines are dropped, 50 MB). Mailchimp:
“Format guidelines for your import file” (one address each, ASCII before the ``@``, 255 bytes of text); uncertain: it names no greatest
file. HubSpot: “Set up your import file”, October 2025 (1,048,576 rows with the header; 20 MB, the free tools' limit, holds for all).
"""

import polars as pl

from orchestration.platforms.files import MEGABYTE, Layout, write_csv
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_ids import mail_tool_email, mobile_e164, valid
from transforms.platform_rows import Column, email_reason, phone_reason

NAME = Column("Full Name", "name", valid(pl.col("name"), "name"))


def klaviyo_columns(channel: str, form: str) -> tuple[Column, ...]:
    """Email or Phone Number, which is the first header; Full Name."""
    return (_phone("Phone Number") if channel == "sms" else _email("Email"), NAME)


def mailchimp_columns(channel: str, form: str) -> tuple[Column, ...]:
    """Email Address or SMS Phone Number; Full Name."""
    return (_phone("SMS Phone Number") if channel == "sms" else _email("Email Address"), NAME)


def hubspot_columns(channel: str, form: str) -> tuple[Column, ...]:
    """Email; Phone Number for lists to call or text; Full Name."""
    phone = Column("Phone Number", "e164", valid(pl.col("phone"), "e164"))
    return (_email("Email"), *([] if channel == "email" else [phone]), NAME)


def _email(header: str) -> Column:
    email = mail_tool_email(pl.col("email"))
    return Column(header, "email", email, email_reason)


def _phone(header: str) -> Column:
    phone = mobile_e164(pl.col("phone"), pl.col("is_mobile"))
    return Column(header, "e164", phone, phone_reason("not_mobile"))


KLAVIYO = Platform(
    "klaviyo",
    klaviyo_columns,
    Layout("csv", write_csv, max_bytes=50 * MEGABYTE),
    Wording(
        "In Klaviyo turn off welcome flows, open the list, choose Import contacts, and give consent for this list's channel only; turn the "
        "flows on again two hours later.",
        "在 Klaviyo 中先关闭欢迎流程，打开列表选择导入联系人，只对本名单的渠道授予同意；两小时后再开启流程。",
    ),
    channels=("email", "sms"),
)
MAILCHIMP = Platform(
    "mailchimp",
    mailchimp_columns,
    Layout("csv", write_csv),
    Wording(
        "In Mailchimp open Audience, Add contacts, Import from a file, map the first column to the address, and tag "
        "the import with the name "
        "of the list.",
        "在 Mailchimp 的“受众”中选择从文件导入联系人，把第一列对应到地址字段，并用名单名称打标签。",
    ),
    channels=("email", "sms"),
)
HUBSPOT = Platform(
    "hubspot",
    hubspot_columns,
    Layout("csv", write_csv, max_rows=1_048_575, max_bytes=20 * MEGABYTE),
    Wording(
        "In HubSpot open Contacts, Import, one file, one object, map Email as the unique value, and make a list of the import.",
        "在 HubSpot 的“联系人”中选择导入（单文件、单对象），以 Email 为唯一标识，并用导入结果建立列表。",
    ),
    channels=("email", "sms", "phone"),
)
