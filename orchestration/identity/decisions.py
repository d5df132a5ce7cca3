"""What a person decides about who is who: that ids are not the others' person, whatever they share. Kept in the ledger, for every run.

Ids that are set apart together may still be one person with each other, by what they share; an id that comes later and shares something
with them joins the others, not them. Taking a decision back lets the evidence speak again.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from orchestration.dumps.ledger import Ledger
from orchestration.errors import RegularsError
from orchestration.identity.findings import folder
from orchestration.identity.links import LINKS
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl

MOST_NAMED = 10


@dataclass(frozen=True)
class Parting:
    """Of which person the ids were by the last run, and who else is: ids as ``source:id``, each with the kinds that link it."""

    customer_id: str
    apart: tuple[str, ...]
    others: tuple[str, ...]


def unlink(settings: Settings, ledger: Ledger, names: Sequence[str]) -> Parting:
    """Set the ids apart from everybody else. ``names``: ``source:id`` of ids that are one person by the last run.

    Raises ``RegularsError`` for ids that no run has seen, that are of several persons, or that nothing links to others.
    """
    links = _links(settings)
    ids = [_id_of(name, links) for name in dict.fromkeys(names)]
    persons = {each: person for *each_of, person, _ in links.rows() if (each := tuple(each_of)) in set(ids)}
    found = sorted(set(persons.values()))
    if len(found) > 1:
        told = ", ".join(f"{_name(each)} is of {person}" for each, person in persons.items())
        raise RegularsError(f"These ids are not one person: {told}.", do="name ids of one person; see marts.customer_links")
    members = {(source, source_id): kinds for source, source_id, person, kinds in links.rows() if person == found[0]}
    others = tuple(f"{_name(each)} ({kinds})" for each, kinds in members.items() if each not in ids)
    if not others:
        alone = "is linked to nobody" if len(ids) == 1 else "are all the ids of that person"
        raise RegularsError(f"{', '.join(map(_name, ids))} {alone}: there is nothing to part.", do="name the ids that are somebody else's")
    with ledger.transaction():
        ledger.set_apart(sorted(ids), f"unlink-{uuid4()}")
    return Parting(found[0], tuple(f"{_name(each)} ({members[each]})" for each in ids), others)


def relink(ledger: Ledger, names: Sequence[str]) -> list[str]:
    """Take back every decision that set one of these ids apart. Returns all ids that it concerned.

    Raises ``RegularsError`` for ids that nobody set apart.
    """
    decisions = ledger.apart()
    known = {_name(each): number for number, ids in decisions.items() for each in ids}
    for name in names:
        if name not in known:
            listed = f"ids that are set apart: {', '.join(sorted(known)[:MOST_NAMED])}" if known else "none is set apart"
            raise RegularsError(f"{name} was not set apart by anybody.", expected=listed, do=_hint(name, list(known)) or "correct the id")
    taken_back = {number for number, ids in decisions.items() if {_name(each) for each in ids} & set(names)}
    run_id = f"relink-{uuid4()}"
    with ledger.transaction():
        for number in sorted(taken_back):
            ledger.join_again(number, run_id)
    return sorted({_name(each) for number in taken_back for each in decisions[number]})


def _links(settings: Settings) -> "pl.DataFrame":
    import polars as pl

    path = folder(settings) / LINKS
    if not path.exists():
        raise RegularsError(
            "No run has linked customers yet.", where=path, do=f"deliver dumps and run first: regulars run --home {settings.home}"
        )
    return pl.read_parquet(path, glob=False).select("source", "source_customer_id", "customer_id", "evidence").sort(pl.all())


def _id_of(name: str, links: "pl.DataFrame") -> tuple[str, str]:
    """Source and id of ``source:id``, if a run has seen it."""
    source, has_id, source_id = name.partition(":")
    sources = links["source"].unique().sort().to_list()
    if not has_id or source not in sources:
        raise RegularsError(
            f"'{name}' names no id of a known source.",
            expected=f"SOURCE:ID with a source of {', '.join(sources)}, such as {_name(links.row(0)[:2]) if links.height else 'online:C1'}",
            do=_hint(f"{source}:", [f"{known}:" for known in sources]) or "correct the source",
        )
    ids = links.filter(source=source)["source_customer_id"].to_list()
    if source_id not in ids:
        near = _hint(name, [f"{source}:{known}" for known in ids])
        raise RegularsError(f"No record of source '{source}' has the customer id '{source_id}'.", do=near or "correct the id")
    return source, source_id


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(near)}?" if near else ""


def _name(each: Sequence[str]) -> str:
    return f"{each[0]}:{each[1]}"
