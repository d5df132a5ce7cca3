"""Whom a list may address: suppression in its stated order, and a holdout that stays the same people.

The order is part of the contract: each customer dropped from a list is counted under the first reason that applies.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

CHANNELS = ("email", "sms", "wechat", "phone")
INTERNAL = "none"
"""The channel of a list by which nobody is contacted."""
ALL, PERSONALISATION = "all", "personalisation"
"""What else an opt-out may be of: every channel; being chosen by personal traits (PIPL, article 24), on whatever channel."""
ADDRESS_OF = {"email": "email", "sms": "phone", "wechat": "phone", "phone": "phone"}
"""The contact detail each channel writes to. WeChat is reached by phone number, which is how WeCom finds a person."""

STATUSES = (
    "erased", "no_consent", "unsubscribed", "no_personalisation", "no_address", "complaint_cool_down",
    "contacted_recently", "frequency_cap", "list_cool_down", "other_list", "holdout", "send",
)  # fmt: skip
"""In the order of suppression; ``send`` is what is left. Of an internal list everybody is ``LISTED`` who is not ``erased``."""
LISTED = "listed"
"""Status of who is on an internal list: in its file, and not to be written to because of it."""
ON_LIST = ("send", LISTED)
"""Statuses of those in a list's files."""

CONTACT_COLUMNS = ("email", "phone", *(f"{channel}_consent" for channel in CHANNELS))

_VALID_ADDRESS = {"email": r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+$", "phone": r"^\+?[0-9][0-9 ().-]{4,18}[0-9]$"}
_BUCKETS = 2**64
EVERY_LIST = "*"
"""Stands for all lists together where a list is named: no list can be called so."""


@dataclass(frozen=True)
class ContactRules:
    """When a customer may be written to. Raises ``ValueError`` naming field, value and range."""

    complaint_cool_down_days: int = 14
    """Days after a complaint without marketing, 0 to 365. While a complaint is open there is none in any case."""
    quiet_days: int = 14
    """Days between two campaigns to one customer, on whatever channel, 0 to 365."""
    max_campaigns: int = 4
    """Campaigns to one customer within ``max_campaigns_days``, over all lists and channels, 1 to 100."""
    max_campaigns_days: int = 30
    """1 to 365."""
    one_list_per: str = "customer"
    """Who is on several lists of a run is sent the first by priority: one per ``customer``, one per ``channel``, or every ``list``."""
    holdout_share: float = 0.05
    """Share of a list that is not written to, so that its effect can be measured, 0 to 0.5; a list may set its own."""
    global_holdout_share: float = 0.0
    """Share of all customers that is on no list at all, so that the effect of all of them together can be measured, 0 to 0.5."""
    holdout_salt: str = "regulars"
    """Changing it draws a new holdout."""
    results_horizon_days: int = 30
    """Days after a list within which purchases count as having followed it, 1 to 365."""
    assume_consent_for: tuple[str, ...] = ()
    """Channels on which a customer whose consent is not on record counts as consenting. A refusal on record always holds."""
    time_zone: str = "UTC"
    """Where days are cut: the merchant's time zone, an IANA name."""

    def __post_init__(self) -> None:
        for field in ("complaint_cool_down_days", "quiet_days"):
            if not 0 <= getattr(self, field) <= 365:
                raise ValueError(f"{field} = {getattr(self, field)!r}, expected 0 to 365 days")
        for field, most in (("max_campaigns", 100), ("max_campaigns_days", 365)):
            if not 1 <= getattr(self, field) <= most:
                raise ValueError(f"{field} = {getattr(self, field)!r}, expected 1 to {most}")
        if self.one_list_per not in ("customer", "channel", "list"):
            raise ValueError(f"one_list_per = {self.one_list_per!r}, expected customer, channel or list")
        if not 1 <= self.results_horizon_days <= 365:
            raise ValueError(f"results_horizon_days = {self.results_horizon_days!r}, expected 1 to 365 days")
        check_holdout_share(self.holdout_share)
        check_holdout_share(self.global_holdout_share, "global_holdout_share")
        object.__setattr__(self, "assume_consent_for", tuple(self.assume_consent_for))
        if unknown := set(self.assume_consent_for) - set(CHANNELS):
            raise ValueError(f"assume_consent_for = {sorted(unknown)}, expected channels among {', '.join(CHANNELS)}")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError):
            raise ValueError(f"time_zone = {self.time_zone!r}, expected an IANA name such as Asia/Shanghai") from None


def check_holdout_share(share: float, name: str = "holdout_share") -> None:
    """Raises ``ValueError`` unless 0 ≤ share ≤ 0.5."""
    if not isinstance(share, int | float) or not 0 <= share <= 0.5:
        raise ValueError(f"{name} = {share!r}, expected 0 to 0.5")


