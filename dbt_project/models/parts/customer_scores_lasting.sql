{{ config(materialized="incremental", pre_hook="{{ take_out_other_scores() }}") }}
-- The scores that stay for most customers from one day to the next. A digest of the whole row, the customer with it, says whether it did:
-- then it is left where it is, with the day on which it came.
with

scores as (
    select * from {{ source('scores', 'customer_scores') }}
    {% if not (execute and var("full")) %}
        -- asked so that the engine unpacks the scores of these alone
        where
            digest in (
                select scored.digest
                from {{ source('scores', 'customer_scores') }} as scored
                left join {{ this }} as kept
                    on scored.digest = kept.digest
                where kept.digest is null
            )
    {% endif %}
)

select
    customer_id,
    digest,
    as_of_date as changed_at,
    r_score,
    f_score,
    m_score,
    rfm_group,
    rfm_group_zh,
    abc_class,
    abc_class_zh,
    lifecycle_stage,
    lifecycle_stage_zh,
    is_lost,
    expected_gap_days,
    next_order_expected_on,
    quality_price_share,
    is_quality_customer,
    quality_reasons,
    quality_reasons_zh,
    credit_grade,
    credit_reasons,
    credit_reasons_zh,
    has_category_preference,
    has_channel_preference,
    need_level,
    need_level_zh,
    price_sensitivity_level,
    price_sensitivity_level_zh,
    preference_reasons,
    preference_reasons_zh,
    satisfaction_rating,
    satisfaction_level,
    satisfaction_level_zh,
    has_open_issue,
    satisfaction_reasons,
    satisfaction_reasons_zh,
    loyalty_attitude,
    loyalty_repeat,
    loyalty_regularity,
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
    loyalty_lowered_by_zh,
    discontent,
    discontent_zh
from scores
