"""Text messages by the bulk consoles (群发助手) of Alibaba Cloud and Huawei Cloud: the 11 digits of mainland mobile numbers.

Alibaba: a text file with one number per line. Huawei: a workbook with numbers in column A alone, as text cells, and a file name of letters
and digits alone. At most 50,000 numbers per file. A promotional text has to tell how to refuse: “拒收请回复R”; that belongs to the template
of the message, which the operator's platform holds, not to these files.

Source: Huawei Cloud Help, MSGSMS FAQ (50,000 numbers, column A, text cells, file names; newer pages say a million in 12 MB); Alibaba Cloud
Help, “Send messages by using mass messaging” (duplicates are dropped). Uncertain: Alibaba's greatest file, for which Huawei's is taken, and
the first cell of either console's own example file: compare before the first upload.
"""

from orchestration.platforms.files import MEGABYTE, Layout, write_lines, write_workbook
from orchestration.platforms.platform import Platform
from transforms.lists import Wording
from transforms.platform_rows import Column, mainland_phone

NUMBERS_PER_FILE = 50_000


def columns(channel: str, form: str) -> tuple[Column, ...]:
    """One number."""
    return (mainland_phone("手机号码"),)


ALIYUN = Platform(
    "aliyun_sms",
    columns,
    Layout("txt", write_lines, max_rows=NUMBERS_PER_FILE, max_bytes=12 * MEGABYTE),
    Wording(
        "In the Alibaba Cloud SMS console open 国内消息, 群发助手, add a task per file and import it; a promotional "
        "text must end with 拒收请回复R.",
        "在阿里云短信控制台打开“国内消息—群发助手”，每个文件新建一个任务并导入号码；推广短信须以“拒收请回复R”结尾。",
    ),
    channels=("sms",),
)
HUAWEI = Platform(
    "huawei_sms",
    columns,
    Layout("xlsx", write_workbook, max_rows=NUMBERS_PER_FILE, stem=lambda stem: stem.replace("_", "")),
    Wording(
        "In the Huawei Cloud Message & SMS console open 群发助手, add a task per file and upload it; a promotional "
        "text must end with 拒收请回复R.",
        "在华为云消息&短信控制台打开“群发助手”，每个文件新建一个任务并上传；推广短信须以“拒收请回复R”结尾。",
    ),
    channels=("sms",),
)
