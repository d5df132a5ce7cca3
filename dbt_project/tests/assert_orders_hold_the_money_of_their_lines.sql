-- Order total = sum of its lines, and net = gross - discount - refund, for each order by itself: a join that fans out shows here. A run
-- that builds only what changed looks at the orders it built. A row is an order that differs, and by how much.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where {{ is_of_touched_day_and_order() }}
),

summed_lines as (
    select
        order_key,
        count(*) as lines_count,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(shipping_amount) as shipping_amount,
        sum(tax_amount) as tax_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount
    from order_lines
    group by order_key
),

differences as (
    select
        coalesce(orders.order_key, summed_lines.order_key) as order_key,
        coalesce(orders.lines_count, 0) - coalesce(summed_lines.lines_count, 0) as lines_count,
        coalesce(orders.gross_amount, 0) - coalesce(summed_lines.gross_amount, 0) as gross_amount,
        coalesce(orders.discount_amount, 0) - coalesce(summed_lines.discount_amount, 0) as discount_amount,
        coalesce(orders.shipping_amount, 0) - coalesce(summed_lines.shipping_amount, 0) as shipping_amount,
        coalesce(orders.tax_amount, 0) - coalesce(summed_lines.tax_amount, 0) as tax_amount,
        coalesce(orders.refund_amount, 0) - coalesce(summed_lines.refund_amount, 0) as refund_amount,
        coalesce(orders.net_amount, 0) - coalesce(summed_lines.net_amount, 0) as net_amount,
        coalesce(orders.gross_amount - orders.discount_amount - orders.refund_amount - orders.net_amount, 0) as unexplained_net_amount
    from orders
    full outer join summed_lines
        on orders.order_key = summed_lines.order_key
)

select * from differences
where
    lines_count <> 0
    or gross_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
    or refund_amount <> 0
    or net_amount <> 0
    or unexplained_net_amount <> 0
