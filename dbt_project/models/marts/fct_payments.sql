{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
with

payments as (
    select * from {{ ref('int_payments') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
)

select
    payments.order_key || ':' || payments.payment_id as payment_key,
    payments.order_key,
    payments.source,
    payments.order_id,
    payments.payment_id,
    orders.customer_id,
    orders.order_key is not null as is_order_known,
    payments.method,
    payments.state,
    payments.is_paid,
    payments.paid_at,
    {{ merchant_day("payments.paid_at") }} as paid_date,
    orders.currency,
    orders.exchange_rate,
    payments.amount as original_amount,
    {{ in_reporting_currency("payments.amount", "orders.currency", "orders.exchange_rate") }} as amount,
    payments.file_id,
    payments.line
from payments
left join orders
    on payments.order_key = orders.order_key
