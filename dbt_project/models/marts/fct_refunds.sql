{{ config(materialized="incremental", pre_hook="{{ take_out_orders() }}") }}
with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where
        (
            original_refund_amount <> 0
            or original_shipping_refund_amount <> 0
            or original_tax_refund_amount <> 0
            or original_pass_through_refund_amount <> 0
        )
        and {{ is_of_touched_day_and_order() }}
),

dated as (
    select
        *,
        refunded_at is not null as is_refund_date_known,
        coalesce(refunded_at, ordered_at) as known_refunded_at
    from order_lines
)

select
    order_line_key,
    order_key,
    customer_id,
    is_counted,
    product_key,
    category,
    refund_amount,
    shipping_refund_amount,
    tax_refund_amount,
    pass_through_refund_amount,
    is_refund_amount_known,
    known_refunded_at as refunded_at,
    {{ merchant_day("known_refunded_at") }} as refund_date,
    is_refund_date_known,
    ordered_date,
    counted_date,
    currency,
    exchange_rate,
    original_refund_amount
from dated
