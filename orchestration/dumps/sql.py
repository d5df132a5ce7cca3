"""Text as a SQL literal."""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
