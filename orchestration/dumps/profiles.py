"""Profiles: how one kind of dump maps onto the canonical feeds, a YAML file each.

Shipped in ``profiles/``; a file of the same name in ``<home>/profiles/`` wins.
"""

import difflib
import fnmatch
import hashlib
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.feeds import FEEDS, Column, Kind
from orchestration.dumps.file_dates import Dates, dates
from orchestration.dumps.keys import Names, Part
from orchestration.dumps.layouts import Layout, arranged
from orchestration.dumps.patterns import checked_with_group
from orchestration.dumps.row_rules import RowRule
from orchestration.dumps.zones import RepeatedHour, SkippedHour
from orchestration.errors import RegularsError
from orchestration.settings import Currency, TimeZone

SHIPPED = Path(__file__).parent / "profiles"
MOST_MARKS = 5
_MARK = re.compile(r"(?:^|\s)#\s*CHECK:(.*)")

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
            raise ValueError("'plus', 'less' and 'zone' stand beside a 'source', not beside a constant")
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


def _as_column(value: Any) -> Any:
    return {"source": value} if isinstance(value, str | list) else value


class FeedMap(Dialect):
    """How files of a dump become rows of one feed; the keys of ``Dialect`` say how their bytes are read."""

    files: Names
    """Patterns of file names, compared without regard to case."""
    delivery_date: Annotated[str, AfterValidator(checked_with_group)] | None = None
    """Where the file name holds the business date (ISO): orders the versions of an order, bounds its dates. Default: any date in the name;
    of several, as in a range, the last."""
    columns: dict[str, Annotated[ColumnMap, BeforeValidator(_as_column)]]
    skipped_hour: SkippedHour = "refuse"
    """A local time that the clocks jumped over in spring: refused, or read as if they hadn't, an hour ``forward``."""
    repeated_hour: RepeatedHour = "later"
    """A local time that came twice in autumn: the ``earlier`` one, the ``later`` one (standard time), or refused."""
    fee_products: Names = ()
    """Product ids that are fees, never a purchase."""
    adjustment_products: Names = ()
    """Product ids that are adjustments (corrections, samples, commissions), never a purchase."""
    rules: tuple[RowRule, ...] = ()
    """Rows that are left out, or whose status or kind is another than they say."""
    layout: Layout = Layout()
    """How the dump's rows become order lines, where they are not lines already."""

    @property
    def splits_at_blanks(self) -> bool:
        return self.layout.split_at_blanks

    @property
    def of_order(self) -> tuple[str, ...]:
        """Canonical columns whose values belong to the whole order."""
        return tuple(name for name, origin in self.columns.items() if origin.of == "order")

    def origin(self, column: str) -> ColumnMap:
        """Where a canonical column comes from; one that the profile doesn't name, from nowhere."""
        return self.columns.get(column, ColumnMap(source=(column,)))

    def check_amounts(self, feed: str) -> None:
        """Raises ``ValueError`` for amounts of an order in a feed without order lines, and for those that say the same twice."""
        if self.of_order and "unit_price" not in {column.name for column in FEEDS[feed]}:
            raise ValueError(f"feed '{feed}' has no order lines, so no column can be 'of: order'")
        if "unit_price" in self.of_order:
            raise ValueError("unit_price is what a line costs; map what the order costs in all to total_amount")
        if "total_amount" in self.columns and "discount_amount" in self.columns:
            raise ValueError(
                "expected one of 'total_amount' and 'discount_amount': what is taken off follows from what the order costs in all"
            )
        if "refund_amount" in self.of_order and "order_refund_amount" in self.columns:
            raise ValueError("expected one of 'refund_amount' with 'of: order' and 'order_refund_amount', which are the same")

    @cached_property
    def _file_pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(fnmatch.translate(pattern.lower()) for pattern in self.files))

    def matches(self, file_name: str) -> bool:
        return self._file_pattern.match(file_name.lower()) is not None

    def dates(self, file_name: str) -> Dates:
        """The dates that a file of that name is about."""
        return dates(file_name, self.delivery_date)

    def locate(self, header: Iterable[str]) -> dict[str, str]:
        """Canonical column → the dump's column that feeds it, by trimmed name; the first known name wins."""
        present = {name.strip(): name for name in arranged(self.layout, tuple(header)).header}
        return {column: present[name] for column, origin in self.columns.items() for name in reversed(origin.source) if name in present}

    @property
    def columns_named(self) -> tuple[str, ...]:
        """Names of the dump's columns that any key reads, and patterns of names."""
        of_columns = (name for origin in self.columns.values() for name in (*origin.source, *origin.beside))
        return tuple(dict.fromkeys([*of_columns, *sorted(self.layout.reads)]))

    def may_read(self, column: str) -> bool:
        """Whether any key reads a column of that name."""
        known = self.columns_named
        name = column.strip()
        return name in known or any(fnmatch.fnmatchcase(name, pattern) for pattern in known)

    def missing(self, feed: str, header: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Required canonical columns and keys of the layout that the header doesn't bring, each with the names it was looked for under."""
        header = tuple(header)
        located = self.locate(header)
        return self.layout.lacks(header) | {
            column.name: self.columns[column.name].source if column.name in self.columns else (column.name,)
            for column in FEEDS[feed]
            if column.required and column.name not in located and not self._is_constant(column.name)
        }

    def _is_constant(self, column: str) -> bool:
        return column in self.columns and self.columns[column].value is not None


class Profile(Part):
    name: str
    version: int = Field(ge=1)
    title: str
    time_zone: TimeZone | None = None
    """Zone of local times in the dump. Default: the source's, then the merchant's."""
    currency: Currency | None = None
    """Currency of dumps without a currency column. Default: the merchant's."""
    feeds: dict[str, FeedMap]
    ignored: dict[str, str] = Field(default_factory=dict)
    """Patterns of files that belong to the dump but are not read, each with the reason."""

    @model_validator(mode="after")
    def _known_names(self) -> "Profile":
        for feed, mapping in self.feeds.items():
            _refuse_unknown("feed", feed, FEEDS)
            known = [column.name for column in FEEDS[feed]]
            for column in mapping.columns:
                _refuse_unknown(f"column of feed '{feed}'", column, known)
                mapping.columns[column].check_against(next(known for known in FEEDS[feed] if known.name == column))
            if mapping.layout.multiplies and "unit_price" not in known:
                raise ValueError(f"feed '{feed}' has no order lines, so its layout can't have 'packed' or 'prices: per_line'")
            mapping.check_amounts(feed)
            for rule in mapping.rules:
                rule.check_against(FEEDS[feed])
        return self

    @cached_property
    def fingerprint(self) -> str:
        """Changes when anything in the profile does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def fault(self) -> str:
        """Why the profile can't be used, or an empty text."""
        return ""

    def feed_of(self, file_name: str) -> str | None:
        return next((feed for feed, mapping in self.feeds.items() if mapping.matches(file_name)), None)

    def ignored_because(self, file_name: str) -> str | None:
        return next((why for pattern, why in self.ignored.items() if fnmatch.fnmatchcase(file_name.lower(), pattern.lower())), None)


class BrokenProfile(Profile):
    """In the place of a profile that isn't there or isn't valid: it takes no file, so that other sources go on."""

    why: str

    @property
    def fault(self) -> str:
        return self.why


def _refuse_unknown(what: str, name: str, known: Iterable[str]) -> None:
    known = sorted(known)
    if name not in known:
        raise ValueError(f"unknown {what} '{name}'{_did_you_mean(name, known)} Known: {', '.join(known)}")


def known_profiles(home: Path) -> dict[str, Path]:
    """Name → file of every profile that this home can use."""
    return {path.stem: path for folder in (SHIPPED, home / "profiles") for path in sorted(folder.glob("*.yaml"))}


def load_profile(name: str, home: Path, wanted_by: str) -> Profile:
    """The profile of that name. ``wanted_by`` says in the error which setting asked for it."""
    paths = known_profiles(home)
    if name not in paths:
        near = difflib.get_close_matches(name, paths, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise RegularsError(
            f"Unknown profile '{name}' for {wanted_by}.{hint} Known: {', '.join(sorted(paths))}. Set {wanted_by}.profile in regulars.yaml."
        )
    try:
        return parsed(paths[name].read_text(encoding="utf-8"), name)
    except (ValueError, OSError) as error:
        raise RegularsError(f"Profile {paths[name]} is not valid: {error}") from None


def parsed(text: str, name: str) -> Profile:
    """The profile that a text of YAML is. Raises ``ValueError`` that says what is wrong with it."""
    try:
        return Profile.model_validate({**yaml.safe_load(text), "name": name})
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise ValueError(_sentences(error)) from None


def open_marks(path: Path) -> list[str]:
    """What a proposed profile still asks a person, each with the number of its line: the comments that begin with CHECK."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [f"line {number}: {found[1].strip()}" for number, line in enumerate(lines, 1) if (found := _MARK.search(line))]


def profile_or_fault(name: str, home: Path, wanted_by: str) -> Profile:
    """The profile of that name, or one that says why it can't be used."""
    try:
        profile, path = load_profile(name, home, wanted_by), known_profiles(home)[name]
        if asked := open_marks(path):
            raise RegularsError(
                f"Profile {path} has {len(asked)} open marks. {'; '.join(asked[:MOST_MARKS])}",
                do="correct what a mark is about, or leave it as it is, delete the mark, and run again",
            )
        return profile
    except RegularsError as error:
        return BrokenProfile(name=name, version=1, title="can't be used", feeds={}, why=str(error))


def _sentences(error: Exception) -> str:
    return " ".join(map(_sentence, error.errors())) if isinstance(error, ValidationError) else str(error)


def _sentence(problem: Any) -> str:
    *above, key = map(str, problem["loc"] or ("profile",))
    if problem["type"] != "extra_forbidden":
        return f"{'.'.join((*above, key))}: {problem['msg'].removeprefix('Value error, ')}."
    known = sorted(_keys_below(Profile, above))
    return f"Unknown key '{key}' in {'.'.join(above) or 'the profile'}{_did_you_mean(key, known)} Known: {', '.join(known)}."


def _keys_below(kind: Any, path: list[str]) -> list[str]:
    """Keys that a part of the profile knows, by the way to it: through the fields of models, and the values of mappings."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if not path:
            return [name for name in kind.model_fields if name != "name"]
        return _keys_below(kind.model_fields[path[0]].annotation, path[1:]) if path[0] in kind.model_fields else []
    if get_origin(kind) is dict:
        return _keys_below(get_args(kind)[1], path[1:])
    if get_origin(kind) is tuple and path and path[0].isdigit():
        return _keys_below(get_args(kind)[0], path[1:])
    return [key for inner in get_args(kind) for key in _keys_below(inner, path)]


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else "."
