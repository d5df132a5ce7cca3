-- What counts of the latest lines: those of held orders are left out, and amounts are in the reporting currency.
with

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

order_rates as (
    select * from {{ ref('int_order_exchange_rates') }}
),

held_orders as (
    select * from {{ ref('held_orders') }}
),

rated as (
    select
        order_lines.*,
        case
            when order_lines.currency = '{{ var("currency") }}' then cast(1 as decimal(28, 18))
            else order_rates.exchange_rate
        end as exchange_rate
    from order_lines
    left join order_rates
        on
            order_lines.source = order_rates.source
            and order_lines.order_id = order_rates.order_id
            and order_lines.currency = order_rates.currency
    where
        not exists (
            select 1
            from held_orders
            where
                held_orders.source = order_lines.source
                and held_orders.order_id = order_lines.order_id
        )
),

converted as (
    select
        file_id,
        line,
        source,
        order_id,
        order_line_id,
        source_customer_id,
        customer_id,
        ordered_at,
        paid_at,
        status,
        channel,
        currency,
        exchange_rate,
        email,
        phone,
        city,
        is_test,
        product_id,
        product_name,
        category,
        line_kind,
        quantity,
        unit_price as original_unit_price,
        gross_amount as original_gross_amount,
        discount_amount as original_discount_amount,
        shipping_amount as original_shipping_amount,
        tax_amount as original_tax_amount,
        refund_amount as original_refund_amount,
        {{ in_reporting_currency("unit_price") }} as unit_price,
        {{ in_reporting_currency("gross_amount") }} as gross_amount,
        {{ in_reporting_currency("discount_amount") }} as discount_amount,
        {{ in_reporting_currency("shipping_amount") }} as shipping_amount,
        {{ in_reporting_currency("tax_amount") }} as tax_amount,
        {{ in_reporting_currency("refund_amount") }} as refund_amount,
        refunded_at
    from rated
)

select
    *,
    cast(gross_amount - discount_amount - refund_amount as decimal(18, 4)) as net_amount
from converted
