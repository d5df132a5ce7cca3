"""What shows who somebody is: normalised e-mails, phones and membership numbers of the ids that sources know people by.

Two ids that share a piece of it are one person, unless it is refused (``transforms.identity``). What says nothing is no evidence: a text
of the wrong form, a number that nobody can have. That an id has written such a text is kept, without the text, to tell how often it is so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from transforms.phones import e164
from transforms.schemas import CUSTOMER_EVIDENCE

KINDS = ("email", "phone", "membership_no")
"""What links ids, in the order in which it is named."""
OWN_ID = "own id"
"""The kind of the row that every id has, whatever else is known of it."""
GUEST_ID = "^guest-[0-9a-f]{16}$"
"""The form of ids that were made of an address, for want of one: they say no more of who somebody is than the address does."""
KEYS = ("source", "source_customer_id", "kind", "value")


@dataclass(frozen=True)
class SourceRules:
    """How one source writes what identifies people."""

    region: str = "CN"
    """Where phones without a country's code are dialled, ISO 3166 alpha-2."""
    membership_programme: str = ""
    """Numbers of one programme are never those of another. Sources that name none share one."""


@dataclass(frozen=True)
class EvidenceRules:
    """The rules of every source; one that is not named is read as ``default`` says."""

    default: SourceRules = SourceRules()
    sources: Mapping[str, SourceRules] = field(default_factory=dict)

    def of(self, source: str) -> SourceRules:
        return self.sources.get(source, self.default)


def normalised_email(email: pl.Expr) -> pl.Expr:
    """Lower-case e-mail without blanks around it and full-width forms; null without exactly one ``@`` between two parts, and for a
    masked one (``a***@example.com``), which strangers share."""
    plain = _plain(email).str.to_lowercase()
    return pl.when(plain.str.contains(r"^[^@\s*•]+@[^@\s*•]+$")).then(plain)


def normalised_membership_no(membership_no: pl.Expr) -> pl.Expr:
    """Lower-case membership number without blanks; null without a letter or a digit other than zero."""
    plain = _plain(membership_no).str.to_lowercase().str.replace_all(r"\s", "")
    return pl.when(plain.str.contains(r"[\p{L}1-9]")).then(plain)


def normalised(values: pl.Series, kind: str, rules: SourceRules) -> pl.Series:
    """Values of one kind and source in the form in which equal ones are the same evidence, in the same order; null for what is none."""
    if kind == "phone":
        return e164(values, rules.region)
    how = normalised_email if kind == "email" else normalised_membership_no
    found = values.to_frame("value").select(how(pl.col("value"))).to_series()
    return rules.membership_programme + "/" + found if kind == "membership_no" and rules.membership_programme else found


def evidence_of(written: pl.DataFrame, reading: EvidenceRules) -> pl.DataFrame:
    """``CUSTOMER_IDS`` as delivered → ``CUSTOMER_EVIDENCE``. Rows without a ``source_customer_id`` are ignored.

    The address that a guest is known by, the e-mail or else the phone, has no date: it is known with the id itself. A day on which neither
    is seen yet is looked back to all the same, and one address joins no two others before their time.
    """
    seen = written.filter(pl.col("source_customer_id").str.strip_chars() != "")
    rows = [_rows(seen, OWN_ID, pl.lit(None, pl.String))]
    for (source,), part in seen.partition_by("source", as_dict=True, include_key=True).items():
        is_undated = pl.col("source_customer_id").str.contains(GUEST_ID)
        for kind in KINDS:
            texts = part[kind].drop_nulls().unique()
            if not texts.is_empty():
                values = normalised(texts, kind, reading.of(str(source)))
                value = pl.col(kind).replace_strict(texts, values, default=None, return_dtype=pl.String)
                written_so = part.with_columns(value=value, seen_at=pl.when(~is_undated).then("seen_at"))
                rows.append(_rows(written_so.filter(pl.col(kind).is_not_null()), kind, pl.col("value")))
                is_undated &= value.is_null()  # whoever is known by an e-mail is not known by the phone
    return merged(rows)


def merged(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Several ``CUSTOMER_EVIDENCE`` as one: of each piece the earliest sighting."""
    return pl.concat(parts).group_by(KEYS).agg(pl.col("first_at").min()).select(CUSTOMER_EVIDENCE.names())


def _rows(seen: pl.DataFrame, kind: str, value: pl.Expr) -> pl.DataFrame:
    return seen.select("source", "source_customer_id", kind=pl.lit(kind), value=value, first_at="seen_at")


def _plain(text: pl.Expr) -> pl.Expr:
    """Full-width and other compatibility forms as plain ones (NFKC), no blanks around."""
    return text.str.normalize("NFKC").str.strip_chars()
