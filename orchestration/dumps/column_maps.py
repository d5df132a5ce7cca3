"""Where one canonical column of a profile comes from, and how its texts are to be read."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from orchestration.dumps.feeds import Column, Kind
from orchestration.dumps.keys import Names, Part
from orchestration.settings import TimeZone

NUMBERS: tuple[Kind, ...] = ("money", "rate", "quantity", "integer")

KEYS_OF_KINDS: dict[str, tuple[Kind, ...]] = {
    "map": ("choice", "boolean"),
    "format": ("timestamp", "date"),
    "decimal": NUMBERS,
    "thousands": NUMBERS,
    "affixes": NUMBERS,
    "sign": NUMBERS,
    "of": ("money",),
    "plus": ("money",),
    "less": ("money",),
    "zone": ("timestamp",),
    "scale": ("money", "rate", "quantity"),
}
"""The kinds of columns that a key of ``ColumnMap`` says something about."""

READS_OF_KINDS: dict[str, tuple[Kind, ...]] = {
    "integer_text": ("key",),
    **dict.fromkeys(("epoch_seconds", "epoch_milliseconds"), ("timestamp",)),
    **dict.fromkeys(("excel_serial", "sas_date", "sas_datetime"), ("timestamp", "date")),
}


SIGNS, BRACKETS = "-+\u2212\ufe63－＋", "()（）"

FORMAT_PARTS = "%a %A %b %B %d %-d %f %H %-H %I %-I %j %m %-m %M %-M %p %S %-S %y %Y %z %%"


def _valid_formats(forms: tuple[str, ...]) -> tuple[str, ...]:
    for form in forms:
        parts = re.findall(r"%-?.?", form)
        if not set(parts) <= set(FORMAT_PARTS.split()) or not {"%Y", "%y"} & set(parts):
            raise ValueError(f"expected a strptime format with a year such as '%d/%m/%Y %H:%M', made of {FORMAT_PARTS}")
    if len({"%z" in form for form in forms}) > 1:
        raise ValueError("expected %z, the offset from UTC, in all formats of a column or in none")
    return forms


def _valid_affixes(affixes: tuple[str, ...]) -> tuple[str, ...]:
    for affix in affixes:
        if not affix.strip() or re.search(f"^[{SIGNS}]|[{SIGNS}]$|[{BRACKETS}]", affix.strip()):
            raise ValueError(
                f"{affix!r} would swallow a sign: brackets and signs say that a number is negative, and are read without a key. "
                "Leave them out: ['$'] reads ($30.00) and -$30.00"
            )
    return affixes


def _as_words(value: Any) -> Any:
    """YAML reads an unquoted true, yes, no as a boolean: taken back where it is the value, refused where the dump's own word is lost."""
    if not isinstance(value, dict):
        return value
    if any(isinstance(word, bool) for word in value):
        raise ValueError("quote the words of 'map': YAML reads yes, no, on, off, true and false without quotes as something else")
    return {str(word): str(meant).lower() if isinstance(meant, bool) else meant for word, meant in value.items()}


class ZoneMap(Part):
    """The dump's column that says which zone the local time of a row is in, and what its words mean."""

    source: Names
    map: Annotated[dict[str, TimeZone], Field(min_length=1)]
    """The dump's words, without regard to case and blanks around them → time zones: ``Pacific Time (US & Canada): America/Los_Angeles``."""


