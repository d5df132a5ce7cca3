"""The feeds about customers, as of the end of the period: profiles, consents, opt-outs and tickets, as CSV text per chunk of people."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from orchestration.sample import draws, names
from orchestration.sample.buying import Chunk, World
from orchestration.sample.events import SECOND_ACCOUNT, SHOPS_BIT, has
from orchestration.sample.order_files import order_id
from orchestration.sample.pages import written
from orchestration.sample.people import ONLINE, SHOPS, SOURCES, People
from orchestration.sample.phrases import TICKET_TOPICS
from orchestration.sample.season import DAY

CHANNELS = ("email", "sms", "wechat", "phone")
_NEVER_ASKED, _REFUSED, _WITHDRAWN = 0.18, 0.25, 0.33
"""Up to here in [0, 1), per account and channel; beyond, the consent stands."""

_OPTED_OUT = 0.02
"""Share of accounts that answered STOP once, each known by one address alone."""

FEEDS = ("customers", "consents", "opt_outs", "tickets")


@dataclass(frozen=True)
class Accounts:
    """Grain: one element per source id of a source, by person."""

    source: int
    people: People
    is_second: NDArray[np.bool_]
    signed_up: NDArray[np.int64]


def accounts(world: World, chunk: Chunk, source: int) -> Accounts:
    """The chunk's source ids. A second account is opened some months after the first."""
    people, signed_up = chunk.people, chunk.truth.signed_up
    first = np.flatnonzero(people.has_online if source == ONLINE else people.has_shops)
    second = np.flatnonzero(people.has_second_account) if source == ONLINE else first[:0]
    place = np.concatenate([first, second])
    is_second = np.arange(len(place)) >= len(first)
    order = np.lexsort((is_second, place))
    place, is_second = place[order], is_second[order]
    numbers = people.numbers[place]
    later = (draws.unit(world.seed, "second account at", numbers) * 150 * DAY).astype(np.int64)
    at = np.where(is_second, np.minimum(signed_up[place] + later, world.end - 1), signed_up[place])
    return Accounts(source, People(world.seed, numbers), is_second, at)


def texts(world: World, chunk: Chunk, with_header: bool) -> dict[tuple[str, int], tuple[bytes, int]]:
    """Feed and source → CSV text and its rows."""
    frames = {}
    for source in range(len(SOURCES)):
        own = accounts(world, chunk, source)
        contact = _contact(own)
        frames["customers", source] = _customers(world, own, contact)
        frames["consents", source] = _consents(world, own, contact)
        frames["opt_outs", source] = _opt_outs(world, own, contact)
        frames["tickets", source] = _tickets(world, chunk, source)
    return {key: (written(frame, header=with_header), frame.height) for key, frame in frames.items()}


def _contact(own: Accounts) -> pl.DataFrame:
    """What the source knows: e-mail online only, the phone at the first account only."""
    table = pl.DataFrame(
        {
            "customer_id": own.people.account_id(own.source, own.is_second),
            "email": own.people.email(),
            "phone": own.people.phone(own.source),
            "is_second": own.is_second,
        }
    )
    email = pl.col("email") if own.source == ONLINE else pl.lit(None, pl.String)
    return table.select("customer_id", email.alias("email"), pl.when(~pl.col("is_second")).then("phone").alias("phone"))


def _customers(world: World, own: Accounts, contact: pl.DataFrame) -> pl.DataFrame:
    people = own.people
    knows_card = people.has_bound_card & ~own.is_second if own.source == ONLINE else np.ones(len(people.numbers), bool)
    shouts = (draws.unit(world.seed, "capitals", people.numbers) < 0.1) & own.is_second
    table = contact.with_columns(
        pl.Series("name", people.name()),
        pl.Series("membership_no", people.membership_no()),
        pl.Series("city", pl.Series(names.CITIES).gather(people.city)),
        pl.Series("birth_year", people.birth_year),
        pl.Series("gender", people.gender),
        pl.Series("signed_up_at", world.season.text(own.signed_up)),
        pl.Series("knows_card", knows_card),
        pl.Series("knows_birth_year", people.knows_birth_year),
        pl.Series("shouts", shouts),
        pl.Series("style", draws.bits(world.seed, "phone style", people.numbers) % np.uint64(16)),
    )
    return table.select(
        "customer_id",
        "name",
        pl.when("shouts").then(pl.col("email").str.to_uppercase()).otherwise("email").alias("email"),
        _as_typed("phone") if own.source == SHOPS else pl.col("phone"),
        pl.when("knows_card").then("membership_no").alias("membership_no"),
        "city",
        pl.when("knows_birth_year").then("birth_year").alias("birth_year"),
        "gender",
        "signed_up_at",
    )


