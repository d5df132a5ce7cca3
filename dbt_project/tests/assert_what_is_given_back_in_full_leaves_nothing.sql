-- A refund of everything nets to exactly zero: of goods, postage, tax and what was passed through. A daily run looks at the orders it
-- built.
-- A row is an order that was given back in full, and what is left of it.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where {{ is_of_touched_day_and_order() }}
),

by_status_alone as (
    select order_key
    from order_lines
    group by order_key
    having not bool_or(is_refund_amount_known)
)

select
    orders.order_key,
    orders.net_amount,
    orders.shipping_amount - orders.shipping_refund_amount as shipping_amount,
    orders.tax_amount - orders.tax_refund_amount as tax_amount,
    orders.pass_through_amount - orders.pass_through_refund_amount as pass_through_amount
from orders
inner join by_status_alone
    on orders.order_key = by_status_alone.order_key
where
    -- what went for less than nothing can't be given back
    orders.net_amount > 0
    or orders.shipping_amount > orders.shipping_refund_amount
    or orders.tax_amount > orders.tax_refund_amount
    or orders.pass_through_amount > orders.pass_through_refund_amount
