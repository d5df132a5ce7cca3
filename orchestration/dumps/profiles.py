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
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from orchestration.dumps.dialect import Dialect
from orchestration.dumps.feeds import FEEDS
from orchestration.errors import RegularsError
from orchestration.settings import Currency, TimeZone

SHIPPED = Path(__file__).parent / "profiles"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class ColumnMap(_Part):
    """Where a canonical column comes from: the dump's column of one of the names in ``source``, or the constant ``value``."""

    source: Names = ()
    value: str | None = None
    reads: Literal["as_is", "integer_text"] = "as_is"
    """``integer_text``: an id that went through a float, ``17850.0`` for ``17850``."""
    map: dict[str, str] = Field(default_factory=dict)
    """Values of the dump (compared without surrounding blanks, in lower case) to canonical values."""

    @model_validator(mode="after")
    def _one_origin(self) -> "ColumnMap":
        if bool(self.source) == (self.value is not None):
            raise ValueError("expected exactly one of 'source' (names of the dump's column) and 'value' (a constant)")
        return self


def _as_column(value: Any) -> Any:
    return {"source": value} if isinstance(value, str | list) else value


def _valid_pattern(pattern: str) -> str:
    if re.compile(pattern).groups != 1:
        raise ValueError("expected one (group) around the date")
    return pattern


class FeedMap(Dialect):
    """How files of a dump become rows of one feed; the keys of ``Dialect`` say how their bytes are read."""

    files: Names
    """Patterns of file names, compared without regard to case."""
    delivery_date: Annotated[str, AfterValidator(_valid_pattern)] = r"(\d{4}-\d{2}-\d{2})"
    """Where the file name holds the business date (ISO): orders the versions of an order, bounds its dates."""
    columns: dict[str, Annotated[ColumnMap, BeforeValidator(_as_column)]]
    fee_products: Names = ()
    """Product ids that are fees or adjustments, never a purchase."""

    def matches(self, file_name: str) -> bool:
        return any(fnmatch.fnmatchcase(file_name.lower(), pattern.lower()) for pattern in self.files)

    def business_date(self, file_name: str) -> str:
        """The ISO date in the file name, or an empty text."""
        found = re.search(self.delivery_date, file_name)
        return found.group(1) if found else ""

    def locate(self, header: Iterable[str]) -> dict[str, str]:
        """Canonical column → the dump's column that feeds it, by trimmed name; the first known name wins."""
        present = {name.strip(): name for name in header}
        return {column: present[name] for column, origin in self.columns.items() for name in reversed(origin.source) if name in present}

    def missing(self, feed: str, header: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Required canonical columns that the header doesn't bring, each with the names it was looked for under."""
        located = self.locate(header)
        return {
            column.name: self.columns[column.name].source if column.name in self.columns else (column.name,)
            for column in FEEDS[feed]
            if column.required and column.name not in located and not self._is_constant(column.name)
        }

    def _is_constant(self, column: str) -> bool:
        return column in self.columns and self.columns[column].value is not None


class Profile(_Part):
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
            for column in mapping.columns:
                _refuse_unknown(f"column of feed '{feed}'", column, [known.name for known in FEEDS[feed]])
        return self

    @cached_property
    def fingerprint(self) -> str:
        """Changes when anything in the profile does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def feed_of(self, file_name: str) -> str | None:
        return next((feed for feed, mapping in self.feeds.items() if mapping.matches(file_name)), None)

    def ignored_because(self, file_name: str) -> str | None:
        return next((why for pattern, why in self.ignored.items() if fnmatch.fnmatchcase(file_name.lower(), pattern.lower())), None)


def _refuse_unknown(what: str, name: str, known: Iterable[str]) -> None:
    known = sorted(known)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise ValueError(f"unknown {what} '{name}'{f', did you mean {near[0]!r}?' if near else ''} Known: {', '.join(known)}")


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
        content = yaml.safe_load(paths[name].read_text(encoding="utf-8"))
        return Profile.model_validate({"name": name, **content})
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise RegularsError(f"Profile {paths[name]} is not valid: {_sentences(error)}") from None


def _sentences(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(f"{'.'.join(str(part) for part in problem['loc']) or 'profile'}: {problem['msg']}" for problem in error.errors())
