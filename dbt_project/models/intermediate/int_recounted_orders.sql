{{ config(materialized="touched_rows") }}
-- Orders of the persons whose facts are counted anew, with what their facts are made of: the orders of all are looked through once.
select
    order_key,
    customer_id,
    channel,
    status,
    is_test,
    is_purchase,
    ordered_at,
    ordered_date,
    paid_at,
    counted_date,
    gross_amount,
    discount_amount,
    shipping_amount,
    tax_amount,
    fee_amount,
    refund_amount
from {{ ref('fct_orders') }}
where
    customer_id is not null
    and {{ is_of_recounted_customer() }}
