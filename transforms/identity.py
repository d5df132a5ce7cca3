"""Which source ids are one person: ids that share a piece of evidence are linked, with the evidence kept.

Evidence shared by very many ids (the phone everybody types to get past a form, the shop's own e-mail) says nothing about who someone is:
it links nobody and is reported. Links follow from the evidence alone, not from the links of the day before: a wrong one goes when its
evidence goes, and the same records give the same persons under the same ids, in whatever order they came.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from transforms.evidence import GUEST_ID, KINDS, OWN_ID, EvidenceRules, SourceRules, normalised
from transforms.ranges import check_ranges
from transforms.schemas import CUSTOMER_ID_CHANGES, CUSTOMER_LINKS

REFUSED_EVIDENCE = pl.Schema(
    {"kind": pl.String, "value_masked": pl.String, "value_hash": pl.String, "ids_count": pl.Int64, "reason": pl.String}
)
"""Grain: one row per piece of evidence that several ids share, or a guest has, and that links nobody. ``value_hash``: SHA-256, lower-case
hex, of the normalised value. ``reason``: ``placeholder`` or ``too many ids``."""

APART = pl.Schema({"source": pl.String, "source_customer_id": pl.String, "apart": pl.Int64})
"""Grain: one row per id that a person set apart from others. Ids of the same ``apart`` may be one person, with each
other and with nobody else."""

PLACEHOLDERS = (
    *("test", "none", "null", "nan", "na", "n/a", "nil", "unknown", "无", "没有", "暂无", "未知", "不详"),
    *("test@test.com", "none@none.com", "no@email.com", "noemail@noemail.com", "13800138000"),
)
"""What is typed into a form to get past it."""


@dataclass(frozen=True)
class Rules:
    max_ids_per_link: int = 20
    """Evidence shared by more source ids than this links nobody. 2 to 1,000."""
    placeholders: tuple[str, ...] = ()
    """E-mails, phones and membership numbers that link nobody, besides ``PLACEHOLDERS``. ``@example.com``: all e-mails of that domain."""

    def __post_init__(self) -> None:
        check_ranges("identity", self, {"max_ids_per_link": (2, 1000)})
        if isinstance(self.placeholders, str) or not all(isinstance(text, str) and text for text in self.placeholders):
            raise ValueError(f"identity.placeholders is {self.placeholders!r}; expected a list of texts in quotes")


_IS_GUEST = pl.col("source_customer_id").str.contains(GUEST_ID)


class Links(NamedTuple):
    """``links``: ``CUSTOMER_LINKS``; ``refused``: ``REFUSED_EVIDENCE``."""

    links: pl.DataFrame
    refused: pl.DataFrame


class View(NamedTuple):
    """What a run looks at. ``until``: the first moment (UTC) whose records it doesn't see. ``zone``: where days are cut."""

    until: datetime | None = None
    zone: str = "UTC"
    run_id: str | None = None


def link(
    evidence: pl.DataFrame, rules: Rules, reading: EvidenceRules, apart: pl.DataFrame | None = None, view: View | None = None
) -> Links:
    """One person per connected component of the ids of ``CUSTOMER_EVIDENCE`` and what they share.

    ``customer_id`` is the ``source:source_customer_id`` known longest: of the earliest dated record; equals, and ids without a date, which
    come after all others, go by the smallest text. So what comes later can join persons, and then the longer known id stays; it gives no
    one person another id. ``apart``: ``APART``. Evidence of an id without a row of its own (kind ``own id``) counts toward the limit only.

    An id that was made of an address (``GUEST_ID``) is nobody's, and has no row, where no address of it says who somebody is: else all
    strangers who typed the same placeholder would be one person.
    """
    view = view or View()
    visible = pl.col("first_at").is_null() | (pl.col("first_at") < view.until) if view.until else True
    ids = evidence.filter(kind=OWN_ID).with_columns(own_id=pl.format("{}:{}", "source", "source_customer_id"))
    seen = evidence.filter(pl.col("value").is_not_null(), visible)
    counted = seen.group_by("kind", "value").agg(ids_count=pl.len().cast(pl.Int64), is_of_guest=_IS_GUEST.any())
    judged = counted.filter((pl.col("ids_count") > 1) | pl.col("is_of_guest"))
    refused = refused_of(judged, rules, reading)
    pieces = judged.join(refused, on=["kind", "value"], how="anti")
    came_at = ids.select("source", "source_customer_id", came_at="first_at")
    accepted = seen.join(pieces, on=["kind", "value"]).join(came_at, on=["source", "source_customer_id"])
    accepted = accepted.with_columns(first_at=pl.when(_IS_GUEST).then(pl.coalesce("first_at", "came_at")).otherwise("first_at"))
    known_guests = accepted.filter(_IS_GUEST)
    ids = pl.concat([ids.filter(~_IS_GUEST), ids.join(known_guests, on=["source", "source_customer_id"], how="semi")])
    edges = _edges(accepted, APART.to_frame() if apart is None else apart)
    persons = _persons(edges, ids)
    links = (
        ids.join(persons, on=["source", "source_customer_id"], how="left")
        .with_columns(
            pl.col("customer_id").fill_null(pl.col("own_id")),
            pl.col("evidence").fill_null(pl.lit(OWN_ID)),
            linked_since=_day(pl.when(pl.col("customer_id").is_null()).then("first_at").otherwise("linked_at"), view.zone),
            first_seen_run=pl.lit(view.run_id, pl.String),
        )
        .sort("source", "source_customer_id")
        .select(CUSTOMER_LINKS.names())
    )
    return Links(links, reported(refused))


