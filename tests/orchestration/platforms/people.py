"""Made-up people with every kind of address that a merchant has, and what stands in files for them."""

import base64
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from orchestration.lists.recipients import Recipients
from transforms.lists import ListDefinition, Wording

AS_OF = date(2024, 6, 30)
TEXT = Wording("Say thanks", "致谢")
EXTERNAL_USERID = "wmYh2sBgAAFyDEU2SLeCVZbblxaxzX4w"

PEOPLE = pl.DataFrame(
    [
        ("online:C1", "王芳", "Wang.Fang+shop@Gmail.com ", "13800138000", "上海"),
        ("online:C2", "Ann O'Neil-Lee", " Ann.Lee@Example.com", "+86 139-1234-5678", "New York"),
        ("online:C3", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0@example.com", "0086 13700137000", "=1+1"),
        ("online:C4", "محمد علي", "user+tag@example.co.uk", "+44 20 7946 0958", "لندن"),
        ("online:C5", "𠮷野家", "ｆｕｌｌ＠ｅｘａｍｐｌｅ．ｃｏｍ", "８６ １３６ ００１３ ６０００", "München"),
        ("online:C6", "\u202eevil\u202c", None, "010-8765-4321", None),
        ("online:C7", "Robert'); DROP TABLE students;--", "", "0138001380", ""),
        ("online:C8", None, None, None, None),
        ("online:13500135000", "Tab\tand\nline", "not an address", "test", "a,b"),
        ("online:C9", "Same Phone", None, "(138) 0013-8000", "上海"),
        ("online:C10", "José Núñez", "jose@googlemail.com", "+55 11 99999-9999", "São Paulo"),
        ("online:C11", "Zoë", "用户@example.com", "+1 657 777 0000", "Anaheim"),
        ("online:leading@example.com", "Lead", "-2+3@example.com", "007", "0"),
    ],
    schema=["customer_id", "name", "email", "phone", "city"],
    orient="row",
).with_columns(reason=pl.lit("=1+1 bought 9 times"), reason_zh=pl.lit("共购买 9 次"))


def recipients(channel: str, people: pl.DataFrame = PEOPLE, name: str = "win_back", dropped: dict[str, int] | None = None) -> Recipients:
    return Recipients(ListDefinition(name, TEXT, TEXT, "orders_count > 1", channel, TEXT, TEXT), AS_OF, people, dropped or {})


def content_of(path: Path) -> str:
    """What a file says, as its receiver reads it: of a zip its one text, of messages their ids, of a workbook its cells."""
    if path.suffix == ".xlsx":
        (sheet,) = openpyxl.load_workbook(path).worksheets
        return "".join(
            ",".join(f"{cell.value} ({cell.data_type}, {cell.number_format})" for cell in row) + "\n" for row in sheet.iter_rows()
        )
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            (entry,) = archive.infolist()
            assert (entry.date_time, entry.filename) == ((1980, 1, 1, 0, 0, 0), f"{path.stem}.txt")
            text = archive.read(entry).decode("ascii")
        return "".join(f"{kind} {text}\n" for line in text.splitlines() for kind, text in ids_of(line)) if "ocean" in path.name else text
    return path.read_bytes().decode()


def ids_of(line: str) -> list[tuple[int, str]]:
    """dataType and id of each item of a line of Ocean Engine, by the protobuf library from the published message."""
    message = _dmp_data()()
    message.ParseFromString(base64.b64decode(line, validate=True))
    return [(item.dataType, item.id) for item in message.idList]


def _dmp_data() -> type:
    file = descriptor_pb2.FileDescriptorProto(name="toutiao_dmp.proto", package="toutiao.dmp", syntax="proto2")
    field = descriptor_pb2.FieldDescriptorProto
    kind = file.enum_type.add(name="DataType")
    for name, number in {
        "IMEI": 0,
        "IDFA": 1,
        "UID": 2,
        "IMEI_MD5": 4,
        "IDFA_MD5": 5,
        "MOBILE_HASH_SHA256": 6,
        "OAID": 7,
        "OAID_MD5": 8,
    }.items():
        kind.value.add(name=name, number=number)
    item = file.message_type.add(name="IdItem")
    item.field.add(name="timestamp", number=1, label=field.LABEL_OPTIONAL, type=field.TYPE_UINT32)
    item.field.add(name="dataType", number=2, label=field.LABEL_REQUIRED, type=field.TYPE_ENUM, type_name=".toutiao.dmp.DataType")
    item.field.add(name="id", number=3, label=field.LABEL_REQUIRED, type=field.TYPE_STRING)
    item.field.add(name="tags", number=4, label=field.LABEL_REPEATED, type=field.TYPE_STRING)
    data = file.message_type.add(name="DmpData")
    data.field.add(name="idList", number=1, label=field.LABEL_REPEATED, type=field.TYPE_MESSAGE, type_name=".toutiao.dmp.IdItem")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("toutiao.dmp.DmpData"))
