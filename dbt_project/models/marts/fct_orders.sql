{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
with

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

order_items as (
    select * from {{ ref('stg_order_items') }}
),

-- min over texts: a value that only some lines carry is the order's; lines that disagree still give one answer
summed_lines as (
    select
        source,
        order_id,
        min(source_customer_id) as source_customer_id,
        min(customer_id) as customer_id,
        {{ furthest_status("status") }} as status,
        min(channel) as channel,
        min(city) as city,
        min(currency) as currency,
        bool_or(is_test) as is_test,
        min(ordered_at) as ordered_at,
        max(paid_at) as paid_at,
        count(*) as lines_count,
        sum(case when line_kind = 'product' then quantity else 0 end) as product_quantity,
        sum(gross_amount) as gross_amount,
        sum(case when line_kind = 'fee' then gross_amount else 0 end) as fee_amount,
        sum(discount_amount) as discount_amount,
        sum(shipping_amount) as shipping_amount,
        sum(tax_amount) as tax_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount
    from order_lines
    group by source, order_id
),

headers_without_items as (
    select
        source,
        order_id,
        source_customer_id,
        customer_id,
        status,
        channel,
        city,
        currency,
        is_test,
        ordered_at,
        paid_at,
        0 as lines_count,
        0 as product_quantity,
        0 as gross_amount,
        0 as fee_amount,
        0 as discount_amount,
        0 as shipping_amount,
        0 as tax_amount,
        0 as refund_amount,
        0 as net_amount
    from order_headers
    where
        not exists (
            select 1
            from order_items
            where
                order_items.source = order_headers.source
                and order_items.order_id = order_headers.order_id
        )
),

orders as (
    select * from summed_lines
    union all
    select * from headers_without_items
),

dated as (
    select
        *,
        status in {{ counted_statuses() }} and not is_test as is_counted,
        {{ merchant_day("ordered_at") }} as ordered_date,
        {{ merchant_day("paid_at") }} as paid_date
    from orders
)

select
    source || ':' || order_id as order_key,
    source,
    order_id,
    customer_id,
    source_customer_id,
    status,
    is_test,
    is_counted,
    is_counted and gross_amount > fee_amount as is_purchase,
    ordered_at,
    ordered_date,
    paid_at,
    case when is_counted then greatest(ordered_date, paid_date) end as counted_date,
    channel,
    city,
    currency,
    cast(lines_count as bigint) as lines_count,
    cast(product_quantity as decimal(18, 3)) as product_quantity,
    cast(gross_amount as decimal(18, 4)) as gross_amount,
    cast(fee_amount as decimal(18, 4)) as fee_amount,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    cast(shipping_amount as decimal(18, 4)) as shipping_amount,
    cast(tax_amount as decimal(18, 4)) as tax_amount,
    cast(refund_amount as decimal(18, 4)) as refund_amount,
    cast(net_amount as decimal(18, 4)) as net_amount
from dated