def refused_of(shared: pl.DataFrame, rules: Rules, reading: EvidenceRules) -> pl.DataFrame:
    """Of ``kind, value, ids_count``, pieces of evidence that several ids share or a guest has, those that link nobody, with the
    ``reason``. Row by row."""
    return shared.with_columns(reason=_reason(rules, reading)).filter(pl.col("reason").is_not_null())


def reported(refused: pl.DataFrame) -> pl.DataFrame:
    """``kind, value, ids_count, reason`` → ``REFUSED_EVIDENCE``."""
    hashes = pl.Series([hashlib.sha256(value.encode()).hexdigest() for value in refused["value"]], dtype=pl.String)
    return (
        refused.with_columns(value_hash=hashes, value_masked=masked(pl.col("kind"), pl.col("value")))
        .sort("ids_count", "kind", "value", descending=[True, False, False])
        .select(REFUSED_EVIDENCE.names())
    )


def components(ties: pl.DataFrame) -> pl.DataFrame:
    """``id, piece``, integers both → ``id, component``, sorted by id: ids that share pieces, be it over other ids, have the same number."""
    ids, from_id = np.unique(ties["id"].to_numpy(), return_inverse=True)
    pieces, to_piece = np.unique(ties["piece"].to_numpy(), return_inverse=True)
    size = len(ids) + len(pieces)
    graph = coo_array((np.ones(ties.height, dtype=np.int8), (from_id, to_piece + len(ids))), shape=(size, size))
    _, found = connected_components(graph.tocsr(), directed=False)
    return pl.DataFrame({"id": ids, "component": found[: len(ids)]})


def changes(previous: pl.DataFrame, links: pl.DataFrame, changed_at: date) -> pl.DataFrame:
    """Who has another id than in the links of before: ``CUSTOMER_ID_CHANGES``, for whoever kept the old ids.

    ``split``: the ids of the former person are several persons' by now; the row names one that has got another id. ``merge``: they are all
    one person's, together with those of other former persons. ``rename``: neither; an older record came to light, or the one the id
    stood for was withdrawn. ``source_ids_count``: how many ids went that way; ``evidence``: what links them now, or before the split.
    """
    keys = ["source", "source_customer_id"]
    before = previous.select(*keys, old_customer_id="customer_id", old_evidence="evidence")
    both = links.select(*keys, "customer_id", "evidence").join(before, on=keys)
    moved = both.filter(pl.col("customer_id") != pl.col("old_customer_id"))
    concerned = both.join(moved, on="old_customer_id", how="semi").group_by("old_customer_id").agg(parts=pl.col("customer_id").n_unique())
    joined = both.join(moved, on="customer_id", how="semi").group_by("customer_id").agg(origins=pl.col("old_customer_id").n_unique())
    is_split, is_merge = pl.col("parts") > 1, pl.col("origins") > 1
    return (
        moved.join(concerned, on="old_customer_id")
        .join(joined, on="customer_id")
        .with_columns(
            kind=pl.when(is_split).then(pl.lit("split")).when(is_merge).then(pl.lit("merge")).otherwise(pl.lit("rename")),
            evidence=pl.when(is_split).then("old_evidence").otherwise("evidence"),
            changed_at=pl.lit(changed_at),
        )
        .group_by("old_customer_id", "kind", "changed_at", new_customer_id="customer_id")
        .agg(source_ids_count=pl.len().cast(pl.Int64), evidence=_named(pl.col("evidence").str.split(", ").explode()))
        .sort("changed_at", "old_customer_id", "new_customer_id")
        .select(CUSTOMER_ID_CHANGES.names())
    )


