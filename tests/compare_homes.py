"""Whether two homes publish the same: table by table, export by export. For changes that must not change a figure.

    make compare A=../home_before B=../home_after

Rows are compared whatever their order, fractional numbers (``double``) to nine decimals. Ids of runs and the hashes of files are no part of
what is published. Exit code 0 where all is the same, 1 where anything differs, 2 where a home has no publication.
"""

import argparse
import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

OF_A_RUN = frozenset({"run_id", "sha256", "bytes", "size_bytes"})
"""Keys of a manifest that differ from run to run though the rows are the same."""


@dataclass(frozen=True)
class Compared:
    """``rows``: of both; ``only``: those of each that the other lacks. ``columns``: whose values, names or types differ."""

    name: str
    rows: tuple[int, int]
    only: tuple[int, int] = (0, 0)
    columns: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_same(self) -> bool:
        return self.only == (0, 0) and not self.columns and not self.note


def compare(one: Path, other: Path) -> Iterator[Compared]:
    """Every published table, then every file of the latest exports. Raises ``FileNotFoundError`` for a home without a publication."""
    warehouses = [home / "published" / "warehouse.duckdb" for home in (one, other)]
    for path in warehouses:
        if not path.exists():
            raise FileNotFoundError(f"{path} isn't there: run the pipeline on that home first")
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, path in zip(("a", "b"), warehouses, strict=True):
            connection.execute(f"attach '{path.resolve()}' as {name} (read_only)")
        listed = "select table_name from information_schema.tables where table_schema = 'marts' and table_catalog = '{}'"
        tables = [{name for (name,) in connection.execute(listed.format(home)).fetchall()} for home in "ab"]
        for table in sorted(tables[0] | tables[1]):
            if missing := [home for home, names in zip("AB", tables, strict=True) if table not in names]:
                yield Compared(table, (0, 0), note=f"not in {missing[0]}")
            else:
                yield _relations(connection, table, f"a.marts.{table}", f"b.marts.{table}")
        yield from _exports(connection, one / "exports" / "latest", other / "exports" / "latest")


def _relations(connection: duckdb.DuckDBPyConnection, name: str, one: str, other: str) -> Compared:
    described = [dict(row[:2] for row in connection.execute(f"describe select * from {each}").fetchall()) for each in (one, other)]
    changed = [column for column in described[0].keys() | described[1].keys() if described[0].get(column) != described[1].get(column)]
    both = [column for column in described[0] if column not in changed]
    texts = [f'round("{column}", 9)' if described[0][column] == "DOUBLE" else f'"{column}"' for column in both]
    selected = ", ".join(texts)
    rows = tuple(connection.execute(f"select count(*) from {each}").fetchall()[0][0] for each in (one, other))

    def without(first: str, second: str, columns: str) -> int:
        asked = f"select count(*) from (select {columns} from {first} except all select {columns} from {second})"
        return connection.execute(asked).fetchall()[0][0]

    only = (without(one, other, selected), without(other, one, selected)) if both else (0, 0)
    differing = [column for column, text in zip(both, texts, strict=True) if any(only) and without(one, other, text)]
    return Compared(name, (rows[0], rows[1]), only, (*sorted(changed), *differing))


def _exports(connection: duckdb.DuckDBPyConnection, one: Path, other: Path) -> Iterator[Compared]:
    names = [{path.name for path in folder.iterdir()} if folder.is_dir() else set() for folder in (one, other)]
    for name in sorted(names[0] | names[1]):
        paths = one / name, other / name
        label = f"exports/{name}"
        if missing := [home for home, found in zip("AB", names, strict=True) if name not in found]:
            yield Compared(label, (0, 0), note=f"not in {missing[0]}")
        elif name.endswith(".parquet"):
            yield _relations(connection, label, *(f"read_parquet('{path}')" for path in paths))
        else:
            contents = [_content(path) for path in paths]
            sizes = (len(contents[0]), len(contents[1])) if name.endswith(".csv") else (0, 0)
            yield Compared(label, sizes, note="" if contents[0] == contents[1] else "another content")


def _content(path: Path) -> Any:
    """What of a file has to be the same: lines of text, the parts of a workbook, a manifest without what is of its run."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as workbook:
            return {part: workbook.read(part) for part in workbook.namelist() if part != "docProps/core.xml"}
    if path.suffix == ".json":
        return _without_run(json.loads(path.read_text(encoding="utf-8")))
    return path.read_bytes().split(b"\n")


def _without_run(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_run(each) for key, each in value.items() if key not in OF_A_RUN}
    return [_without_run(each) for each in value] if isinstance(value, list) else value


def show(console: Console, compared: list[Compared]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("table or file", no_wrap=True)
    for heading in ("rows in A", "rows in B", "only in A", "only in B"):
        table.add_column(heading, justify="right")
    table.add_column("what differs")
    for each in compared:
        differs = each.note or ", ".join(each.columns) or ("rows" if any(each.only) else "–")
        table.add_row(each.name, *(f"{count:,}" for count in (*each.rows, *each.only)), differs)
    console.print(table)
    different = sum(not each.is_same for each in compared)
    console.print(f"\n{len(compared) - different} of {len(compared)} tables and files are the same; {different} differ.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a", type=Path, help="a home")
    parser.add_argument("b", type=Path, help="the home to compare it with")
    asked = parser.parse_args()
    try:
        compared = list(compare(asked.a, asked.b))
    except (FileNotFoundError, duckdb.IOException) as error:
        print(error, file=sys.stderr)
        return 2
    show(Console(), compared)
    return 0 if all(each.is_same for each in compared) else 1


if __name__ == "__main__":
    sys.exit(main())