def last_touches(touches: pl.LazyFrame, rules: ContactRules, as_of: date, until: date | None = None) -> pl.LazyFrame:
    """Touches (customer_id, contacted_at) to one row per customer: customer_id, last_touch_date and, within the days of the frequency cap
    before ``as_of``, recent_touches. Later than ``until`` (default: ``as_of``) is not known yet."""
    touched_on = _local_date(pl.col("contacted_at"), rules)
    known = touches.select("customer_id", touched_on=touched_on).filter(pl.col("touched_on") <= (until or as_of))
    is_recent = (pl.lit(as_of) - pl.col("touched_on")).dt.total_days() < rules.max_campaigns_days
    return known.group_by("customer_id").agg(last_touch_date=pl.col("touched_on").max(), recent_touches=is_recent.sum().cast(pl.Int64))


def opted_out(opt_outs: pl.LazyFrame, consents: pl.LazyFrame) -> pl.LazyFrame:
    """Who is opted out of what: customer_id, channel (a channel or ``personalisation``), one row each.

    ``opt_outs``: customer_id, channel (or ``all``), opted_out_at. ``consents``: customer_id, channel, is_granted, changed_at: every
    statement on record. An opt-out holds until a consent to the same is granted later than it, one with a date. A consent refused is no
    opt-out, consents tell it themselves; save for personalisation, which no other table tells of.
    """
    each = pl.LazyFrame(
        {"opted_channel": [*CHANNELS, *CHANNELS, PERSONALISATION], "channel": [ALL] * len(CHANNELS) + [*CHANNELS, PERSONALISATION]}
    )
    out = opt_outs.join(each, on="channel").select("customer_id", channel="opted_channel", at="opted_out_at", is_in=pl.lit(False))
    said = consents.select("customer_id", "channel", at="changed_at", is_in="is_granted")
    refused = said.filter(~pl.col("is_in"), pl.col("channel") == PERSONALISATION)
    last = pl.concat([out, refused]).group_by("customer_id", "channel").agg(pl.col("at").max())
    granted = said.filter("is_in").group_by("customer_id", "channel").agg(granted_at=pl.col("at").max())
    joined = last.join(granted, on=["customer_id", "channel"], how="left")
    return joined.filter(pl.col("granted_at").is_null() | (pl.col("granted_at") <= pl.col("at"))).select("customer_id", "channel")


def last_words(consents: pl.LazyFrame) -> pl.LazyFrame:
    """Statements (customer_id, channel, is_granted, changed_at) to one row per customer: ``<channel>_consent``, null = not on record.

    A consent holds where it was granted later than it was last refused. So of two statements of one moment that disagree the refusal wins,
    whichever was delivered last; and so does a refusal without a date over any consent, and any refusal over a consent without one. This is
    the one rule for the marts, the lists, their checks and downloads.
    """
    at, is_granted = pl.col("changed_at"), pl.col("is_granted")

    def word(channel: str) -> pl.Expr:
        is_of_channel = pl.col("channel") == channel
        granted, refused = is_of_channel & is_granted, is_of_channel & ~is_granted
        last_granted, last_refused = at.filter(granted).max(), at.filter(refused).max()
        is_outdone = last_granted.is_not_null() & at.filter(refused).is_not_null().all() & (last_granted > last_refused)
        holds = ~refused.any() | is_outdone.fill_null(value=False)
        return pl.when(granted.any() | refused.any()).then(holds)

    return consents.group_by("customer_id").agg(**{f"{channel}_consent": word(channel) for channel in CHANNELS})


def evidence(
    customers: pl.LazyFrame,
    contacts: pl.LazyFrame,
    touches: pl.LazyFrame,
    erased: pl.LazyFrame | None,
    opt_outs: pl.LazyFrame | None,
) -> pl.LazyFrame:
    """Each customer with all that ``suppression`` looks at.

    ``customers``: has_open_complaint, last_complaint_at and whatever else. ``contacts``: one row per customer at most, email, phone and
    ``<channel>_consent``; without a row there is no address. ``touches``: as ``last_touches`` gives them. ``erased``: customer_id.
    ``opt_outs``: as ``opted_out`` gives them, or with ``all``.
    """
    erased = pl.LazyFrame(schema={"customer_id": pl.String}) if erased is None else erased
    opt_outs = pl.LazyFrame(schema={"customer_id": pl.String, "channel": pl.String}) if opt_outs is None else opt_outs
    is_out_of = {f"is_out_of_{channel}": pl.col("channel").is_in([channel, ALL]).any() for channel in CHANNELS}
    is_out_of[f"is_out_of_{PERSONALISATION}"] = (pl.col("channel") == PERSONALISATION).any()
    address_book = contacts.select("customer_id", **{f"contact_{column}": column for column in CONTACT_COLUMNS})
    return (
        customers.join(address_book, on="customer_id", how="left", validate="1:1")
        .join(touches, on="customer_id", how="left")
        .join(opt_outs.group_by("customer_id").agg(**is_out_of), on="customer_id", how="left")
        .join(erased.select("customer_id", is_erased=pl.lit(True)).unique(), on="customer_id", how="left")
        .with_columns(pl.col("is_erased", *is_out_of).fill_null(False))
    )


