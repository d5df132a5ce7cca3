"""Who of a published list may be written to now: suppression once more, at the moment of the download.

Between the build of a list and its download somebody may have said no. So what waits in the inbox is landed first, and all that the lake
then says counts, whatever its day. Whoever can't be vouched for is dropped; where nothing can be told, nothing is handed out.
"""

import difflib
import json
import os
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

import polars as pl

from orchestration import lake, warehouse
from orchestration.dumps.completeness import waiting
from orchestration.dumps.landing import land, profiles_in_use
from orchestration.errors import RegularsError
from orchestration.lists import permission
from orchestration.lists.permission import Known
from orchestration.lock import run_lock
from orchestration.publication import current
from orchestration.rules import contact_rules, offer_of_lists
from orchestration.settings import FILE_NAME, Settings
from transforms import lists
from transforms.contact import CHANNELS, STATUSES
from transforms.lists import ListDefinition

PEOPLE = ("customer_id", "name", "email", "phone", "city", "reason", "reason_zh")
LOG = "downloads.jsonl"
"""In the home's state: one line per download, with no word of anybody on it."""


@dataclass(frozen=True)
class Recipients:
    """Those of a published list who may still be written to.

    ``as_of``: the day the list was published for. ``people``: ``PEOPLE``, in the list's order. ``dropped``: who was on the published list
    and may no longer be written to, by reason; empty for a general form, which is made anew. ``unread``: files of the inbox that were not
    taken for finished, or are held.
    """

    definition: ListDefinition
    as_of: date
    people: pl.DataFrame
    dropped: dict[str, int]
    unread: tuple[str, ...] = field(default=())
    is_general: bool = False


def recipients(settings: Settings, list_name: str, today: date | None = None, is_general: bool = False) -> Recipients:
    """Whom the published list may be sent to. Each call is a line in the log of downloads.

    ``today``: the day it is sent on, by which cool-downs may have passed (default: the day it was published for, which is never too lax).
    ``is_general``: instead of those chosen, everybody who may get the same message without being chosen by personal traits.
    Raises ``RegularsError`` for a list that is unknown, internal, not available or not published, and while a run is going on.
    """
    with run_lock(settings.state):
        published = current(settings.home)
        if not published:
            raise RegularsError("Nothing is published yet.", where=settings.home, do=f"regulars run --home {settings.home}")
        as_of = date.fromisoformat(published["as_of"])
        definition = _definition(settings, list_name, published)
        unread = _land_what_waits(settings)
        contacts = _contacts(settings)
        known = permission.known(settings, contacts, as_of)
        day = today or as_of
        if is_general:
            definition = lists.general(definition)
            members = _everybody(settings, definition, contacts, known, day)
        else:
            members = _published_table(settings, "list_members").filter(list_name=definition.name).collect()
        judged = _judged(settings, definition, members, contacts, known, day)
        counts = {} if is_general else dict(judged.group_by("status").len().iter_rows())
        dropped = {status: counts[status] for status in STATUSES if status in counts and status != "send"}
        cities = _published_table(settings, "customer_360").select("customer_id", "city")
        people = judged.lazy().filter(status="send").join(contacts, on="customer_id", how="left", maintain_order="left", validate="1:1")
        people = people.join(cities, on="customer_id", how="left", maintain_order="left", validate="1:1")
        found = Recipients(definition, as_of, people.select(PEOPLE).collect(), dropped, unread, is_general)
        _log(settings, found, published["run_id"], day)
    return found


def _definition(settings: Settings, name: str, published: dict[str, Any]) -> ListDefinition:
    offer = offer_of_lists(settings)
    if broken := offer.broken.get(name):
        raise RegularsError(
            f"List '{name}' is not valid: {broken.problem.en}", where=settings.home / FILE_NAME, do="mend it, see `regulars lists check`"
        )
    by_name = {definition.name: definition for definition in offer.definitions}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=1)
        raise RegularsError(
            f"No list is called '{name}'." + (f" Did you mean '{near[0]}'?" if near else ""),
            where=settings.home / FILE_NAME,
            expected=f"one of {', '.join(sorted(by_name))}",
        )
    definition = by_name[name]
    if definition.is_internal:
        raise RegularsError(f"List '{name}' is internal: nobody on it is contacted.", do="use its file in exports/latest")
    path = settings.home / "published" / "exports" / published["as_of"] / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    entry = manifest["lists"].get(name)
    if not entry or not entry.get("files"):
        told = manifest.get("unavailable", {}).get(name) or (entry or {}).get("reason") or {"en": "it was not built"}
        raise RegularsError(f"List '{name}' is not published as of {published['as_of']}: {told['en']}.", where=path)
    if (entry["channel"], entry["filter"]) != (definition.channel, definition.filter):
        raise RegularsError(f"List '{name}' has been changed since it was published.", do=f"regulars run --home {settings.home}")
    return definition


def _land_what_waits(settings: Settings) -> tuple[str, ...]:
    """Everything new in the inbox into the lake, as a run would; the next run finds it there. Returns what can't be read yet."""
    with lake.open_ledger(settings) as ledger:
        profiles = {source: profile.fingerprint for source, profile in profiles_in_use(settings).items()}
        news = waiting(settings, ledger, profiles)
        unread = list(news.unfinished)
        if news.ready:
            landing = land(settings, ledger, f"download-{uuid4()}", lambda share: None)
            unread = [*landing.unfinished, *(f"{file.source}/{file.file_name} is held" for file in landing.held)]
    lake.write_live_files(settings)
    return tuple(unread)


def _contacts(settings: Settings) -> pl.LazyFrame:
    """Address book of the last run, with the consents as the lake has them now."""
    columns = ("customer_id", "name", "email", "phone")
    book = warehouse.read(settings, "working.private.customer_contacts", columns)
    return book.join(permission.consents(settings), on="customer_id", how="left", validate="1:1").select(
        *columns, *(f"{channel}_consent" for channel in CHANNELS)
    )


def _everybody(settings: Settings, definition: ListDefinition, contacts: pl.LazyFrame, known: Known, day: date) -> pl.DataFrame:
    """Members of a list that takes everybody, as a run would build it."""
    people = _published_table(settings, "customer_360")
    rules = contact_rules(settings)
    return lists.build(people, contacts, known.touches, [definition], rules, day, known.erased, known.opt_outs, feeds=known.feeds)


def _judged(
    settings: Settings, definition: ListDefinition, members: pl.DataFrame, contacts: pl.LazyFrame, known: Known, day: date
) -> pl.DataFrame:
    """Those of the members who were to be sent to, with what is to be said of it now."""
    return lists.still_allowed(
        members.filter(status="send").drop("status"),
        definition,
        permission.complaints(settings),
        contacts,
        known.touches,
        contact_rules(settings),
        day,
        known.erased,
        known.opt_outs,
    )


def _published_table(settings: Settings, name: str) -> pl.LazyFrame:
    """A published table in the order it is kept in."""
    return pl.scan_parquet((settings.home / "published").resolve() / "parquet" / name / f"{name}.parquet", glob=False)


def _log(settings: Settings, found: Recipients, run_id: str, day: date) -> None:
    line = {
        "list": found.definition.name,
        "is_general": found.is_general,
        "run_id": run_id,
        "as_of": found.as_of.isoformat(),
        "day": day.isoformat(),
        "rows": found.people.height,
        "dropped": found.dropped,
    }
    with (settings.state / LOG).open("a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")
        log.flush()
        os.fsync(log.fileno())
