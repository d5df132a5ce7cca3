"""Every statement on a consent that live files hold, wherever it stands, and when it was made: one place, one shape.

A row of ``consents`` is one statement. An order, and a customer record, may say something of several channels at once, in the columns
``accepts_<channel>``; an empty one says nothing. What such a statement is worth follows from its date:

- An order's is made when the order is placed.
- A customer record's is dated by ``consents_changed_at``, else by the day in its file's name, else not at all.
- A day in a name is only known to lie behind the statement. So a yes counts from the day's beginning and a no until its end; and a yes that
  the next file only repeats is no new one, or a nightly export would undo what somebody refused elsewhere.
- ``last_words`` and ``opted_out`` of ``transforms.contact`` decide among statements: a no without a date holds for ever, a yes without one
  gives way to any no.
"""

from orchestration import lake
from orchestration.dumps.feeds import CHANNELS
from orchestration.settings import Settings
from orchestration.sql import quoted, readable


def statements(settings: Settings) -> str:
    """SQL over the views of ``lake.connect``: source, customer_id, channel, is_granted, changed_at (UTC, or null).

    Of the same statement of one id on one channel only the latest is kept where it has a date: nothing else is asked of them.
    """
    files, zone = readable(lake.clean_path(settings, "files")), quoted(settings.time_zone)
    of_orders = " union all ".join(_each(f"live_{feed}", "ordered_at as changed_at") for feed in ("orders", "order_headers"))
    of_records = _each(
        f"live_customers join (select file_id, try_cast(left(delivery_key, 10) as date) as day from read_parquet({files})) using (file_id)",
        "consents_changed_at, day",
    )
    return f"""
        select source, customer_id, channel, is_granted, changed_at from live_consents
        union all
        select source, customer_id, channel, is_granted, max(changed_at) from ({of_orders}) group by all
        union all
        select source, customer_id, channel, is_granted, coalesce(consents_changed_at, case
            when is_granted then {_utc("day::timestamp", zone)}
            else {_utc("day::timestamp + interval 1 day", zone)} - interval 1 microsecond end)
        from (
            select *, is_granted and consents_changed_at is null and day is not null and lag(is_granted) over (
                partition by source, customer_id, channel, consents_changed_at is null and day is not null
                order by day, is_granted desc
            ) as is_repeated
            from ({of_records})
        ) where not coalesce(is_repeated, false)"""


def _each(rows: str, dated: str) -> str:
    """A row per channel of which a row says something."""
    return " union all ".join(
        f"""select source, customer_id, {quoted(channel)} as channel, accepts_{channel} as is_granted, {dated}
        from {rows} where accepts_{channel} is not null and customer_id is not null"""
        for channel in CHANNELS
    )


def _utc(local: str, zone: str) -> str:
    return f"(({local}) at time zone {zone}) at time zone 'UTC'"
