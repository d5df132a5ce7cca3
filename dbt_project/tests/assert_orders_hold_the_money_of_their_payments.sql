-- An order with two payments and three lines is paid once: the payments of known orders have, in all, the sums that stand on the orders.
-- One row, if they differ.
with

signed as (
    select
        payments_count,
        coalesce(original_paid_amount, 0) as original_paid_amount
    from {{ ref('fct_orders') }}

    union all

    select
        -1 as payments_count,
        case when is_paid then -original_amount else 0 end as original_paid_amount
    from {{ ref('fct_payments') }}
    where is_order_known
),

differences as (
    select
        coalesce(sum(payments_count), 0) as payments_count,
        coalesce(sum(original_paid_amount), 0) as original_paid_amount
    from signed
)

select * from differences
where
    payments_count <> 0
    or original_paid_amount <> 0
