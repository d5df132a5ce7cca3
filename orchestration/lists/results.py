"""What became of the customers of past lists, counted from the record of lists and the orders since; judged in ``transforms.results``.

Everything is counted anew on every run, over all days on record: so an order, a correction or a link of two ids that comes late counts
where it belongs, and a day's run and a rebuild leave the same. Who came on a list is a small part of who is on it, and orders meet those
alone.
"""

from datetime import date
from typing import TYPE_CHECKING

from orchestration import warehouse
from orchestration.io import write_parquet
from orchestration.lists import history
from orchestration.settings import Settings
from orchestration.sql import readable
from transforms.contact import EVERY_LIST
from transforms.results import RESULT_COUNTS, results
from transforms.schemas import LIST_RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

TABLE = "list_results"

# A person counts on the first day on a list, once, also where several ids became one person since: by the draw of the id that stands for
# the person, which is the one draw that doesn't depend on how many ids there were. The global holdout is compared over all lists together,
# from the first day on which there was one: with everybody else whom a list would have been sent to, held out of that list or not.
# First days are looked for by id and then by person: the record is long, those who came are few.
_COUNTS = """
with
history as (select * from read_parquet({history})),
under_global as (select * from history where as_of_date >= (select min(as_of_date) from history where holdout = 'global')),
days as (
    select list_name, as_of_date, max(channel) as channel, count(*) as listed_count
    from history group by list_name, as_of_date
    union all
    select $every_list, as_of_date, null, count(distinct customer_id) from under_global group by as_of_date
),
came as (
    select list_name, customer_id, min(struct_pack(came_on := as_of_date, is_held_out := status = 'holdout', channel := channel)) as first
    from history where holdout is distinct from 'global' group by list_name, customer_id
    union all
    select $every_list, customer_id,
        min(struct_pack(came_on := as_of_date, is_held_out := holdout is not distinct from 'global', channel := null::varchar))
    from under_global group by customer_id
),
links as (
    select source || ':' || source_customer_id as former_id, customer_id from read_parquet({links})
    where source || ':' || source_customer_id <> customer_id
),
persons_came as (
    select list_name, coalesce(links.customer_id, came.customer_id) as person, min(struct_pack(
        came_on := first.came_on, is_other_id := links.customer_id is not null, id := came.customer_id,
        is_held_out := first.is_held_out, channel := first.channel
    )) as first
    from came left join links on links.former_id = came.customer_id
    group by list_name, person
),
entries as (
    select list_name, person, first.came_on, first.is_held_out, first.channel,
        first.came_on + $horizon_days as ends_on, least(first.came_on + $horizon_days, $as_of::date) as seen_until
    from persons_came
),
persons as (select distinct person from entries),
orders as (
    select customer_id, ordered_date, counted_date, is_purchase, gross_amount - discount_amount as amount
    from marts.fct_orders
    where is_counted and counted_date > (select min(came_on) from entries) and counted_date <= $as_of::date
        and customer_id in (from persons)
),
refunds as (
    select customer_id, greatest(counted_date, refund_date) as refunded_on, refund_amount
    from marts.fct_refunds
    where is_counted and greatest(counted_date, refund_date) > (select min(came_on) from entries)
        and greatest(counted_date, refund_date) <= $as_of::date and customer_id in (from persons)
),
bought as (
    select list_name, person, count(*) filter (is_purchase and ordered_date > came_on) as orders_count, sum(amount) as amount
    from entries
    join orders on orders.customer_id = person and counted_date > came_on and counted_date <= seen_until
    group by all
),
gave_back as (
    select list_name, person, sum(refund_amount) as amount
    from entries
    join refunds on refunds.customer_id = person and refunded_on > came_on and refunded_on <= seen_until
    group by all
),
contacted as (
    select distinct list_name, person
    from entries
    join touches on touches.customer_id = person and (entries.channel is null or touches.channel = entries.channel)
        and touches.contacted_on >= came_on and touches.contacted_on <= seen_until
),
measured as (
    select entries.*, coalesce(bought.orders_count, 0) as orders_count, contacted.person is not null as is_contacted,
        cast(coalesce(bought.amount, 0) - coalesce(gave_back.amount, 0) as decimal(18, 4)) as net_amount
    from entries
    left join bought using (list_name, person)
    left join gave_back using (list_name, person)
    left join contacted using (list_name, person)
),
summed as (
    select list_name, came_on as as_of_date, {sums}
    from measured group by list_name, came_on
)
select days.*, summed.* exclude (list_name, as_of_date)
from days left join summed using (list_name, as_of_date)
order by list_name, as_of_date"""

_SUMS = """
count(*) filter ({group}) as {name}_count, count(*) filter ({group} and is_contacted) as {name}_contacted_count,
count(*) filter ({group} and orders_count > 0) as {name}_bought_count,
coalesce(sum(orders_count) filter ({group}), 0)::bigint as {name}_orders_count,
coalesce(sum(net_amount) filter ({group}), 0)::decimal(18, 4) as {name}_net_amount,
coalesce(sum(net_amount * net_amount) filter ({group}), 0)::double as {name}_net_squares"""


def write(settings: Settings, as_of: date, horizon_days: int, touches: "pl.LazyFrame") -> "Path":
    """``LIST_RESULTS`` of the days on record before ``as_of``, to ``lake/lists/list_results.parquet``; returns its path.

    ``touches``: customer_id, channel, contacted_at (UTC), as ``permission.known`` gives them.
    """
    path = settings.derived / "lists" / f"{TABLE}.parquet"
    days = history.days_before(settings, as_of)
    write_parquet(
        results(_counts(settings, days, as_of, horizon_days, touches).lazy(), horizon_days, as_of) if days else LIST_RESULTS.to_frame(),
        path,
    )
    return path


def _counts(settings: Settings, days: "list[Path]", as_of: date, horizon_days: int, touches: "pl.LazyFrame") -> "pl.DataFrame":
    import polars as pl

    contacted_on = pl.col("contacted_at").dt.replace_time_zone("UTC").dt.convert_time_zone(settings.time_zone).dt.date()
    seen = touches.select("customer_id", "channel", contacted_on=contacted_on).filter(pl.col("contacted_on") <= as_of).unique().collect()
    sums = ",".join(_SUMS.format(group=group, name=name) for name, group in (("sent", "not is_held_out"), ("held_out", "is_held_out")))
    query = _COUNTS.format(
        links=readable(settings.derived / "identity" / "customer_links.parquet"),
        history=f"[{', '.join(readable(day) for day in days)}]",
        sums=sums,
    )
    with warehouse.connect(settings) as connection:
        connection.register("touches", seen)
        found = connection.sql(query, params={"as_of": as_of, "horizon_days": horizon_days, "every_list": EVERY_LIST}).pl()
    return found.with_columns(pl.col(name).fill_null(0) for name in RESULT_COUNTS if name.startswith(("sent_", "held_out_"))).cast(
        dict(RESULT_COUNTS)
    )
