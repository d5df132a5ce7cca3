"""Names and texts as SQL spells them."""

from pathlib import Path


def quoted(text: str | Path) -> str:
    """A text literal."""
    return "'" + str(text).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name of a table or column, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def readable(path: Path) -> str:
    """A literal for ``read_parquet`` and ``read_csv``. Only its last part may be a pattern: the folders' own names may hold such signs."""
    folder = str(path.parent).replace("[", "[[]").replace("?", "[?]").replace("*", "[*]")
    return quoted(f"{folder}/{path.name}")