def _reason(rules: Rules, reading: EvidenceRules) -> pl.Expr:
    """Why a piece of evidence is refused; null for one that links."""
    texts = pl.Series([*PLACEHOLDERS, *rules.placeholders], dtype=pl.String)
    domains = [text[1:].lower() for text in rules.placeholders if text.startswith("@")]
    of_kind = {kind: _values(texts, kind, [reading.default, *reading.sources.values()]) for kind in KINDS}
    is_placeholder = [(pl.col("kind") == kind) & pl.col("value").is_in(values) for kind, values in of_kind.items()]
    is_of_domain = (pl.col("kind") == "email") & pl.col("value").str.split("@").list.last().is_in(domains)
    return (
        pl.when(pl.any_horizontal(*is_placeholder, is_of_domain))
        .then(pl.lit("placeholder"))
        .when(pl.col("ids_count") > rules.max_ids_per_link)
        .then(pl.lit("too many ids"))
    )


def _values(texts: pl.Series, kind: str, rules: Iterable[SourceRules]) -> list[str]:
    """What the texts are as evidence of a kind, under the rules of any source."""
    return sorted({value for one in set(rules) for value in normalised(texts, kind, one).drop_nulls()})


def _edges(accepted: pl.DataFrame, apart: pl.DataFrame) -> pl.DataFrame:
    """Rows of accepted evidence that link: with ``node``, the number of what the ids share, and ``linked_at``, when they first both had it.

    Evidence of ids that were set apart is another piece of evidence than that of the others.
    """
    node = ["kind", "value", "apart"]
    second = pl.col("first_at").sort(nulls_last=False).get(1, null_on_oob=True).over(node)
    return (
        accepted.join(apart, on=["source", "source_customer_id"], how="left")
        .with_columns(pl.col("apart").fill_null(-1))
        .filter(pl.len().over(node) > 1)
        .with_columns(linked_at=pl.max_horizontal("first_at", second), node=pl.struct(node).rank("dense").cast(pl.Int64) - 1)
    )


def _persons(edges: pl.DataFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """``source, source_customer_id, customer_id, evidence, linked_at`` of the ids that are linked."""
    keys = ["source", "source_customer_id"]
    per_id = edges.group_by(keys).agg(evidence=_named(pl.col("kind")), linked_at=pl.col("linked_at").min())
    known = per_id.join(ids.select(*keys, "first_at", "own_id"), on=keys).sort("first_at", "own_id", nulls_last=True).with_row_index("id")
    linked = edges.join(known.select(*keys, "id"), on=keys)
    named = known.with_columns(components(linked.select("id", piece="node"))["component"])
    return named.select(*keys, "evidence", "linked_at", customer_id=pl.col("own_id").first().over("component"))


def _named(kinds: pl.Expr) -> pl.Expr:
    """Aggregate: the kinds of a group in their order, one text."""
    present = [pl.when((kinds == kind).any()).then(pl.lit(kind)) for kind in (*KINDS, OWN_ID)]
    return pl.concat_str(present, separator=", ", ignore_nulls=True)


def _day(moment: pl.Expr, zone: str) -> pl.Expr:
    return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()


def masked(kind: pl.Expr, value: pl.Expr) -> pl.Expr:
    """Enough of a piece of evidence to recognise it: ``a***@example.com``, ``+86139****5678``, ``v***``."""
    return (
        pl.when(kind == "email")
        .then(pl.concat_str(value.str.slice(0, 1), pl.lit("***@"), value.str.split("@").list.last()))
        .when(kind == "phone")
        .then(pl.concat_str(value.str.head(-8), pl.lit("****"), value.str.tail(4)))
        .otherwise(pl.concat_str(value.str.slice(0, 1), pl.lit("***")))
    )
