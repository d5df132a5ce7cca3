"""腾讯广告 (Tencent Ads), 客户文件人群: a zip of one text file with one id per line.

Ids are MD5 (``HASH_MOBILE_PHONE``, the default: every version of the interface takes it) or SHA-256 (``SHA256_MOBILE_PHONE``) of the 11
digits of a mainland mobile number.

Source: Tencent Marketing API, custom_audience_files/add (zip of at most 100 MB) and 客户文件人群 (“加密前为11位的纯数字串”). Uncertain: the
smallest audience that may be used.
"""

from orchestration.platforms.files import MEGABYTE, Layout, write_zipped_lines
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_rows import Column, mainland_phone


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """One hash of a phone."""
    return (mainland_phone("phone"),)


PLATFORM = Platform(
    "tencent",
    columns,
    Layout("zip", write_zipped_lines, max_bytes=100 * MEGABYTE, is_packed=True),
    Wording(
        "In Tencent Ads open 人群管理, create a 客户文件人群 of type 手机号 (MD5 or SHA256, as written here), upload "
        "the first zip and append the others.",
        "在腾讯广告“人群管理”新建客户文件人群，类型选手机号（MD5 或 SHA256，与本次导出一致），上传第一个压缩包，其余以追加方式上传。",
    ),
    forms=("md5", "sha256"),
    is_for_ads=True,
)
