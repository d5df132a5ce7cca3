"""Which source ids are one person: ids that share a normalised e-mail, phone or membership number are linked, with the evidence kept.

Evidence shared by very many ids (the phone everybody types to get past a form, the shop's own e-mail) says nothing about who someone is:
it links nobody and is reported. Links are derived anew from the ids each time, so a wrong one goes when its evidence goes.
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from transforms.ranges import check_ranges
from transforms.schemas import CUSTOMER_LINKS

REFUSED_EVIDENCE = pl.Schema({"kind": pl.String, "value_hash": pl.String, "ids_count": pl.Int64})
"""Grain: one row per piece of evidence that links too many ids. ``value_hash``: SHA-256, lower-case hex, of the normalised value."""

# Typed into a form to get past it.
_PLACEHOLDERS = ("test", "none", "null", "nan", "na", "n/a", "nil", "unknown", "无", "没有", "暂无", "未知", "不详")
_KINDS = ("email", "phone", "membership_no")


@dataclass(frozen=True)
class Rules:
    max_ids_per_link: int = 20
    """Evidence shared by more source ids than this links nobody. 2 to 1,000."""

    def __post_init__(self) -> None:
        check_ranges("identity", self, {"max_ids_per_link": (2, 1000)})


class Links(NamedTuple):
    """``links``: ``CUSTOMER_LINKS``; ``refused``: ``REFUSED_EVIDENCE``."""

    links: pl.DataFrame
    refused: pl.DataFrame


def normalised_email(email: pl.Expr) -> pl.Expr:
    """Lower-case e-mail without blanks around it and full-width forms; null without exactly one ``@`` between two parts."""
    plain = _plain(email).str.to_lowercase()
    return pl.when(plain.str.contains(r"^[^@\s]+@[^@\s]+$")).then(plain)


def normalised_phone(phone: pl.Expr) -> pl.Expr:
    """Digits of a phone number; null if it is no evidence: other characters, under 7 or over 15 digits, one digit over and over.

    A mainland mobile number is its 11 digits, whether it was written with +86, 0086, 86 or without. Another number keeps its country
    code with a ``+`` (``00`` in front means the same), or stays as it was written where it has none.
    """
    dialled = _plain(phone).str.replace_all(r"[\s\-‐-―−().·/]", "")
    number = (
        pl.when(dialled.str.contains(r"^(?:\+|00)?86(?:1[3-9]\d{9})$"))
        .then(dialled.str.slice(-11))
        .when(dialled.str.starts_with("00"))
        .then(dialled.str.replace(r"^0+", "+"))
        .otherwise(dialled)
    )
    one_digit_only = r"^\+?(?:86)?(?:0+|1+|2+|3+|4+|5+|6+|7+|8+|9+)$"
    return pl.when(number.str.contains(r"^\+?\d{7,15}$") & ~dialled.str.contains(one_digit_only)).then(number)


def normalised_membership_no(membership_no: pl.Expr) -> pl.Expr:
    """Lower-case membership number without blanks; null if it is a placeholder: no letter or digit, only zeros, ``test``, ``none``, 无 …"""
    plain = _plain(membership_no).str.to_lowercase().str.replace_all(r"\s", "")
    says_something = plain.str.contains(r"[\p{L}1-9]") & ~plain.is_in(_PLACEHOLDERS)
    return pl.when(says_something).then(plain)


def link(ids: pl.LazyFrame, rules: Rules) -> Links:
    """One person per connected component of ``CUSTOMER_IDS`` and their evidence.

    Rows without a ``source_customer_id`` are ignored. ``customer_id`` is the component's smallest ``source:source_customer_id``;
    ``evidence`` names the kinds that link the id to others, in the order e-mail, phone, membership number, else is ``own id``.
    """
    keyed = (
        ids.filter(pl.col("source_customer_id").str.strip_chars() != "")
        .select(
            "source",
            "source_customer_id",
            email=normalised_email(pl.col("email")),
            phone=normalised_phone(pl.col("phone")),
            membership_no=normalised_membership_no(pl.col("membership_no")),
        )
        .collect()
    )
    people = keyed.select("source", "source_customer_id").unique().sort("source", "source_customer_id").with_row_index("id")
    shared = _shared_evidence(keyed, people)
    is_refused = pl.col("ids_count") > rules.max_ids_per_link
    accepted = shared.filter(~is_refused)
    links = (
        people.with_columns(component=_components(people.height, accepted), own_id=pl.format("{}:{}", "source", "source_customer_id"))
        .with_columns(customer_id=pl.col("own_id").min().over("component"))
        .join(_kinds_per_id(accepted), on="id", how="left", maintain_order="left")
        .with_columns(pl.col("evidence").fill_null("own id"))
        .select(CUSTOMER_LINKS.names())
    )
    return Links(links, _refused(shared.filter(is_refused)))


def _plain(text: pl.Expr) -> pl.Expr:
    """Full-width and other compatibility forms as plain ones (NFKC), no blanks around."""
    return text.str.normalize("NFKC").str.strip_chars()


def _shared_evidence(keyed: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """``kind, value, id, ids_count``: one row per id and piece of evidence that two ids or more share."""
    by_kind = keyed.join(people, on=["source", "source_customer_id"]).select("id", *_KINDS)
    return (
        by_kind.lazy()
        .unpivot(_KINDS, index="id", variable_name="kind", value_name="value")
        .drop_nulls("value")
        .unique()
        .with_columns(ids_count=pl.len().over("kind", "value").cast(pl.Int64))
        .filter(pl.col("ids_count") > 1)
        .collect()
    )


def _components(ids_count: int, accepted: pl.DataFrame) -> pl.Series:
    """Number of the connected component of each id, in a graph whose nodes are the ids, then the pieces of evidence."""
    nodes = accepted.select("id", evidence=pl.struct("kind", "value").rank("dense").cast(pl.Int64) - 1 + ids_count)
    size = ids_count + nodes["evidence"].n_unique()
    edges = coo_array((np.ones(nodes.height, dtype=np.int8), (nodes["id"].to_numpy(), nodes["evidence"].to_numpy())), shape=(size, size))
    _, components = connected_components(edges.tocsr(), directed=False)
    return pl.Series(components[:ids_count])


def _kinds_per_id(accepted: pl.DataFrame) -> pl.DataFrame:
    has_kind = [pl.when((pl.col("kind") == kind).any()).then(pl.lit(kind)) for kind in _KINDS]
    return accepted.group_by("id").agg(evidence=pl.concat_str(has_kind, separator=", ", ignore_nulls=True))


def _refused(shared: pl.DataFrame) -> pl.DataFrame:
    per_value = shared.select("kind", "value", "ids_count").unique().sort("ids_count", "kind", "value", descending=[True, False, False])
    hashes = [hashlib.sha256(value.encode()).hexdigest() for value in per_value["value"]]
    return per_value.select("kind", pl.Series("value_hash", hashes, dtype=pl.String), "ids_count")
