-- Orders and money of a person as of the run's day. An order is seen from the day it was placed, its payment and its refunds from
-- theirs: an order that was paid after the day stands there as unpaid.
with

orders as (
    select * from {{ ref('int_recounted_orders') }}
    where ordered_date <= {{ as_of_date() }}
),

refunds as (
    select * from {{ ref('fct_refunds') }}
    where
        customer_id is not null
        and is_counted
        and {{ is_of_recounted_customer() }}
        and refund_date <= {{ as_of_date() }}
),

refunded_orders as (
    select
        order_key,
        sum(refund_amount) as refund_amount
    from refunds
    group by order_key
),

-- cancelled although an earlier delivery said that the goods were under way: only dumps that come again as an order goes on can tell
shipped_before as (
    select distinct order_key
    from {{ ref('order_status_changes') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
        and previous_status in ('shipped', 'completed')
),

seen_orders as (
    select
        orders.customer_id,
        orders.ordered_at,
        orders.ordered_date,
        orders.channel,
        orders.gross_amount,
        orders.fee_amount,
        orders.discount_amount,
        orders.shipping_amount,
        orders.tax_amount,
        coalesce(refunded_orders.refund_amount, 0) as refund_amount,
        orders.status = 'cancelled' and not orders.is_test as is_cancelled,
        shipped_before.order_key is not null as was_shipped,
        orders.status = 'refused' and not orders.is_test as is_refused,
        {{ merchant_day("orders.paid_at") }} <= {{ as_of_date() }} as is_paid,
        -- a platform may close an order as refunded and give neither an amount nor a day
        refunded_orders.order_key is not null or (orders.status = 'refunded' and orders.refund_amount = 0) as is_refunded,
        coalesce(orders.counted_date <= {{ as_of_date() }}, false) as is_counted,
        orders.is_purchase and orders.counted_date <= {{ as_of_date() }} as is_purchase,
        orders.ordered_date > {{ months_before(as_of_date(), 12) }} as is_of_last_year,
        not orders.is_test and (orders.status = 'pending' or orders.counted_date > {{ as_of_date() }}) as is_unpaid
    from orders
    left join refunded_orders
        on orders.order_key = refunded_orders.order_key
    left join shipped_before
        on orders.order_key = shipped_before.order_key
),

placed_orders as (
    select
        *,
        min(case when is_purchase then ordered_date end) over (partition by customer_id) as first_purchase_date
    from seen_orders
)

select
    customer_id,
    min(case when is_purchase then ordered_at end) as first_order_at,
    max(case when is_purchase then ordered_at end) as last_order_at,
    min(case when is_purchase then ordered_date end) as first_order_date,
    max(case when is_purchase then ordered_date end) as last_order_date,
    count(case when is_purchase then 1 end) as orders_count,
    sum(case when is_counted then gross_amount else 0 end) as gross_amount,
    sum(case when is_counted then discount_amount else 0 end) as discount_amount,
    sum(case when is_counted then shipping_amount else 0 end) as shipping_amount,
    sum(case when is_counted then tax_amount else 0 end) as tax_amount,
    sum(case when is_counted then refund_amount else 0 end) as refund_amount,
    sum(case when is_counted then fee_amount else 0 end) as fee_amount,
    sum(case when is_counted then gross_amount - discount_amount - refund_amount else 0 end) as net_amount,
    sum(
        case when is_counted and ordered_date > first_purchase_date then gross_amount - discount_amount - refund_amount else 0 end
    ) as repeat_net_amount,
    count(case when is_purchase and is_of_last_year then 1 end) as orders_count_12m,
    sum(case when is_counted and is_of_last_year then gross_amount - discount_amount - refund_amount else 0 end) as net_amount_12m,
    count(case when is_unpaid then 1 end) as unpaid_orders_count,
    count(case when is_cancelled then 1 end) as cancelled_orders_count,
    count(case when is_cancelled and is_paid then 1 end) as cancelled_after_payment_orders_count,
    count(case when is_cancelled and was_shipped then 1 end) as cancelled_after_shipping_orders_count,
    count(case when is_refused then 1 end) as refused_orders_count,
    count(case when is_purchase and discount_amount > 0 then 1 end) as discounted_orders_count,
    count(case when is_counted and is_refunded then 1 end) as refunded_orders_count
from placed_orders
group by customer_id
