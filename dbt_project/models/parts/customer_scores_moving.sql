with

scores as (
    select * from {{ source('scores', 'customer_scores') }}
)

select
    customer_id,
    as_of_date,
    overdue_ratio,
    p_alive,
    p_purchase_90d,
    expected_orders_90d,
    clv_365d,
    lifecycle_reasons,
    lifecycle_reasons_zh,
    quality_return_share,
    quality_discount_share,
    quality_score,
    credit_unpaid_share,
    credit_cancelled_after_shipping_share,
    credit_refused_share,
    credit_returned_share,
    credit_score,
    price_sensitivity,
    loyalty_score,
    loyalty_behaviour,
    loyalty_active
from scores
