"""Profiles: how one kind of dump maps onto the canonical feeds, a YAML file each.

Shipped in ``profiles/``; a file of the same name in ``<home>/profiles/`` wins.
"""

import difflib
import fnmatch
import hashlib
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, model_validator

from orchestration.dumps.column_maps import ColumnMap, as_column
from orchestration.dumps.dialect import Dialect
from orchestration.dumps.feeds import FEEDS
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


class FeedMap(Dialect):
    """How files of a dump become rows of one feed; the keys of ``Dialect`` say how their bytes are read."""

    files: Names
    """Patterns of file names, compared without regard to case."""
    delivery_date: Annotated[str, AfterValidator(checked_with_group)] | None = None
    """Where the file name holds the business date (ISO): orders the versions of an order, bounds its dates. Default: any date in the name;
    of several, as in a range, the last."""
    columns: dict[str, Annotated[ColumnMap, BeforeValidator(as_column)]]
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
