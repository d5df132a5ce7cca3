"""What a run found about who is who, as a person is told it: counts, and what to look at. Light: no engine is imported."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.settings import Settings

REFUSED, REPORT = "refused_evidence.parquet", "report.json"


def folder(settings: Settings) -> Path:
    """Where a run leaves who is who, and what was refused."""
    return settings.derived / "identity"


@dataclass(frozen=True)
class Report:
    """What a run found. ``refused``: kind and reason → pieces of evidence that link nobody, and the most ids that one of them has.

    ``unusable_phones``: sources most of whose phones are no numbers where the source is at home → ids of the source with a phone.
    ``id_changes``: kind → persons who have another id than readers know.
    """

    ids: int
    persons: int
    refused: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    unusable_phones: Mapping[str, int] = field(default_factory=dict)
    id_changes: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        refused = sum(values for values, _ in self.refused.values())
        return {"ids": self.ids, "persons": self.persons, "evidences_refused": refused, "ids_changed": sum(self.id_changes.values())}

    def sentences(self, settings: Settings) -> list[str]:
        """What a person should look at. No value is named: those are masked in the file that is."""
        found = [
            f"{values:,} {what} shared by up to {most:,} customer ids link(s) nobody; see {folder(settings) / REFUSED}"
            for what, (values, most) in self.refused.items()
        ]
        for source, ids in self.unusable_phones.items():
            region = settings.source_of(source).region or settings.region
            found.append(
                f"Most phones of source '{source}' ({ids:,} customer ids) are no valid numbers of region {region}, nor begin with the code "
                f"of another: set sources.{source}.region in regulars.yaml if they are of another country"
            )
        return found


def last_report(settings: Settings) -> Report | None:
    """What the last run found, if any did. Reads one small file."""
    try:
        content: dict[str, Any] = json.loads((folder(settings) / REPORT).read_text(encoding="utf-8"))
        return Report(**content)
    except (OSError, ValueError, TypeError):
        return None
