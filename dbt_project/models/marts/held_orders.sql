{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
with

order_rates as (
    select * from {{ ref('int_order_exchange_rates') }}
    where
        exchange_rate is null
        and {{ is_of_touched_order() }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

waiting as (
    select
        order_key,
        source,
        order_id,
        rate_date,
        {{ distinct_list("currency") }} as currencies
    from order_rates
    group by order_key, source, order_id, rate_date
),

summed_lines as (
    select
        order_lines.source,
        order_lines.order_id,
        min(order_lines.customer_id) as customer_id,
        min(order_lines.ordered_at) as ordered_at,
        count(*) as lines_count,
        sum(order_lines.gross_amount) as gross_amount,
        sum(order_lines.discount_amount) as discount_amount,
        sum(order_lines.shipping_amount) as shipping_amount,
        sum(order_lines.tax_amount) as tax_amount,
        sum(order_lines.refund_amount) as refund_amount
    from order_lines
    inner join waiting
        on
            order_lines.source = waiting.source
            and order_lines.order_id = waiting.order_id
    group by order_lines.source, order_lines.order_id
)

select
    waiting.order_key,
    waiting.source,
    waiting.order_id,
    coalesce(summed_lines.customer_id, order_headers.customer_id) as customer_id,
    coalesce(summed_lines.ordered_at, order_headers.ordered_at) as ordered_at,
    waiting.rate_date,
    waiting.currencies,
    '{{ var("currency") }}' as reporting_currency,
    coalesce(summed_lines.lines_count, 0) as lines_count,
    cast(coalesce(summed_lines.gross_amount, 0) as decimal(18, 4)) as original_gross_amount,
    cast(coalesce(summed_lines.discount_amount, 0) as decimal(18, 4)) as original_discount_amount,
    cast(coalesce(summed_lines.shipping_amount, 0) as decimal(18, 4)) as original_shipping_amount,
    cast(coalesce(summed_lines.tax_amount, 0) as decimal(18, 4)) as original_tax_amount,
    cast(coalesce(summed_lines.refund_amount, 0) as decimal(18, 4)) as original_refund_amount
from waiting
left join summed_lines
    on
        waiting.source = summed_lines.source
        and waiting.order_id = summed_lines.order_id
left join order_headers
    on
        waiting.source = order_headers.source
        and waiting.order_id = order_headers.order_id
