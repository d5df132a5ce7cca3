"""The lists that a run didn't build, and why: from the step that builds lists to those that check and publish them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from orchestration.io import write_json
from orchestration.settings import Settings
from transforms.list_definitions import Wording
from transforms.list_offers import BrokenList


@dataclass(frozen=True)
class LeftOut:
    """``lacking``: lists that can't be told → what they need and is not there. ``broken``: lists that are not valid."""

    lacking: Mapping[str, Sequence[str]]
    broken: Mapping[str, BrokenList]


def write(settings: Settings, left_out: LeftOut) -> None:
    """Keep it beside the members of the lists that were built."""
    write_json({"lacking": left_out.lacking, "broken": {name: asdict(broken) for name, broken in left_out.broken.items()}}, _path(settings))


def read(settings: Settings) -> LeftOut:
    """What the last run that built lists left out; nothing where none has."""
    try:
        content = json.loads(_path(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return LeftOut({}, {})
    return LeftOut(content["lacking"], {name: _broken(broken) for name, broken in content["broken"].items()})


def sentences(left_out: LeftOut) -> list[str]:
    """Lists that can't be told, a sentence each."""
    return [f"{name} is not available: needs {', '.join(needs)}" for name, needs in left_out.lacking.items()]


def _broken(content: dict[str, object]) -> BrokenList:
    return BrokenList(**{key: Wording(**value) if isinstance(value, dict) else value for key, value in content.items()})  # type: ignore[arg-type]


def _path(settings: Settings) -> Path:
    return settings.derived / "lists" / "left_out.json"
