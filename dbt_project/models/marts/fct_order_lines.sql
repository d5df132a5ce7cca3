{{ config(materialized="incremental", pre_hook="{{ take_out_orders() }}") }}
with

order_lines as (
    select * from {{ ref('int_converted_order_lines') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
),

products as (
    select * from {{ ref('int_products') }}
)

select
    orders.order_key || ':' || order_lines.order_line_id as order_line_key,
    orders.order_key,
    order_lines.order_line_id,
    orders.customer_id,
    order_lines.status,
    orders.is_counted and order_lines.status in {{ counted_statuses() }} as is_counted,
    orders.status in {{ counted_statuses() }} and order_lines.status not in {{ counted_statuses() }} as is_cancelled_alone,
    orders.ordered_at,
    orders.ordered_date,
    case when order_lines.status in {{ counted_statuses() }} then orders.counted_date end as counted_date,
    order_lines.line_kind,
    order_lines.source || ':' || order_lines.product_id as product_key,
    coalesce(order_lines.product_name, products.product_name) as product_name,
    coalesce(order_lines.category, products.category) as category,
    order_lines.quantity,
    order_lines.unit_price,
    order_lines.gross_amount,
    order_lines.discount_amount,
    order_lines.shipping_amount,
    order_lines.tax_amount,
    order_lines.pass_through_amount,
    order_lines.refund_amount,
    order_lines.shipping_refund_amount,
    order_lines.tax_refund_amount,
    order_lines.pass_through_refund_amount,
    order_lines.is_refund_amount_known,
    order_lines.net_amount,
    order_lines.refunded_at,
    order_lines.currency,
    order_lines.exchange_rate,
    order_lines.original_unit_price,
    order_lines.original_gross_amount,
    order_lines.original_discount_amount,
    order_lines.original_shipping_amount,
    order_lines.original_tax_amount,
    order_lines.original_pass_through_amount,
    order_lines.original_refund_amount,
    order_lines.original_shipping_refund_amount,
    order_lines.original_tax_refund_amount,
    order_lines.original_pass_through_refund_amount,
    order_lines.source,
    order_lines.file_id,
    order_lines.line
from order_lines
inner join orders
    on
        order_lines.source = orders.source
        and order_lines.order_id = orders.order_id
left join products
    on
        order_lines.source = products.source
        and order_lines.product_id = products.product_id
