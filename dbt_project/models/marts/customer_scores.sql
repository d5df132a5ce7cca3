with

scores as (
    select * from {{ source('scores', 'customer_scores') }}
)

select
    customer_id,
    as_of_date,
    r_score,
    f_score,
    m_score,
    rfm_group,
    rfm_group_zh,
    abc_class,
    abc_class_zh,
    lifecycle_stage,
    lifecycle_stage_zh,
    lifecycle_reasons,
    lifecycle_reasons_zh,
    is_lost,
    expected_gap_days,
    overdue_ratio,
    next_order_expected_on,
    p_alive,
    expected_orders_90d,
    clv_365d,
    loyalty_score,
    loyalty_behaviour,
    loyalty_attitude,
    loyalty_repeat,
    loyalty_regularity,
    loyalty_active,
    loyalty_tenure,
    loyalty_breadth,
    loyalty_full_price,
    loyalty_rating,
    loyalty_word_of_mouth,
    loyalty_complaints,
    is_attitude_known,
    loyalty_type,
    loyalty_type_zh,
    loyalty_raised_by,
    loyalty_raised_by_zh,
    loyalty_lowered_by,
    loyalty_lowered_by_zh
from scores
