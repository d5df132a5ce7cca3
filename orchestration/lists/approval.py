"""What a person decides on a list that waits because of its size: the one reason that may be overruled, for this very list."""

import difflib
import json
from collections.abc import Mapping
from typing import Any

from orchestration.errors import RegularsError
from orchestration.io import write_json
from orchestration.lists import verdicts
from orchestration.publication import current
from orchestration.settings import Settings


def waiting(settings: Settings) -> dict[str, dict[str, Any]]:
    """List name → its entry in the manifest of what is published, for each list that waits and isn't approved yet."""
    approved = verdicts.approvals(settings)
    return {
        name: entry for name, entry in _published_lists(settings).items() if _waits(entry) and not _is_approved(entry, approved.get(name))
    }


def withheld(lists: Mapping[str, Any]) -> list[str]:
    """A sentence on each list that isn't published, from the ``lists`` of a manifest."""
    return [f"{name}: {entry['reason']['en']}" for name, entry in lists.items() if _waits(entry)]


def approve(settings: Settings, name: str) -> dict[str, Any]:
    """Let the next run publish a list in spite of its size, and returns its entry in the manifest. Approvals of other days are forgotten.

    It holds for these people on this day and nothing else. Raises ``RegularsError`` for a list that doesn't wait, or not for its size.
    """
    published = current(settings.home)
    lists = _published_lists(settings)
    if name not in lists:
        near = difflib.get_close_matches(name, lists, n=1)
        raise RegularsError(
            f"There is no list '{name}' in what is published." + (f" Did you mean '{near[0]}'?" if near else ""),
            expected=f"one of {', '.join(sorted(lists))}" if lists else "a publication",
            do="see `regulars status`" if lists else "run first",
        )
    entry = lists[name]
    if not _waits(entry):
        others = sorted(waiting(settings))
        raise RegularsError(
            f"List '{name}' doesn't wait for approval.", expected=f"one of {', '.join(others)}" if others else "no list waits at present"
        )
    if others := [check for check, is_met in entry["checks"].items() if not is_met and check != verdicts.SIZE]:
        raise RegularsError(
            f"List '{name}' waits for more than its size, which nobody can approve ({', '.join(others)}): {entry['reason']['en']}.",
            do="mend the cause, then run again",
        )
    assert published is not None
    kept = {other: approval for other, approval in verdicts.approvals(settings).items() if approval["as_of"] == published["as_of"]}
    approval = {"as_of": published["as_of"], "fingerprint": entry["size"]["fingerprint"]}
    write_json({**kept, name: approval}, verdicts.approvals_path(settings))
    return entry


def fingerprint(settings: Settings) -> str:
    """Changes with each approval: what was approved is something to publish, although nothing new was delivered."""
    return json.dumps(verdicts.approvals(settings), sort_keys=True)


def _published_lists(settings: Settings) -> dict[str, Any]:
    published = current(settings.home)
    if not published:
        return {}
    package = settings.home / "published" / "exports" / published["as_of"]
    lists: dict[str, Any] = verdicts.read_manifest(package)["lists"]
    return lists


def _waits(entry: dict[str, Any]) -> bool:
    return entry.get("available", True) and not entry.get("published", True)


def _is_approved(entry: dict[str, Any], approval: dict[str, str] | None) -> bool:
    return approval is not None and approval["fingerprint"] == entry["size"]["fingerprint"]
