"""Archives: each file of one is a delivered file of its own; a dangerous one is held before anything of it is unpacked."""

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.dumps import archives, compression
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order


def orders(*rows: str) -> str:
    return "\n".join([ORDERS_HEADER, *rows]) + "\n"


def zipped(files: dict[str, str | bytes], spoil: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            spoil(info)
            archive.writestr(info, text)
    return content.getvalue()


def test_each_file_of_an_archive_is_a_delivered_file_of_its_own(home: Home) -> None:
    review = "review_id,rating,created_at\nR1,5,2026-03-01\n"
    home.deliver("march.zip", zipped({"orders_2026-03-01.csv": orders(order(1)), "more/reviews_1.csv": review, "notes.txt": "hello"}))
    landing = home.land()
    assert sorted(file.file_name for file in landing.live) == ["march.zip/more/reviews_1.csv", "march.zip/orders_2026-03-01.csv"]
    assert [(file.file_name, file.reason.split(":")[0]) for file in landing.held if file.reason] == [
        ("march.zip/notes.txt", "unknown_file")
    ]
    (archive,) = landing.archives
    assert (archive.file_name, archive.state, archive.kind) == ("march.zip", "unpacked", "archive")
    assert len(list((home.folder / "lake" / "raw" / "shop").iterdir())) == 1, "the archive is kept as it came, and nothing twice"
    assert home.land().files == 0


def test_an_archive_delivered_again_replaces_all_that_it_delivered_before(home: Home) -> None:
    day = "2026-03-0{}"
    first = {f"orders_{day.format(n)}.csv": orders(order(n, ordered_at=day.format(n))) for n in (1, 2, 3)}
    home.deliver("march.zip", zipped(first))
    home.land()
    second = {**first, f"orders_{day.format(2)}.csv": orders(order(2, ordered_at=day.format(2), quantity="7"))}
    del second[f"orders_{day.format(3)}.csv"]
    home.deliver("march.zip", zipped(second))
    landing = home.land()
    assert home.clean("order_id, quantity::integer") == [("O1", 2), ("O2", 7)]
    changed = {(change.action, change.file_name.rsplit("/", 1)[-1], change.rows_before, change.rows_after) for change in landing.changes}
    assert changed == {
        ("replaced", "march.zip", 0, 0),
        ("replaced", "orders_2026-03-02.csv", 1, 1),
        ("withdrawn", "orders_2026-03-03.csv", 1, 0),
    }
    home.deliver("march.zip", zipped(first))
    home.land()
    assert home.clean("order_id, quantity::integer") == [("O1", 2), ("O2", 2), ("O3", 2)], "the first archive, once more, counts again"


def test_a_file_that_also_came_by_itself_still_counts_when_its_archive_no_longer_has_it(home: Home) -> None:
    home.deliver("march.zip", zipped({"orders_1.csv": orders(order(1)), "orders_2.csv": orders(order(2))}))
    home.deliver("orders_1.csv", orders(order(1)))
    home.land()
    home.deliver("march.zip", zipped({"orders_2.csv": orders(order(2)), "orders_3.csv": orders(order(3))}))
    home.land()
    assert home.clean("order_id") == [("O1",), ("O2",), ("O3",)]


def _link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _named(name: str) -> Callable[[zipfile.ZipInfo], None]:
    def rename(info: zipfile.ZipInfo) -> None:
        info.filename = info.orig_filename = name

    return rename


def _encrypted() -> bytes:
    """The bit that says so is set, in the file's own header and in the directory."""
    content = bytearray(zipped({"orders_1.csv": orders(order(1))}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def _shared_bytes() -> bytes:
    """Two entries of the directory that point at the same file."""
    content = zipped({"orders_1.csv": orders(order(1)), "orders_2.csv": orders(order(2))})
    first, second = (place for place in (content.index(b"PK\x01\x02"), content.rindex(b"PK\x01\x02")))
    return content[: second + 42] + content[first + 42 : first + 46] + content[second + 46 :]


def _broken_member() -> bytes:
    content = bytearray(zipped({"orders_1.csv": orders(*map(order, range(300)))}))
    content[200] ^= 0xFF
    return bytes(content)


ONE = {"orders_1.csv": orders(order(1))}
DANGEROUS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a path above": (lambda: zipped(ONE, _named("../../orders_1.csv")), "path_outside"),
    "a path above, of Windows": (lambda: zipped(ONE, _named("..\\orders_1.csv")), "path_outside"),
    "an absolute path": (lambda: zipped(ONE, _named("/etc/orders_1.csv")), "path_outside"),
    "a drive": (lambda: zipped(ONE, _named("C:/orders_1.csv")), "path_outside"),
    "a link": (lambda: zipped(ONE, _link), "link_in_archive"),
    "an archive within": (lambda: zipped({"orders_1.csv": zipped(ONE)}), "nested_archive"),
    "encryption": (_encrypted, "encrypted"),
    "files that share bytes": (_shared_bytes, "zip_bomb"),
    "too many files": (lambda: zipped({f"orders_{number}.csv": "x" for number in range(30)}), "zip_bomb"),
    "a thousand to one": (lambda: zipped({"orders_1.csv": b"0" * 9_000_000}), "zip_bomb"),
    "no file": (lambda: zipped({}), "empty_archive"),
    "half of it": (lambda: zipped(ONE)[:-30], "corrupt_zip"),
    "a wrong byte": (_broken_member, "corrupt_zip"),
}


@pytest.mark.parametrize(("make", "reason"), DANGEROUS.values(), ids=DANGEROUS)
def test_a_dangerous_or_damaged_archive_is_held_before_anything_of_it_counts(
    home: Home, make: Callable[[], bytes], reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 20)
    monkeypatch.setattr(archives, "RATIO_MATTERS_FROM", 1 << 20)
    home.deliver("march.zip", make())
    home.deliver("orders_9.csv", orders(order(9)))
    landing = home.land()
    assert [(file.file_name, (file.reason or "").split(":")[0]) for file in landing.held] == [("march.zip", reason)]
    assert home.clean("order_id") == [("O9",)], "the others go on"
    assert not list(tmp_path.rglob("orders_1.csv"))


@pytest.mark.parametrize("name", ["orders_1.csv.gz", "orders_1.csv.zst"])
def test_a_packed_file_that_would_fill_the_disk_is_held_while_it_unpacks(home: Home, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    import zstandard

    monkeypatch.setattr(compression, "RATIO_MATTERS_FROM", 1 << 20)
    bomb = b"0" * 30_000_000
    home.deliver(name, gzip.compress(bomb) if name.endswith("gz") else zstandard.compress(bomb))
    (held,) = home.land().held
    assert (held.reason or "").startswith("zip_bomb: ")


class _ChineseName(zipfile.ZipInfo):
    """A file name in GBK without the mark of UTF-8, as packers on Chinese Windows write it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the name that the library calls
        return self.filename.encode("gbk"), 0


def test_names_in_an_archive_are_read_as_the_profiles_dumps_are(home: Home) -> None:
    columns = ", ".join(f"{name}: {name}" for name in ORDERS_HEADER.split(","))
    (home.folder / "profiles").mkdir()
    (home.folder / "profiles" / "own.yaml").write_text(
        f"version: 1\ntitle: t\nfeeds:\n  orders:\n    files: 订单*.csv\n    encoding: gb18030\n    columns: {{{columns}}}\n",
        encoding="utf-8",
    )
    (home.folder / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: own}}\n")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(_ChineseName("订单1.csv"), orders(order(1, customer_id="红茶")).encode("gb18030"))
        archive.writestr(zipfile.ZipInfo("__MACOSX/._订单1.csv"), b"\0")
    home.deliver("march.zip", content.getvalue())
    landing = home.land()
    assert [file.file_name for file in landing.ignored] == ["march.zip/__MACOSX/._订单1.csv"]
    assert home.clean("customer_id") == [("红茶",)]