def suppression(channel: str, rules: ContactRules, as_of: date, is_by_traits: bool = True) -> pl.Expr:
    """Why a customer is not written to on ``channel``, or ``send`` (``LISTED`` on an internal list); what a list adds (its cool-down, other
    lists, the holdout) is drawn from the latter.

    Reads what ``evidence`` gives. ``is_by_traits``: whether the list chooses people by personal traits.
    A span of 14 days that began on the 1st ends with the 14th: on the 15th the customer may be written to.
    """
    if channel == INTERNAL:
        return pl.when("is_erased").then(pl.lit("erased")).otherwise(pl.lit(LISTED))
    address = ADDRESS_OF[channel]
    complained = (pl.lit(as_of) - _local_date(pl.col("last_complaint_at"), rules)).dt.total_days() < rules.complaint_cool_down_days
    touched = (pl.lit(as_of) - pl.col("last_touch_date")).dt.total_days() < rules.quiet_days
    return (
        pl.when(pl.col("is_erased"))
        .then(pl.lit("erased"))
        .when(~pl.col(f"contact_{channel}_consent").fill_null(channel in rules.assume_consent_for))
        .then(pl.lit("no_consent"))
        .when(pl.col(f"is_out_of_{channel}"))
        .then(pl.lit("unsubscribed"))
        .when(pl.col(f"is_out_of_{PERSONALISATION}") & is_by_traits)
        .then(pl.lit("no_personalisation"))
        .when(~pl.col(f"contact_{address}").str.contains(_VALID_ADDRESS[address]).fill_null(False))
        .then(pl.lit("no_address"))
        .when(pl.col("has_open_complaint").fill_null(False) | complained.fill_null(False))
        .then(pl.lit("complaint_cool_down"))
        .when(touched.fill_null(False))
        .then(pl.lit("contacted_recently"))
        .when((pl.col("recent_touches") >= rules.max_campaigns).fill_null(False))
        .then(pl.lit("frequency_cap"))
        .otherwise(pl.lit("send"))
    )


def held_out(customer_ids: pl.Series, list_name: str, share: float, salt: str) -> pl.Series:
    """Whether each customer belongs to the holdout of a list, as booleans in the order of the ids.

    The bucket is BLAKE2b with 8 bytes of digest over ``salt ␟ list name ␟ customer id`` (␟ = U+001F), read as a big-endian number.
    It depends on nothing else, so the same people stay out from run to run, whatever the size of the list, and a larger share only adds.
    """
    start = hashlib.blake2b(f"{salt}\x1f{list_name}\x1f".encode(), digest_size=8)
    digests = bytearray()
    for customer_id in customer_ids if share else ():
        bucket = start.copy()
        bucket.update(customer_id.encode())
        digests += bucket.digest()
    is_out = np.frombuffer(bytes(digests), dtype=">u8") < np.uint64(share * _BUCKETS) if share else np.zeros(len(customer_ids), dtype=bool)
    return pl.Series("is_held_out", is_out, dtype=pl.Boolean)


def holdout(customer_ids: pl.Series, list_name: str, share: float, rules: ContactRules) -> pl.Series:
    """Which holdout each customer belongs to, as texts in the order of the ids: ``global``, ``list``, or null for none.

    Who is in the global one is in it for every list, and is no part of a list's own, whose customers may well be on other lists.
    """
    of_all = held_out(customer_ids, EVERY_LIST, rules.global_holdout_share, rules.holdout_salt)
    of_list = held_out(customer_ids, list_name, share, rules.holdout_salt)
    return pl.select(pl.when(of_all).then(pl.lit("global")).when(of_list).then(pl.lit("list"))).to_series().rename("holdout")


def _local_date(timestamp: pl.Expr, rules: ContactRules) -> pl.Expr:
    return timestamp.dt.replace_time_zone("UTC").dt.convert_time_zone(rules.time_zone).dt.date()
