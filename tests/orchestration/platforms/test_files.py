"""Files that keep their platform's limits, lose nobody, and are the same each time."""

import base64
import dataclasses
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.platforms import files
from orchestration.platforms.files import MEGABYTE, Layout, cuts
from orchestration.platforms.registry import PLATFORMS
from tests.orchestration.platforms.people import content_of, ids_of

HASHES = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(25_001)]


@given(
    sizes=st.lists(st.integers(1, 50), max_size=60),
    max_rows=st.one_of(st.none(), st.integers(1, 20)),
    max_bytes=st.one_of(st.none(), st.integers(1, 200)),
)
def test_cuts_take_every_row_once_in_order_and_keep_both_limits(sizes: list[int], max_rows: int | None, max_bytes: int | None) -> None:
    pieces = list(cuts(np.array(sizes, dtype=np.int64), max_rows, max_bytes))
    assert [row for start, rows in pieces for row in range(start, start + rows)] == list(range(len(sizes)))
    for number, (start, rows) in enumerate(pieces):
        assert rows >= 1
        assert max_rows is None or rows <= max_rows
        assert max_bytes is None or rows == 1 or sum(sizes[start : start + rows]) <= max_bytes
        if number + 1 < len(pieces):  # no part ends before it has to
            fuller = sizes[start : start + rows + 1]
            assert len(fuller) > (max_rows or len(sizes)) or sum(fuller) > (max_bytes or sum(sizes))


SMALL = {"max_bytes": 12_000}


@pytest.mark.parametrize("name", ["google", "tiktok", "tencent", "qianchuan", "ocean_engine", "aliyun_sms"])
def test_parts_stay_below_the_limit_in_bytes_and_hold_everybody(tmp_path: Path, name: str) -> None:
    layout = dataclasses.replace(PLATFORMS[name].layout, **SMALL)
    cells, headers = pl.DataFrame({"cell_0": HASHES[:1_000]}), ("Email",)
    parts = list(layout.parts(cells, headers))
    assert len(parts) > 4
    assert pl.concat(parts).equals(cells)
    for number, part in enumerate(parts):
        path = tmp_path / f"{name}_{number}.{layout.ending}"
        layout.write(path, headers, part)
        assert path.stat().st_size <= SMALL["max_bytes"]
        if layout.is_packed:
            with zipfile.ZipFile(path) as archive:
                assert sum(entry.file_size for entry in archive.infolist()) <= SMALL["max_bytes"]
        assert content_of(path).count(part.item(0, 0)) == 1


def test_a_zip_keeps_its_limit_even_if_nothing_can_be_packed(tmp_path: Path) -> None:
    """Bytes without any order grow a little in a zip; the limit holds for them too."""

    def write(path: Path, headers: tuple[str, ...], cells: pl.DataFrame) -> None:
        files._zip(path, np.random.default_rng(7).bytes(cells.height * 1_066))

    layout = Layout("zip", write, max_bytes=8_000_000, bytes_per_row=1_000, is_packed=True)
    (first, *_) = layout.parts(pl.DataFrame({"cell_0": HASHES[:8_000]}), ("Email",))
    layout.write(tmp_path / "a.zip", (), first)
    assert 7_980_000 < (tmp_path / "a.zip").stat().st_size <= 8_000_000


def test_a_number_of_rows_is_a_limit_too(tmp_path: Path) -> None:
    layout = PLATFORMS["huawei_sms"].layout
    assert [part.height for part in layout.parts(pl.DataFrame({"cell_0": ["13800138000"] * 100_001}), ("手机号码",))] == [50_000, 50_000, 1]
    assert list(layout.parts(pl.DataFrame({"cell_0": []}, schema={"cell_0": pl.String}), ("手机号码",))) == []


@pytest.mark.parametrize(
    ("name", "max_bytes", "max_rows"),
    [
        ("tiktok", 1_000 * MEGABYTE - 1, None),
        ("klaviyo", 50 * MEGABYTE, None),
        ("hubspot", 20 * MEGABYTE, 1_048_575),
        ("tencent", 100 * MEGABYTE, None),
        ("ocean_engine", 50 * MEGABYTE, None),
        ("qianchuan", 25 * MEGABYTE, None),
        ("dharma", None, 49_999_999),
        ("aliyun_sms", 12 * MEGABYTE, 50_000),
        ("huawei_sms", None, 50_000),
    ],
)
def test_limits_are_those_that_the_platforms_publish(name: str, max_bytes: int | None, max_rows: int | None) -> None:
    """Sources in docs/platforms.md."""
    layout = PLATFORMS[name].layout
    assert (layout.max_bytes, layout.max_rows) == (max_bytes, max_rows)


def test_ocean_engine_reads_back_every_id_from_lines_of_at_most_ten_thousand(tmp_path: Path) -> None:
    files.write_zipped_messages(tmp_path / "ids.zip", ("phone",), pl.DataFrame({"cell_0": HASHES}))
    with zipfile.ZipFile(tmp_path / "ids.zip") as archive:
        lines = archive.read("ids.txt").decode("ascii").splitlines()
    read = [ids_of(line) for line in lines]
    assert [len(ids) for ids in read] == [10_000, 10_000, 5_001]
    assert [item for ids in read for item in ids] == [(6, phone_hash) for phone_hash in HASHES]
    assert all(base64.b64encode(base64.b64decode(line)).decode() == line for line in lines)


def test_the_same_rows_give_the_same_files_and_a_zip_says_nothing_of_when(tmp_path: Path) -> None:
    for layout in (
        PLATFORMS["tencent"].layout,
        PLATFORMS["ocean_engine"].layout,
        PLATFORMS["huawei_sms"].layout,
        PLATFORMS["google"].layout,
    ):
        paths = [tmp_path / folder / f"a.{layout.ending}" for folder in ("one", "two")]
        for path in paths:
            path.parent.mkdir(exist_ok=True)
            layout.write(path, ("phone",), pl.DataFrame({"cell_0": HASHES[:50]}))
        assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(tmp_path / "one" / "a.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_csv_may_have_a_header_twice_and_ends_its_lines_as_the_standard_says(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "a.csv", ("Email", "Email"), pl.DataFrame({"a": ["a@x.com", None], "b": [None, "b@x.com"]}))
    assert (tmp_path / "a.csv").read_bytes() == b"Email,Email\r\na@x.com,\r\n,b@x.com\r\n"
