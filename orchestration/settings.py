"""The merchant's settings: frozen, with absolute paths, from ``regulars.yaml`` and the environment.

Unknown keys and values raise ``RegularsError`` and list the known ones, so that a typo never silently means "default".
"""

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from orchestration.errors import RegularsError

FILE_NAME = "regulars.yaml"
DEFAULT_HOME = "data"
ENVIRONMENT_PREFIX = "REGULARS_"


def _known_time_zone(name: str) -> str:
    if name not in available_timezones():
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        raise ValueError(
            f"unknown time zone {name!r}" + (f", did you mean {near[0]!r}?" if near else ", expected a name such as Asia/Shanghai")
        )
    return name


TimeZone = Annotated[str, AfterValidator(_known_time_zone)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")]


def _known_region(name: str) -> str:
    from phonenumbers import SUPPORTED_REGIONS  # takes a twentieth of a second, where a region is named at all

    if name not in SUPPORTED_REGIONS:
        raise ValueError(f"unknown region {name!r}, expected an ISO 3166 code of two capitals: {', '.join(sorted(SUPPORTED_REGIONS))}")
    return name


Region = Annotated[str, BeforeValidator(lambda value: "NO" if value is False else value), AfterValidator(_known_region)]
"""ISO 3166 alpha-2. Norway is what YAML takes for a no."""


def _amount_of_memory(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s?[KMGT]i?B", text):
        raise ValueError(f"{text!r} is no amount of memory, expected a number and KB, MB, GB or TB, such as 2.5GB")
    return text


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Section):
    """One place dumps come from: a folder of the inbox and the profile that reads it."""

    profile: str = "canonical"
    time_zone: TimeZone | None = None
    """Zone of the dump's local times, where the profile names none. Default: the merchant's."""
    channel: str | None = None
    """Sales channel of orders that name none. Default: the source's name."""
    region: Region | None = None
    """Country (ISO 3166, two letters) whose phones the dump writes without a country's code. Default: the merchant's."""
    membership_programme: str = ""
    """Whose membership numbers these are. Equal numbers of sources that name the same programme, or none, are one person's."""
    max_quarantined_share: float = Field(0.2, ge=0, le=1)
    """A file with a larger share of rows in quarantine is held as a whole."""
    complete_when: Literal["stable", "done_file", "manifest"] = "stable"
    """When a file counts as delivered: as soon as it stays the same while it is copied; once ``<name>.done`` stands beside it (or
    ``_SUCCESS`` in its folder); or once a manifest (``manifest*.json``, ``*.manifest.csv``, …) names it, with its bytes, rows or sha256."""
    empty_files: Literal["held", "expected"] = "held"
    """A file with a header and no rows. Expected or not, it never takes away what came under its name before."""
    max_volume_factor: float = Field(10, gt=1)
    """A file with more than this many times the usual rows of its source and feed, or fewer than that part of them, is held."""
    volume_from_files: int = Field(10, ge=1)
    """How many files a source and feed must have live before there is a usual volume."""
    dated_after_days: int = Field(1, ge=0, le=31)
    """How many days after its rows a file may be dated by its name: 1 where a night's export carries the day after. A run that looks back
    to a day reads the files dated up to so many days later."""


class Contact(_Section):
    """Whom lists may address, and how often."""

    complaint_cool_down_days: int = Field(14, ge=0, le=365)
    quiet_days: int = Field(14, ge=0, le=365)
    max_campaigns: int = Field(4, ge=1, le=100)
    max_campaigns_days: int = Field(30, ge=1, le=365)
    """No more than so many campaigns to one customer within so many days, over all lists."""
    one_list_per: Literal["customer", "channel", "list"] = "customer"
    """Who is on several lists of a run is sent the first of them by priority."""
    holdout_share: float = Field(0.05, ge=0, le=0.5)
    global_holdout_share: float = Field(0.0, ge=0, le=0.5)
    holdout_salt: str = "regulars"
    results_horizon_days: int = Field(30, ge=1, le=365)
    assume_consent_for: tuple[str, ...] = ()
    """Channels whose consent the merchant keeps elsewhere and vouches for. Default: no consent on record means no."""


class ListSizes(_Section):
    """When a list is so much longer or shorter than usual that it waits for `regulars approve`."""

    max_factor: float = Field(10, gt=1, le=1000)
    """This many times its usual size, or that part of it, and a list waits."""
    min_people: int = Field(100, ge=0)
    """A list waits for nobody as long as it neither has nor usually has so many people."""
    usual_from: int = Field(10, ge=1, le=100)
    """The usual size is the median of a list's sizes in so many last packages."""


class Settings(BaseSettings):
    """Everything a run depends on besides the dumps and the as-of day.

    The sections ``rfm``, ``abc``, ``clv``, ``quality``, ``credit``, ``preferences``, ``satisfaction``, ``lifecycle``, ``loyalty`` and
    ``identity`` hold the fields of the ``Rules`` of the module of that name in ``transforms``; ``lists`` changes or adds to
    ``orchestration/lists.yaml``, ``texts`` to ``orchestration/texts.yaml``.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__")

    home: Path
    currency: Currency = "CNY"
    exchange_rate_max_age_days: int = Field(0, ge=0, le=31)
    """How many days a rate stands in for the days after it that have none: 4 for rates that pause on weekends and holidays. 0: none."""
    incomplete_orders: Literal["held", "flagged"] = "held"
    """An order of which a row can't be read: held, in no figure, until its rows can be read; or published with what is read of it, marked
    ``is_incomplete`` in ``fct_orders``."""
    time_zone: TimeZone = "Asia/Shanghai"
    region: Region = "CN"
    """Country (ISO 3166, two letters) whose phones are written without a country's code."""
    language: Literal["en", "zh"] = "en"
    sources: dict[str, Source] = Field(default_factory=dict)
    rfm: dict[str, Any] = Field(default_factory=dict)
    abc: dict[str, Any] = Field(default_factory=dict)
    clv: dict[str, Any] = Field(default_factory=dict)
    quality: dict[str, Any] = Field(default_factory=dict)
    credit: dict[str, Any] = Field(default_factory=dict)
    preferences: dict[str, Any] = Field(default_factory=dict)
    satisfaction: dict[str, Any] = Field(default_factory=dict)
    texts: dict[str, Any] = Field(default_factory=dict)
    lifecycle: dict[str, Any] = Field(default_factory=dict)
    loyalty: dict[str, Any] = Field(default_factory=dict)
    identity: dict[str, Any] = Field(default_factory=dict)
    contact: Contact = Contact()
    lists: dict[str, Any] = Field(default_factory=dict)
    list_sizes: ListSizes = ListSizes()
    keep_publications: int = Field(3, ge=1, le=100)
    memory_limit: Annotated[str, AfterValidator(_amount_of_memory)] = "4GB"
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=256)
    _looks_back_to: str = PrivateAttr("")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the environment wins over regulars.yaml

    def looking_back_to(self, day: str) -> "Settings":
        """The same settings for a run as of a day before the published one: what it makes stands in a folder of its own."""
        copy = self.model_copy()
        copy._looks_back_to = day
        return copy

    @property
    def looks_back_to(self) -> str:
        """ISO day, or an empty text for a run that doesn't look back."""
        return self._looks_back_to

    @property
    def looks_back(self) -> bool:
        return bool(self._looks_back_to)

    @property
    def results(self) -> Path:
        """Where a run builds and publishes: the home, or, where it looks back, ``as_of/<day>``, which is laid out like one."""
        return self.look_backs / self._looks_back_to if self.looks_back else self.home

    @property
    def look_backs(self) -> Path:
        return self.home / "as_of"

    @property
    def derived(self) -> Path:
        """What Python makes of the clean layer for dbt and the lists: who is whom, scores, history, list members."""
        return self.results / "lake"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def reading_errors(self) -> Path:
        """Where it is written what failed while a file was read, a log for each file."""
        return self.state / "reading_errors"

    @property
    def warehouse(self) -> Path:
        return self.results / "warehouse.duckdb"

    @property
    def working(self) -> Path:
        """What the warehouse is made of, clear-text details among it."""
        return self.results / "working.duckdb"

    @property
    def engine(self) -> dict[str, str | bool | int | float | list[str]]:
        """What every DuckDB connection of a run is told: how much of the machine it may take."""
        return {"threads": self.threads, "memory_limit": self.memory_limit}

    @property
    def engine_beside(self) -> dict[str, str | bool | int | float | list[str]]:
        """The same for a connection that is at work while Python works through tables of its own: half of the memory."""
        number, unit = re.split(r"(?=[ KMGT])", self.memory_limit, maxsplit=1)
        return {**self.engine, "memory_limit": f"{float(number) / 2}{unit}"}

    @property
    def fingerprint(self) -> str:
        """Changes when a setting does that can change what is published; where the home stands and how fast it runs cannot."""
        content = self.model_dump(mode="json", exclude={"home", "threads", "memory_limit", "keep_publications"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def source_of(self, name: str) -> Source:
        """The source of that name; a folder of the inbox that no setting names is read with the canonical profile."""
        return self.sources.get(name, Source())


def load(home: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings of a home folder: ``<home>/regulars.yaml`` where it exists, each value overridable by ``REGULARS_<NAME>``.

    Raises ``RegularsError`` for YAML that can't be read, unknown keys and values out of range.
    """
    environment = os.environ if environment is None else environment
    home = (home or Path(environment.get("REGULARS_HOME") or DEFAULT_HOME)).expanduser().absolute()
    path = home / FILE_NAME
    _refuse_unknown_variables(environment)
    try:
        return Settings(**{**_read_yaml(path), "home": home})
    except ValidationError as error:
        raise RegularsError("\n".join(_explain(error, path))) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise RegularsError(f"{path} can't be read as YAML: {error}. Mend the file, or remove it to run with the defaults.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise RegularsError(
            f"{path} holds a {type(content).__name__}, expected `key: value` lines. Known keys: {', '.join(_keys(Settings))}."
        )
    if "home" in content:
        raise RegularsError(f"{path} sets 'home', which is the folder it stands in. Use --home or REGULARS_HOME instead.")
    return {str(key): value for key, value in content.items()}


def _keys(model: type[BaseModel]) -> list[str]:
    return sorted(name for name in model.model_fields if name != "home")


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {*Settings.model_fields, "warehouse", "working"}
    for name in environment:
        if name.startswith(ENVIRONMENT_PREFIX):
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")[0]
            if key not in known and not key.startswith("test_") and key != "shared_data":
                options = ", ".join(f"{ENVIRONMENT_PREFIX}{field.upper()}" for field in sorted(Settings.model_fields))
                raise RegularsError(f"Unknown environment variable {name}. Known: {options}. Unset it or correct its name.")


def _explain(error: ValidationError, path: Path) -> Iterator[str]:
    """One sentence per problem: where, what was seen, what was expected."""
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = _known_keys_at(problem["loc"])
            near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            yield f"Unknown key '{where}' in {path}.{hint} Known: {', '.join(known)}."
        else:
            yield f"{path}: {where} = {problem['input']!r} is not valid: {problem['msg'].removeprefix('Value error, ')}."


def _known_keys_at(location: tuple[int | str, ...]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {"sources": Source, "contact": Contact, "list_sizes": ListSizes}
    return _keys(sections.get(str(location[0]), Settings) if len(location) > 1 else Settings)
