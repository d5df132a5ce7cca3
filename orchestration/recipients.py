"""Whom a published list may be sent to now."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

import polars as pl

from orchestration import warehouse
from orchestration.errors import RegularsError
from orchestration.exports import shipped_lists
from orchestration.lock import run_lock
from orchestration.publication import current
from orchestration.settings import FILE_NAME, Settings
from transforms.lists import ListDefinition, load_definitions


@dataclass(frozen=True)
class Recipients:
    """``people``: customer_id, name, email, phone, city, reason, reason_zh, one row per customer in the list's order.

    ``dropped``: who was on the published list and may no longer be written to, by reason. ``unread``: files of the inbox that nobody has
    asked yet whether they say so.
    """

    definition: ListDefinition
    as_of: date
    people: pl.DataFrame
    dropped: dict[str, int]
    unread: tuple[str, ...] = ()


def recipients(settings: Settings, list_name: str) -> Recipients:
    """Those of a published list who may be written to now. Raises ``RegularsError`` for a list that is not published."""
    published = current(settings.home)
    if not published:
        raise RegularsError("Nothing is published yet", where=settings.home, do="run `regulars run` first")
    definitions = {definition.name: definition for definition in load_definitions(shipped_lists(), settings.lists)}
    if list_name not in definitions:
        near = get_close_matches(list_name, definitions, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise RegularsError(f"Unknown list '{list_name}'.{hint} Known: {', '.join(definitions)}.", where=settings.home / FILE_NAME)
    tables = settings.home / "published" / "parquet"
    members = pl.scan_parquet(tables / "list_members" / "*.parquet").filter(list_name=list_name, status="send")
    cities = pl.scan_parquet(tables / "customer_360" / "*.parquet").select("customer_id", "city")
    with run_lock(settings.state):
        contacts = warehouse.read(settings, "working.private.customer_contacts", ("customer_id", "name", "email", "phone"))
    people = (
        members.select("customer_id", "reason", "reason_zh")
        .join(contacts, on="customer_id", how="left", maintain_order="left")
        .join(cities, on="customer_id", how="left", maintain_order="left")
        .select("customer_id", "name", "email", "phone", "city", "reason", "reason_zh")
        .collect()
    )
    return Recipients(definitions[list_name], date.fromisoformat(published["as_of"]), people, {})
