-- Purchases of the twelve months up to the run's day.
with

orders as (
    select * from {{ ref('int_recounted_orders') }}
    where
        ordered_date > {{ months_before(as_of_date(), 12) }}
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

refunds as (
    select
        order_key,
        sum(refund_amount) as refund_amount
    from {{ ref('fct_refunds') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
        and refund_date <= {{ as_of_date() }}
    group by order_key
)

select
    orders.customer_id,
    count(case when orders.is_purchase then 1 end) as orders_count,
    sum(orders.gross_amount - orders.discount_amount - coalesce(refunds.refund_amount, 0)) as net_amount
from orders
left join refunds
    on orders.order_key = refunds.order_key
group by orders.customer_id
