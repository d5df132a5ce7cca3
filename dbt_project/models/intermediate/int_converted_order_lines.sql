{%- set amounts = [
    "unit_price", "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "pass_through_amount", "refund_amount",
    "pass_through_refund_amount", "tax_refund_amount", "shipping_refund_amount",
] -%}
-- The latest lines that count, in the reporting currency: without those of held orders, with refunds split into their parts.
with

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

order_refunds as (
    select * from {{ ref('int_order_refunds') }}
),

order_rates as (
    select * from {{ ref('int_order_exchange_rates') }}
),

held_orders as (
    select * from {{ ref('held_orders') }}
),

rated as (
    select
        order_lines.file_id,
        order_lines.line,
        order_lines.source,
        order_lines.order_id,
        order_lines.order_line_id,
        order_lines.source_customer_id,
        order_lines.customer_id,
        order_lines.ordered_at,
        order_lines.paid_at,
        order_lines.status,
        order_lines.channel,
        order_lines.currency,
        case
            when order_lines.currency = '{{ var("currency") }}' then cast(1 as decimal(28, 18))
            else order_rates.exchange_rate
        end as exchange_rate,
        order_lines.email,
        order_lines.phone,
        order_lines.city,
        order_lines.is_test,
        order_lines.product_id,
        order_lines.product_name,
        order_lines.category,
        order_lines.line_kind,
        order_lines.quantity,
        order_lines.unit_price as original_unit_price,
        order_lines.gross_amount as original_gross_amount,
        order_lines.discount_amount as original_discount_amount,
        order_lines.shipping_amount as original_shipping_amount,
        order_lines.tax_amount as original_tax_amount,
        order_lines.pass_through_amount as original_pass_through_amount,
        -- of most orders nothing was given back but what came back on lines of its own
        coalesce(order_refunds.refund_amount, order_lines.returned_amount) as original_refund_amount,
        coalesce(order_refunds.pass_through_refund_amount, 0) as original_pass_through_refund_amount,
        coalesce(order_refunds.tax_refund_amount, 0) as original_tax_refund_amount,
        coalesce(order_refunds.shipping_refund_amount, 0) as original_shipping_refund_amount,
        coalesce(order_refunds.is_refund_amount_known, true) as is_refund_amount_known,
        coalesce(order_refunds.refunded_at, order_lines.refunded_at) as refunded_at
    from order_lines
    left join order_refunds
        on
            order_lines.source = order_refunds.source
            and order_lines.order_id = order_refunds.order_id
            and order_lines.file_id = order_refunds.file_id
            and order_lines.line = order_refunds.line
            and order_lines.order_line_id = order_refunds.order_line_id
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
        *,
    {% for amount in amounts %}
        {{ in_reporting_currency("original_" ~ amount) }} as converted_{{ amount }}{{ "," if not loop.last }}
    {% endfor %}
    from rated
),

settled as (
    select
        *,
        {{ refund_in_reporting_currency() }} as settled_refund_amount
    from converted
)

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
    {% for amount in amounts %}
        original_{{ amount }},
    {% endfor %}
    {% for amount in amounts if amount != "refund_amount" %}
        converted_{{ amount }} as {{ amount }},
    {% endfor %}
    settled_refund_amount as refund_amount,
    is_refund_amount_known,
    refunded_at,
    cast(converted_gross_amount - converted_discount_amount - settled_refund_amount as decimal(18, 4)) as net_amount
from settled
