"""What customers did in the horizon, from the published orders, and who they were at the cut."""

from typing import TYPE_CHECKING

from orchestration.backtest.window import Window
from orchestration.publication import WAREHOUSE
from orchestration.settings import Settings
from orchestration.sql import quoted
from transforms.backtest import HAPPENED

if TYPE_CHECKING:
    import polars as pl

QUERY = """
with buyers as (
    select
        facts.customer_id,
        coalesce(links.customer_id, facts.customer_id) as person,
        facts.last_order_date
    from marts.customer_facts as facts
    left join later.marts.customer_links as links on links.source || ':' || links.source_customer_id = facts.customer_id
    where facts.orders_count > 0
    -- who turned out to be one person since was one all along: the id that bought last stands for them
    qualify row_number() over (partition by person order by facts.last_order_date desc, facts.customer_id) = 1
),
orders as (
    select
        customer_id,
        count(distinct ordered_date) filter (is_purchase and ordered_date > $cut) as purchase_days,
        sum(gross_amount - discount_amount) as amount
    from later.marts.fct_orders
    where is_counted and counted_date > $cut and counted_date <= $end
    group by customer_id
),
refunds as (
    select refunds.customer_id, sum(refunds.refund_amount) as amount
    from later.marts.fct_refunds as refunds
    where refunds.is_counted
        and greatest(refunds.counted_date, refunds.refund_date) > $cut and greatest(refunds.counted_date, refunds.refund_date) <= $end
    group by refunds.customer_id
)
select
    buyers.customer_id,
    coalesce(orders.purchase_days, 0) as purchase_days_after,
    cast(coalesce(orders.amount, 0) - coalesce(refunds.amount, 0) as decimal(18, 4)) as net_amount_after
from buyers
left join orders on orders.customer_id = buyers.person
left join refunds on refunds.customer_id = buyers.person
order by buyers.customer_id
"""


def happened(looking_back: Settings, window: Window) -> "pl.DataFrame":
    """``HAPPENED`` of every customer with a purchase by the cut. ``looking_back``: settings of the run as of the cut."""
    import duckdb

    published = (looking_back.home / "published" / WAREHOUSE).resolve()
    with duckdb.connect(str(looking_back.warehouse), read_only=True, config=looking_back.engine) as connection:
        connection.execute(f"attach {quoted(published)} as later (read_only)")
        rows = connection.sql(QUERY, params={"cut": window.cut, "end": window.end}).pl()
        return rows.cast(dict(HAPPENED))
