"""The columns of ``customer_360`` as the dbt project promises them: known before anything is built, from one small file."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    import polars as pl

CONTRACT = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "marts" / "customer_360.yml"
_DECIMAL = re.compile(r"(?:decimal|numeric)\((\d+), ?(\d+)\)")


@dataclass(frozen=True)
class Column:
    """One column: its name, its type as dbt spells it, and what it says."""

    name: str
    data_type: str
    description: str


@functools.cache
def customer_360() -> tuple[Column, ...]:
    """The columns in their order. dbt enforces them, so a table that was built has no others."""
    (model,) = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["models"]
    return tuple(
        Column(column["name"], column["data_type"].lower(), " ".join(column.get("description", "").split())) for column in model["columns"]
    )


def schema() -> "pl.Schema":
    """The columns with the types in which Polars reads them. One that lists can't use is binary."""
    import polars as pl

    plain: dict[str, pl.DataType] = {
        "varchar": pl.String(), "boolean": pl.Boolean(), "date": pl.Date(), "timestamp": pl.Datetime("us"), "double": pl.Float64(),
        "tinyint": pl.Int8(), "smallint": pl.Int16(), "integer": pl.Int32(), "bigint": pl.Int64(),
    }  # fmt: skip

    def dtype(name: str) -> pl.DataType:
        found = _DECIMAL.fullmatch(name)
        return pl.Decimal(int(found[1]), int(found[2])) if found else plain.get(name, pl.Binary())

    return pl.Schema({column.name: dtype(column.data_type) for column in customer_360()})
