"""Regular expressions of profiles, in an engine whose time grows with the length of the text and no faster.

Python's own can take for ever: ``^(a+)+$`` on thirty letters is minutes. This is RE2, by way of PyArrow; DuckDB has the same, so that
a pattern means the same in SQL. It has no look-ahead, no look-behind and no back-references.
"""


def checked(pattern: str) -> str:
    """The pattern itself. Raises ``ValueError`` for one that RE2 doesn't take."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.scalar(""), pattern=pattern)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"{pattern!r} is not a regular expression that can be used ({str(error).removeprefix('Invalid regular expression: ')}); "
            "patterns are RE2's: no look-ahead, no look-behind, no back-references"
        ) from None
    return pattern


def checked_with_group(pattern: str) -> str:
    """The same for a pattern with exactly one (group)."""
    if _takes(checked(pattern), r"\1") and not _takes(pattern, r"\2"):
        return pattern
    raise ValueError("expected one (group) around the date")


def is_found(pattern: str, text: str) -> bool:
    """Whether the pattern matches anywhere in the text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.match_substring_regex(pa.scalar(text), pattern=pattern).as_py())


def group_of(pattern: str, text: str) -> str:
    """What the pattern's group holds at its first match; an empty text where it doesn't match."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_found(pattern, text):
        return ""
    return str(pc.replace_substring_regex(pa.scalar(text), pattern=f"(?s)^.*?(?:{pattern}).*$", replacement=r"\1").as_py())


def _takes(pattern: str, replacement: str) -> bool:
    """Whether the pattern has the groups that a replacement names."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.replace_substring_regex(pa.scalar(""), pattern=pattern, replacement=replacement)
    except pa.ArrowInvalid:
        return False
    return True
