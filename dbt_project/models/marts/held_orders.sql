{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
with

order_rates as (
    select * from {{ ref('int_order_exchange_rates') }}
    where
        exchange_rate is null
        and {{ is_of_touched_order() }}
),

refused_order_rows as (
    select * from {{ ref('int_refused_order_rows') }}
    where '{{ var("incomplete_orders") }}' = 'held'
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

without_rate as (
    select
        source,
        order_id,
        rate_date,
        {{ distinct_list("currency") }} as currencies
    from order_rates
    group by source, order_id, rate_date
),

waiting as (
    select
        coalesce(without_rate.source, refused_order_rows.source) as source,
        coalesce(without_rate.order_id, refused_order_rows.order_id) as order_id,
        without_rate.rate_date,
        without_rate.currencies,
        coalesce(refused_order_rows.refused_rows_count, 0) as refused_rows_count
    from without_rate
    full outer join refused_order_rows
        on
            without_rate.source = refused_order_rows.source
            and without_rate.order_id = refused_order_rows.order_id
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
        sum(order_lines.pass_through_amount) as pass_through_amount,
        sum(order_lines.returned_amount + order_lines.refund_amount + order_lines.order_refund_amount) as refund_amount
    from order_lines
    inner join waiting
        on
            order_lines.source = waiting.source
            and order_lines.order_id = waiting.order_id
    group by order_lines.source, order_lines.order_id
),

held as (
    select
        waiting.source,
        waiting.order_id,
        waiting.rate_date,
        waiting.currencies,
        waiting.refused_rows_count,
        summed_lines.lines_count,
        summed_lines.gross_amount,
        summed_lines.discount_amount,
        summed_lines.shipping_amount,
        summed_lines.tax_amount,
        summed_lines.pass_through_amount,
        summed_lines.refund_amount,
        coalesce(summed_lines.customer_id, order_headers.customer_id) as customer_id,
        coalesce(summed_lines.ordered_at, order_headers.ordered_at) as ordered_at
    from waiting
    left join summed_lines
        on
            waiting.source = summed_lines.source
            and waiting.order_id = summed_lines.order_id
    left join order_headers
        on
            waiting.source = order_headers.source
            and waiting.order_id = order_headers.order_id
)

select
    source || ':' || order_id as order_key,
    source,
    order_id,
    customer_id,
    ordered_at,
    case when currencies is null then 'refused_rows' else 'no_exchange_rate' end as reason,
    rate_date,
    currencies,
    '{{ var("currency") }}' as reporting_currency,
    refused_rows_count,
    coalesce(lines_count, 0) as lines_count,
    cast(coalesce(gross_amount, 0) as decimal(18, 4)) as original_gross_amount,
    cast(coalesce(discount_amount, 0) as decimal(18, 4)) as original_discount_amount,
    cast(coalesce(shipping_amount, 0) as decimal(18, 4)) as original_shipping_amount,
    cast(coalesce(tax_amount, 0) as decimal(18, 4)) as original_tax_amount,
    cast(coalesce(pass_through_amount, 0) as decimal(18, 4)) as original_pass_through_amount,
    cast(coalesce(refund_amount, 0) as decimal(18, 4)) as original_refund_amount
from held
-- an order of which nothing can be read is in quarantine alone
where ordered_at is not null
