"""企业微信 (WeCom) customer tags: a table of whom to tag, because WeCom imports no files of tags.

Tags are set by a program, one customer per call: ``externalcontact/mark_tag`` with ``userid`` (the member who has the customer),
``external_userid`` and ``add_tag`` (ids of tags). Only the second can be known here, and only where a source delivers it as its customer
id; a person without one is refused as ``no_external_userid``: a phone number does not find a customer there. The member is asked for with
``externalcontact/get`` (``follow_user``), the tag's id comes from ``externalcontact/add_corp_tag``.

Source: developer.work.weixin.qq.com 92117 and 92697 (a program edits only tags that it made; at most 3,000 tags per member and customer).
Uncertain: that an ``external_userid`` has 32 signs and begins with wm or wo is what is seen, not what is promised.
"""

import polars as pl

from orchestration.platforms.files import Layout, write_csv
from orchestration.platforms.platform import Platform
from orchestration.settings import Settings
from transforms.lists import Wording
from transforms.platform_ids import TYPES, valid
from transforms.platform_rows import Column

TAG_GROUP = "regulars"


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """external_userid, tag_group, tag (the name of the list)."""
    external_userid = valid(pl.col("external_userid"), "external_userid")
    return (
        Column(
            "external_userid", "external_userid", external_userid, lambda value: pl.when(value.is_null()).then(pl.lit("no_external_userid"))
        ),
        Column("tag_group", "key", pl.lit(TAG_GROUP)),
        Column("tag", "key", pl.col("list_name")),
    )


def with_external_userids(settings: Settings, people: pl.DataFrame) -> pl.DataFrame:
    """People with ``external_userid``: of the ids that sources know a person by, the first that looks like one, else null."""
    links = pl.scan_parquet(settings.home / "published" / "parquet" / "customer_links" / "*.parquet")
    found = (
        links.filter(pl.col("source_customer_id").str.contains(TYPES["external_userid"]))
        .group_by("customer_id")
        .agg(external_userid=pl.col("source_customer_id").min())
        .collect()
    )
    return people.join(found, on="customer_id", how="left", maintain_order="left")


PLATFORM = Platform(
    "wecom",
    columns,
    Layout("csv", write_csv),
    Wording(
        "Have a program of your own call externalcontact/mark_tag for each row, with the userid of the member who has the customer "
        "(externalcontact/get, follow_user) and the id of the tag (externalcontact/add_corp_tag).",
        "由自建应用逐行调用 externalcontact/mark_tag：userid 取自 externalcontact/get 的 follow_user，标签 id 由 "
        "externalcontact/add_corp_tag 返回。",
    ),
    channels=("wechat",),
    enriched=with_external_userids,
)
