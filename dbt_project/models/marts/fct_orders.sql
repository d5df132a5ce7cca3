{{ config(materialized="incremental", pre_hook="{{ take_out_orders() }}") }}
{%- set amounts = [
    "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "pass_through_amount", "refund_amount",
    "shipping_refund_amount", "tax_refund_amount", "pass_through_refund_amount", "net_amount",
] %}
with

order_lines as (
    select * from {{ ref('int_converted_order_lines') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

order_items as (
    select * from {{ ref('stg_order_items') }}
),

order_rates as (
    select * from {{ ref('int_order_exchange_rates') }}
),

payments as (
    select * from {{ ref('int_payments') }}
),

held_orders as (
    select * from {{ ref('held_orders') }}
    where {{ is_of_touched_order() }}
),

charged_lines as (
    select
        *,
        original_gross_amount
        - original_discount_amount
        + original_shipping_amount
        + original_tax_amount
        + original_pass_through_amount as original_charged_amount,
        original_refund_amount
        + original_shipping_refund_amount
        + original_tax_refund_amount
        + original_pass_through_refund_amount as original_given_back_amount
    from order_lines
),

-- summed before they meet the order: a join of payments with lines would count each of them several times
summed_payments as (
    select
        source,
        order_id,
        count(*) as payments_count,
        sum(case when is_paid then amount else 0 end) as original_paid_amount
    from payments
    group by source, order_id
),

refused_order_rows as (
    select * from {{ ref('int_refused_order_rows') }}
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
        -- of lines in several currencies there is no rate of the order, and no sum but in the reporting currency
        case when min(currency) = max(currency) then min(exchange_rate) end as exchange_rate,
        case when min(currency) = max(currency) then {{ sum_of_standing("original_charged_amount") }} end as original_total_amount,
        case when min(currency) = max(currency) then {{ sum_of_standing("original_refund_amount") }} end as original_refund_amount,
        case
            when min(currency) = max(currency) then {{ sum_of_standing("original_given_back_amount") }}
        end as original_given_back_amount,
        bool_or(is_test) as is_test,
        min(ordered_at) as ordered_at,
        max(paid_at) as paid_at,
        count(*) as lines_count,
        {{ sum_of_standing("case when line_kind = 'product' then quantity else 0 end") }} as product_quantity,
        {{ sum_of_standing("case when line_kind <> 'product' then gross_amount else 0 end") }} as fee_amount,
    {% for amount in amounts %}
        {{ sum_of_standing(amount) }} as {{ amount }}{{ "," if not loop.last }}
    {% endfor %}
    from charged_lines
    group by source, order_id
),

headers_without_items as (
    select
        order_headers.source,
        order_headers.order_id,
        order_headers.source_customer_id,
        order_headers.customer_id,
        order_headers.status,
        order_headers.channel,
        order_headers.city,
        order_headers.currency,
        case
            when order_headers.currency = '{{ var("currency") }}' then cast(1 as decimal(28, 18))
            else order_rates.exchange_rate
        end as exchange_rate,
        0 as original_total_amount,
        0 as original_refund_amount,
        0 as original_given_back_amount,
        order_headers.is_test,
        order_headers.ordered_at,
        order_headers.paid_at,
        0 as lines_count,
        0 as product_quantity,
        0 as fee_amount,
    {% for amount in amounts %}
        0 as {{ amount }}{{ "," if not loop.last }}
    {% endfor %}
    from order_headers
    left join order_rates
        on
            order_headers.source = order_rates.source
            and order_headers.order_id = order_rates.order_id
            and order_headers.currency = order_rates.currency
    where
        (order_headers.currency = '{{ var("currency") }}' or order_rates.exchange_rate is not null)
        and not exists (
            select 1
            from order_items
            where
                order_items.source = order_headers.source
                and order_items.order_id = order_headers.order_id
        )
        and not exists (
            select 1
            from held_orders
            where
                held_orders.source = order_headers.source
                and held_orders.order_id = order_headers.order_id
        )
),

orders as (
    select * from summed_lines
    union all
    select * from headers_without_items
),

dated as (
    select
        orders.*,
        coalesce(summed_payments.payments_count, 0) as payments_count,
        summed_payments.original_paid_amount,
        coalesce(refused_order_rows.refused_rows_count, 0) as refused_rows_count,
        orders.status in {{ counted_statuses() }} and not orders.is_test as is_counted,
        {{ merchant_day("orders.ordered_at") }} as ordered_date,
        {{ merchant_day("orders.paid_at") }} as paid_date
    from orders
    left join summed_payments
        on
            orders.source = summed_payments.source
            and orders.order_id = summed_payments.order_id
    left join refused_order_rows
        on
            orders.source = refused_order_rows.source
            and orders.order_id = refused_order_rows.order_id
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
    gross_amount = 0 and refund_amount > 0 as is_return,
    coalesce(
        gross_amount + pass_through_amount > 0
        and original_given_back_amount > coalesce(original_paid_amount, original_total_amount), false
    ) as is_over_refunded,
    refused_rows_count > 0 as is_incomplete,
    cast(refused_rows_count as bigint) as refused_rows_count,
    ordered_at,
    ordered_date,
    paid_at,
    case when is_counted then greatest(ordered_date, paid_date) end as counted_date,
    channel,
    city,
    currency,
    exchange_rate,
    cast(lines_count as bigint) as lines_count,
    cast(product_quantity as decimal(18, 3)) as product_quantity,
    cast(gross_amount as decimal(18, 4)) as gross_amount,
    cast(fee_amount as decimal(18, 4)) as fee_amount,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    cast(shipping_amount as decimal(18, 4)) as shipping_amount,
    cast(tax_amount as decimal(18, 4)) as tax_amount,
    cast(pass_through_amount as decimal(18, 4)) as pass_through_amount,
    cast(refund_amount as decimal(18, 4)) as refund_amount,
    cast(shipping_refund_amount as decimal(18, 4)) as shipping_refund_amount,
    cast(tax_refund_amount as decimal(18, 4)) as tax_refund_amount,
    cast(pass_through_refund_amount as decimal(18, 4)) as pass_through_refund_amount,
    cast(net_amount as decimal(18, 4)) as net_amount,
    cast(
        gross_amount - discount_amount + shipping_amount + tax_amount + pass_through_amount as decimal(18, 4)
    ) as total_amount,
    payments_count,
    cast({{ in_reporting_currency("original_paid_amount") }} as decimal(18, 4)) as paid_amount,
    cast(original_total_amount as decimal(18, 4)) as original_total_amount,
    cast(original_refund_amount as decimal(18, 4)) as original_refund_amount,
    cast(original_paid_amount as decimal(18, 4)) as original_paid_amount
from dated
-- who asks for some days, and a day's run does, need not read the others
order by ordered_date
