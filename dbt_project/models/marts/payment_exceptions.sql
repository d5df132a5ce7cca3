with

orders as (
    select
        *,
        original_paid_amount - original_total_amount as original_difference_amount
    from {{ ref('fct_orders') }}
    where
        payments_count > 0
        and not is_test
        and (is_counted or original_paid_amount > 0)
),

payments_of_no_order as (
    select
        order_key,
        source,
        order_id,
        count(*) as payments_count,
        sum(case when is_paid then original_amount else 0 end) as original_paid_amount
    from {{ ref('fct_payments') }}
    where not is_order_known
    group by order_key, source, order_id
),

differing as (
    select
        order_key,
        source,
        order_id,
        customer_id,
        case
            when lines_count = 0 then 'no_items'
            when abs(original_difference_amount) <= {{ var("payment_tolerance_amount") }} then 'rounding'
            else 'amount_differs'
        end as reason,
        currency,
        payments_count,
        original_total_amount,
        original_paid_amount,
        original_difference_amount
    from orders
    where original_difference_amount <> 0
),

of_no_order as (
    select
        order_key,
        source,
        order_id,
        cast(null as {{ text_type() }}) as customer_id,
        'no_order' as reason,
        cast(null as {{ text_type() }}) as currency,
        payments_count,
        cast(null as decimal(18, 4)) as original_total_amount,
        original_paid_amount,
        cast(null as decimal(18, 4)) as original_difference_amount
    from payments_of_no_order
)

select
    order_key,
    source,
    order_id,
    customer_id,
    reason,
    currency,
    payments_count,
    original_total_amount,
    cast(original_paid_amount as decimal(18, 4)) as original_paid_amount,
    cast(original_difference_amount as decimal(18, 4)) as original_difference_amount
from differing
union all
select
    order_key,
    source,
    order_id,
    customer_id,
    reason,
    currency,
    payments_count,
    original_total_amount,
    cast(original_paid_amount as decimal(18, 4)) as original_paid_amount,
    original_difference_amount
from of_no_order
