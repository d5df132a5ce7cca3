"""Why a customer is on a list, by the list's template: ``{column}`` becomes the customer's value.

Codes, such as an RFM group or a channel, are said in words; what a merchant wrote, such as a city or a category, as it is written. What is
unknown of a customer is not said: a part of the reason, between semicolons, that names an unknown value is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

import polars as pl

from transforms.lifecycle import STAGE_NAMES_ZH
from transforms.loyalty import PART_NAMES, PART_NAMES_ZH, TYPE_NAMES_ZH
from transforms.preferences import NEED_NAMES_ZH, SENSITIVITY_NAMES_ZH
from transforms.reasons import SEPARATORS
from transforms.rfm_presets import GROUP_NAMES_ZH
from transforms.satisfaction import LEVEL_NAMES_ZH

CHANNEL_NAMES_ZH = {
    "app": "手机应用",
    "mobile": "手机端",
    "web": "网站",
    "website": "网站",
    "online": "线上",
    "shop": "门店",
    "shops": "门店",
    "store": "门店",
    "retail": "门店",
    "offline": "线下",
    "group_leader": "团长",
    "community": "社群",
    "live": "直播",
    "livestream": "直播",
    "pos": "门店",
    "mini_program": "小程序",
    "wechat": "微信",
    "phone": "电话",
    "email": "邮件",
    "sms": "短信",
    "social": "社交平台",
    "marketplace": "电商平台",
    "tmall": "天猫",
    "taobao": "淘宝",
    "jd": "京东",
    "pinduoduo": "拼多多",
    "douyin": "抖音",
    "amazon": "亚马逊",
}
"""Usual codes of sales channels. Another one is the merchant's own name for it, and quoted."""

NAMES_ZH: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("rfm_group", "previous_rfm_group"), GROUP_NAMES_ZH),
    **dict.fromkeys(("lifecycle_stage", "previous_lifecycle_stage"), STAGE_NAMES_ZH),
    **dict.fromkeys(("loyalty_type", "previous_loyalty_type"), TYPE_NAMES_ZH),
    **dict.fromkeys(("loyalty_raised_by", "loyalty_lowered_by"), PART_NAMES_ZH),
    **dict.fromkeys(("need_level", "dominant_need_level"), NEED_NAMES_ZH),
    "price_sensitivity_level": SENSITIVITY_NAMES_ZH,
    "satisfaction_level": LEVEL_NAMES_ZH,
    "preferred_channel": CHANNEL_NAMES_ZH,
}
"""Columns that hold codes, and the Chinese for each code."""
_NAMES_EN = dict.fromkeys(("loyalty_raised_by", "loyalty_lowered_by"), PART_NAMES)
_UNKNOWN = {"en": "unknown", "zh": "未知"}
_SEPARATOR = dict(zip(("en", "zh"), SEPARATORS, strict=True))


@dataclass(frozen=True)
class Words:
    """How values are said: in ``en`` or ``zh``, days in the merchant's time zone. ``group_names_zh``: RFM groups of the preset in use,
    where it is not a shipped one."""

    language: str
    time_zone: str = "UTC"
    group_names_zh: Mapping[str, str] = field(default_factory=dict)


def sentence(template: str, schema: Mapping[str, pl.DataType], words: Words) -> pl.Expr:
    """A reason per row: the template with each ``{column}`` in words; in English ``{column:day}`` counts: 1 day, 9 days.

    Where everything that the template names is unknown, it says so.
    """
    separator, unknown, parts, full = _SEPARATOR[words.language], _UNKNOWN[words.language], [], []
    for text in template.split(separator):
        pieces: list[pl.Expr] = []
        for literal, column, unit, _ in Formatter().parse(text):
            pieces.append(pl.lit(literal))
            if column is not None:
                pieces.append(_in_words(column, unit or "", schema[column], words))
        parts.append(pl.concat_str(pieces))
        full.append(pl.concat_str([piece.fill_null(unknown) for piece in pieces]))
    said = pl.concat_str(parts, separator=separator, ignore_nulls=True)
    return pl.when(said == "").then(pl.concat_str(full, separator=separator)).otherwise(said)


def _in_words(column: str, unit: str, dtype: pl.DataType, words: Words) -> pl.Expr:
    """The value in words; null where it is unknown."""
    value = pl.col(column)
    if dtype.is_decimal():
        return value.round(2, mode="half_away_from_zero").cast(pl.Decimal(38, 2)).cast(pl.String)
    if isinstance(dtype, pl.Datetime):
        value = value.dt.replace_time_zone("UTC").dt.convert_time_zone(words.time_zone)
    if dtype.is_temporal():
        return value.dt.strftime("%Y-%m-%d")
    if dtype == pl.String:
        return _code_in_words(column, words) if column in NAMES_ZH else value
    number = value.round(1, mode="half_away_from_zero").cast(pl.String) if dtype.is_float() else value.cast(pl.String)
    if unit and words.language == "en":
        number = number + pl.when(value == 1).then(pl.lit(f" {unit}")).otherwise(pl.lit(f" {unit}s"))
    return number


def _code_in_words(column: str, words: Words) -> pl.Expr:
    value = pl.col(column)
    if words.language == "en":
        return value.replace(_NAMES_EN.get(column, {})).str.replace_all("_", " ", literal=True)
    if column == "preferred_channel":
        code = value.str.strip_chars().str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "_")
        own = pl.when(value.str.contains("^[[:ascii:]]+$")).then("“" + value + "”").otherwise(value)
        return code.replace_strict(CHANNEL_NAMES_ZH, default=own, return_dtype=pl.String)
    return value.replace({**NAMES_ZH[column], **words.group_names_zh} if column.endswith("rfm_group") else NAMES_ZH[column])