def _as_typed(phone: str) -> pl.Expr:
    """The same phone as shop staff type it: mostly plain, sometimes grouped, sometimes with the country's code."""
    parts = [pl.col(phone).str.slice(0, 3), pl.col(phone).str.slice(3, 4), pl.col(phone).str.slice(7)]
    dashed, spaced = pl.concat_str(parts, separator="-"), pl.concat_str(parts, separator=" ")
    international = pl.concat_str(pl.lit("+86 "), phone)
    typed = (
        pl.when(pl.col("style") == 0).then(dashed).when(pl.col("style") == 1).then(spaced).when(pl.col("style") == 2).then(international)
    )
    return typed.otherwise(phone).alias(phone)


def _consents(world: World, own: Accounts, contact: pl.DataFrame) -> pl.DataFrame:
    """Every change of a consent: given or refused at sign-up, and some withdrawn since. A channel that was never asked about has no row."""
    count = len(own.people.numbers)
    account = np.repeat(np.arange(count), len(CHANNELS))
    channel = np.tile(np.arange(len(CHANNELS)), count)
    counter = ((own.people.numbers[account] * np.uint64(2) + own.is_second[account]) * np.uint64(2) + np.uint64(own.source)) * np.uint64(4)
    chance = draws.unit(world.seed, "consent", counter + channel.astype(np.uint64))
    has_email, has_phone = contact["email"].is_not_null().to_numpy(), contact["phone"].is_not_null().to_numpy()
    reachable = np.stack([has_email, has_phone, np.ones(count, bool), has_phone], axis=1).ravel()
    asked = np.flatnonzero(reachable & (chance >= _NEVER_ASKED))
    withdrawn = asked[(chance[asked] >= _REFUSED) & (chance[asked] < _WITHDRAWN)]
    rows = np.concatenate([asked, withdrawn])
    is_withdrawal = np.arange(len(rows)) >= len(asked)
    order = np.lexsort((is_withdrawal, rows))
    rows, is_withdrawal = rows[order], is_withdrawal[order]
    since = own.signed_up[account[rows]]
    waited = (draws.unit(world.seed, "withdrawn at", counter[rows]) * (world.end - 1 - since)).astype(np.int64)
    when = since + np.where(is_withdrawal, waited, 0)
    return pl.DataFrame(
        {
            "customer_id": contact["customer_id"].gather(account[rows]),
            "channel": pl.Series(CHANNELS).gather(channel[rows]),
            "is_granted": (chance[rows] >= _REFUSED) & ~is_withdrawal,
            "changed_at": world.season.text(when),
        }
    )


def _opt_outs(world: World, own: Accounts, contact: pl.DataFrame) -> pl.DataFrame:
    """Who unsubscribed: half of them from text messages, named by the phone, half from everything, by the e-mail where there is one."""
    counter = (own.people.numbers * np.uint64(2) + own.is_second) * np.uint64(2) + np.uint64(own.source)
    chance = draws.unit(world.seed, "opted out", counter)
    waited = (draws.unit(world.seed, "opted out at", counter) * (world.end - 1 - own.signed_up)).astype(np.int64)
    told = (pl.Series("at", world.season.text(own.signed_up + waited)), pl.Series("chance", chance))
    by_text = pl.col("phone").is_not_null() & ((pl.col("chance") < _OPTED_OUT / 2) | pl.col("email").is_null())
    table = contact.with_columns(*told).filter(pl.col("chance") < _OPTED_OUT, pl.any_horizontal(pl.col("email", "phone").is_not_null()))
    return table.select(
        pl.lit(None, pl.String).alias("customer_id"),
        pl.when(~by_text).then("email").alias("email"),
        pl.when(by_text).then("phone").alias("phone"),
        pl.when(pl.col("chance") < _OPTED_OUT / 2).then(pl.lit("sms")).otherwise(pl.lit("all")).alias("channel"),
        pl.col("at").alias("opted_out_at"),
    )


def _tickets(world: World, chunk: Chunk, source: int) -> pl.DataFrame:
    told = chunk.complaints
    own = np.flatnonzero(has(told.flags, SHOPS_BIT) == (source == SHOPS))
    number = order_id(told.key[own], source)
    people = People(world.seed, told.person[own])
    closed = told.closed[own]
    table = pl.DataFrame(
        {
            "customer_id": people.account_id(source, has(told.flags[own], SECOND_ACCOUNT)),
            "order_id": number,
            "topic": pl.Series(TICKET_TOPICS).gather(told.topic[own]),
            "opened_at": world.season.text(told.opened[own]),
            "closed_at": world.season.text(np.maximum(closed, 0)),
            "is_closed": closed >= 0,
        }
    )
    ticket, closed_at = pl.concat_str(pl.lit("T"), "order_id"), pl.when("is_closed").then("closed_at")
    return table.select(ticket.alias("ticket_id"), "customer_id", "order_id", "topic", "opened_at", closed_at.alias("closed_at"))
