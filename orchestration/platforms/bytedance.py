"""巨量引擎 (Ocean Engine) DMP and 巨量千川 (Qianchuan): zips of phones of mainland China.

Ocean Engine's DMP takes phones as SHA-256 only, in messages of its own (``files.sha256_message``), at most 10,000 ids per line and 50 MB
per zip; an upload has 10 seconds. Qianchuan takes one id per line: data type 14 手机号-SHA256, 17 手机号-MD5, 4 手机号原值; a zip of at
most 25 MB goes up at once, so larger ones are split there and not uploaded in parts.

Source: 巨量引擎 Marketing API, DMP 数据源文件上传 and 巨量千川 人群文件上传, as rendered in github.com/bububa/oceanengine;
toutiao_dmp.proto in github.com/MrNullPoint/OceanEngineApi. Uncertain: the smallest audience that may be used.
"""

from orchestration.platforms.files import MEGABYTE, Layout, write_zipped_lines, write_zipped_messages
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_rows import Column, mainland_phone

_BASE64_OF_AN_ITEM = 94
"""Signs of base64 for the 70 bytes of an item; a hash of 64 signs and two line ends are counted anyway."""


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """One phone."""
    return (mainland_phone("phone"),)


OCEAN_ENGINE = Platform(
    "ocean_engine",
    columns,
    Layout("zip", write_zipped_messages, max_bytes=50 * MEGABYTE, bytes_per_row=_BASE64_OF_AN_ITEM - 64, is_packed=True),
    Wording(
        "Upload each zip with dmp/data_source/file/upload, then create one data source from all the paths it returns within 14 days.",
        "逐个用 dmp/data_source/file/upload 上传压缩包，并在 14 天内用返回的全部路径创建一个数据源。",
    ),
    forms=("sha256",),
    is_for_ads=True,
)
QIANCHUAN = Platform(
    "qianchuan",
    columns,
    Layout("zip", write_zipped_lines, max_bytes=25 * MEGABYTE, is_packed=True),
    Wording(
        "In Qianchuan's 人群管理 upload each zip as an audience file of type 手机号 (SHA256, MD5 or 原值, as written "
        "here); a file key is good for "
        "15 days.",
        "在巨量千川“人群管理”逐个上传压缩包，类型选手机号（SHA256、MD5 或原值，与本次导出一致）；file_key 15 天内有效。",
    ),
    forms=("sha256", "md5", "plain"),
    is_for_ads=True,
)
