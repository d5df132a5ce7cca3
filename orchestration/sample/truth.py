"""What really happened, for whoever wants to know whether the pipeline found it out. Never delivered: ``truth/`` is no inbox."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from orchestration.sample.buying import CHUNK, Chunk, World
from orchestration.sample.people import ONLINE, SHOPS, SOURCES
from orchestration.sample.tally import Money, Tally


@dataclass(frozen=True)
class FaultRow:
    """Grain: one planted fault. ``line``: physical, the header is 1; null where the file as a whole is meant.

    ``delivered_in``: ``inbox``, or ``later`` for what has to be put into the inbox after the first run.
    """

    delivered_in: str
    source: str
    feed: str
    file: str
    line: int | None
    kind: str
    outcome: str
    reason: str | None
    description: str


_FAULT_SCHEMA = pl.Schema({name: pl.Int64 if name == "line" else pl.String for name in FaultRow.__dataclass_fields__})


def write_faults(faults: list[FaultRow], path: Path) -> None:
    frame = pl.DataFrame([asdict(fault) for fault in faults], schema=_FAULT_SCHEMA)
    frame.sort("delivered_in", "source", "feed", "file", "line", "kind").write_parquet(path)


def people_frame(world: World, chunk: Chunk) -> pl.DataFrame:
    """Grain: one row per person, as of the end of the period; times are local. Money is still to come."""
    people, truth = chunk.people, chunk.truth

    def moment(name: str, when: np.ndarray[Any, np.dtype[np.int64]]) -> pl.Expr:
        since = pl.lit(world.season.start).cast(pl.Datetime("us"))
        return pl.when(pl.Series(when >= 0)).then(since + pl.duration(seconds=pl.lit(pl.Series(when)))).alias(name)

    first, second = people.account_id(ONLINE), people.account_id(ONLINE, np.ones(len(people.numbers), bool))
    table = pl.DataFrame({"first": first, "second": second, "member": people.account_id(SHOPS)}).with_columns(
        pl.Series("online", people.has_online), pl.Series("twice", people.has_second_account), pl.Series("shops", people.has_shops)
    )
    smallest_online, none = pl.concat_str(pl.lit("online:"), "first"), pl.lit([], pl.List(pl.String))
    ids = table.select(
        pl.Series("person_id", people.numbers).cast(pl.Int64),
        pl.when("online").then(smallest_online).otherwise(pl.concat_str(pl.lit("shops:"), "member")).alias("customer_id"),
        pl.when("twice")
        .then(pl.concat_list("first", "second"))
        .when("online")
        .then(pl.concat_list("first"))
        .otherwise(none)
        .alias("online_ids"),
        pl.when("shops").then(pl.concat_list("member")).otherwise(none).alias("shops_ids"),
    )
    return ids.with_columns(
        pl.Series("purchase_rate_per_day", truth.rate),
        pl.Series("drop_out_probability", truth.drop_out),
        moment("signed_up_at", truth.signed_up),
        moment("first_purchase_at", truth.first_purchase),
        moment("last_purchase_at", truth.last_purchase),
        pl.Series("purchases_count", truth.purchases),
        moment("dropped_out_at", truth.dropped_out),
        pl.when(pl.Series(~truth.is_prospect)).then(pl.Series(truth.dropped_out < 0)).alias("is_alive"),
        pl.Series("is_angry_type", truth.is_angry),
    )


def write_people(parts: list[Path], money: Money, path: Path) -> None:
    """Put the money beside the people, part by part, and all parts into one file."""
    for number, part in enumerate(parts):
        own = slice(number * CHUNK, (number + 1) * CHUNK)
        columns = {"gross_amount": money.gross[own], "discount_amount": money.discount[own], "refund_amount": money.refund[own]}
        columns["net_amount"] = columns["gross_amount"] - columns["discount_amount"] - columns["refund_amount"]
        amounts = pl.DataFrame(columns).select((pl.all().cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)))
        frame = pl.read_parquet(part, glob=False).hstack(amounts)
        frame.write_parquet(part.with_suffix(".whole"))
        part.unlink()
    whole = [part.with_suffix(".whole") for part in parts]
    pl.scan_parquet(whole, glob=False).sink_parquet(path, maintain_order=True, row_group_size=CHUNK)


def _yuan(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def totals(tally: Tally, world: World, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the pipeline must find and publish: after the inbox was read, and after what comes later was read too."""
    feeds = ("orders", "reviews", "customers", "consents", "opt_outs", "tickets")

    def counts(feed: str, source: str | None = None) -> dict[str, int]:
        names = ("files", "files_live", "files_held", "files_no_op", "rows_clean", "rows_quarantined")
        found = {name: tally.total("inbox", feed, name, source) for name in names}
        return found | {"rows_delivered": found["rows_clean"] + found["rows_quarantined"]}

    def orders(name: str, place: str = "inbox") -> int:
        return tally.total(place, "orders", name)

    def identity(whose: str) -> dict[str, Any]:
        amounts = {f"{kind}_amount": _yuan(orders(f"{whose}_{kind}_cents")) for kind in ("gross", "discount", "refund", "shipping", "net")}
        return {"purchases": orders(f"{whose}_purchases")} | amounts

    def after(name: str, change: str) -> int:
        """What ``later`` says holds for the time after it, but for what the days delivered again change."""
        return orders(name, "later") + orders(change, "redelivered")

    return {
        "sample": arguments | {"start": world.season.start.isoformat(), "end": world.season.date(world.days - 1).isoformat()},
        "inbox": {feed: counts(feed) | {"by_source": {source: counts(feed, source) for source in SOURCES}} for feed in feeds},
        "orders": {
            "clean_amount": _yuan(orders("clean_cents")),
            "clean_amount_by_source": {source: _yuan(tally.total("inbox", "orders", "clean_cents", source)) for source in SOURCES},
            "latest_orders": orders("latest_orders"),
            "latest_rows": orders("latest_rows"),
            "latest_amount": _yuan(orders("latest_cents")),
            "identified": identity("identified"),
            "unidentified": identity("unidentified"),
        },
        "after_later": {
            "files": {feed: tally.total("later", feed, "files") for feed in feeds[:2]} | {"replaced": orders("files", "redelivered")},
            "orders": {
                "rows_clean": orders("rows_clean") + after("rows_clean", "rows_change"),
                "clean_amount": _yuan(orders("clean_cents") + after("clean_cents", "cents_change")),
                "latest_orders": after("latest_orders", "orders_change"),
                "latest_rows": after("latest_rows", "rows_change"),
                "latest_amount": _yuan(after("latest_cents", "cents_change")),
            },
            "reviews": {"rows_clean": sum(tally.total(place, "reviews", "rows_clean") for place in ("inbox", "later"))},
        },
    }


def write_totals(found: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