class ColumnMap(Part):
    """Where a canonical column comes from: the dump's column of one of the names in ``source``, or the constant ``value``.

    The other keys say how its texts are to be read, where that isn't the usual way: ``1234.50``, ``2026-10-31 12:00:00``, ``true``.
    """

    source: Names = ()
    value: str | None = None
    reads: Literal["as_is", "integer_text", "epoch_seconds", "epoch_milliseconds", "excel_serial", "sas_date", "sas_datetime"] = "as_is"
    """``integer_text``: an id that went through a float, ``17850.0`` for ``17850``. Dates as numbers: ``epoch_…`` since 1970 in UTC;
    ``excel_serial`` days since 1899-12-30, ``sas_date`` days and ``sas_datetime`` seconds since 1960-01-01, in the dump's zone, to the
    millisecond."""
    format: Annotated[Names, AfterValidator(_valid_formats)] = ()
    """How a timestamp is written, as for strptime: ``%d/%m/%Y %H:%M``; with ``%z`` it says its own offset from UTC. Of several, the first
    that takes the text."""
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    """What stands between groups of three digits: ``,`` in ``1,234.50``. A number without groups is read too."""
    affixes: Annotated[Names, AfterValidator(_valid_affixes)] = ()
    """Texts that may stand before or after a number and mean nothing: ``["¥", 元]``."""
    of: Literal["row", "order"] = "row"
    """Amounts: what a value belongs to. One of the whole order counts once, whether its first row, every row or any row brings it."""
    plus: Names = ()
    """Amounts: further columns of the dump that are added, read in the same way. An empty one is zero."""
    less: Names = ()
    """Amounts: further columns of the dump that are taken off, read in the same way. An empty one is zero."""
    zone: ZoneMap | None = None
    """Timestamps: the column that names the zone of each row. A row that names none is in the zone of the dump."""
    sign: Literal["as_is", "reversed"] = "as_is"
    """``reversed``: the dump writes what the column holds as negative numbers: a discount of 5.00 as ``-5.00``."""
    blanks: Names = ()
    """Texts that mean “no value”, in any case: ``["-", N/A]``."""
    scale: Annotated[Decimal, Field(gt=0, lt=1_000_000, max_digits=12, decimal_places=6)] | None = None
    """What a number is multiplied by: ``0.01`` for cents."""
    map: Annotated[dict[str, str], BeforeValidator(_as_words)] = Field(default_factory=dict)
    """Values of the dump (compared without surrounding blanks, in lower case) to canonical values."""

    @property
    def beside(self) -> tuple[str, ...]:
        """Names of the dump's columns that are read beside ``source``."""
        return (*self.plus, *self.less, *(self.zone.source if self.zone else ()))

    @property
    def has_usual_form(self) -> bool:
        """Whether the texts are written as in a canonical dump."""
        is_plain = self.reads == "as_is" and self.sign == "as_is" and self.decimal == "."
        return is_plain and not (self.format or self.thousands or self.affixes or self.scale)

    @model_validator(mode="after")
    def _one_origin(self) -> "ColumnMap":
        if bool(self.source) == (self.value is not None):
            raise ValueError("expected exactly one of 'source' (names of the dump's column) and 'value' (a constant)")
        if self.beside and not self.source:
            raise ValueError("'plus', 'less' and 'zone' need a 'source'; a constant 'value' can't have them")
        if self.thousands == self.decimal:
            raise ValueError(f"'thousands' and 'decimal' are both {self.decimal!r}; a number could be read two ways")
        if self.format and self.reads != "as_is":
            raise ValueError(f"expected one of 'format' and 'reads: {self.reads}', found both")
        return self

    def check_against(self, column: Column) -> None:
        """Raises ``ValueError`` for a key that says nothing about a column of that kind, and for a word mapped to an unknown value."""
        misplaced = [key for key, kinds in KEYS_OF_KINDS.items() if key in self.model_fields_set and column.kind not in kinds]
        if misplaced or column.kind not in READS_OF_KINDS.get(self.reads, (column.kind,)):
            key = misplaced[0] if misplaced else f"reads: {self.reads}"
            kinds = KEYS_OF_KINDS[misplaced[0]] if misplaced else READS_OF_KINDS[self.reads]
            raise ValueError(f"column '{column.name}' is of kind {column.kind}; '{key}' is for {', '.join(kinds)}")
        if self.value is not None:
            self._check_value(self.value, column)
        known = column.choices if column.kind == "choice" else ("true", "false")
        for word, meant in self.map.items():
            if meant not in known:
                raise ValueError(f"column '{column.name}': '{word}' is mapped to '{meant}'. Known: {', '.join(known)}")

    def _check_value(self, value: str, column: Column) -> None:
        if not value:
            if column.filled and column.default is None and column.name != "currency":
                raise ValueError(f"column '{column.name}' must not be empty, so it can't have the value ''")
            return
        allowed = column.choices or ("true", "false") if column.kind in ("choice", "boolean") else ()
        if allowed and value not in allowed:
            raise ValueError(f"column '{column.name}' can't have the value '{value}'. Known: {', '.join(allowed)}")
        if column.kind in NUMBERS and not re.fullmatch(r"-?\d+(\.\d+)?", value):
            raise ValueError(f"column '{column.name}' is a number, '{value}' is none; expected one such as '1' or '-2.50'")


def as_column(value: Any) -> Any:
    return {"source": value} if isinstance(value, str | list) else value
