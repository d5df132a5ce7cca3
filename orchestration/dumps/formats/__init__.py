"""Every format becomes regular UTF-8 CSV text, so that all of them go down one street.

``convert`` is the one entry. What it writes is RFC 4180 with a header and line feeds, unless the delivered file was text: then its own
delimiter, quotes and line ends stay, and only encoding, preamble and footer are dealt with.
"""

from collections.abc import Callable
from pathlib import Path

from orchestration.dumps.dialect import Dialect, Format
from orchestration.dumps.formats import json_array, jsonl, parquet, text, xlsx
from orchestration.dumps.formats.converted import Converted as Converted


def convert(content: Path, target: Path, kind: Format, dialect: Dialect) -> Converted:
    """Write the text of ``content`` to ``target``. Raises ``HeldError`` where it can't be read as what it is said to be."""
    convert_as: dict[Format, Callable[[Path, Path, Dialect], Converted]] = {
        "csv": text.convert,
        "json": json_array.convert,
        "jsonl": jsonl.convert,
        "xlsx": xlsx.convert,
        "parquet": parquet.convert,
    }
    return convert_as[kind](content, target, dialect)
