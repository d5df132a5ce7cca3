with

customer_facts as (
    select * from {{ ref('customer_facts') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

customer_scores as (
    select * from {{ ref('customer_scores') }}
),

shop_goers as (
    select customer_id
    from customer_facts
    where lower(trim(preferred_channel)) in ({{ "'" ~ var('shop_channels') | join("', '") ~ "'" }})
),

shop_cities as (
    select customers.city
    from customers
    inner join shop_goers
        on customers.customer_id = shop_goers.customer_id
    where customers.city is not null
    group by customers.city
    having count(*) >= {{ var('shop_city_customers_min') }}
),

ranked_changes as (
    select
        *,
        row_number() over (partition by customer_id, dimension order by changed_at desc) as change_rank
    from {{ ref('segment_history') }}
),

last_changes as (
    select
        customer_id,
        max(case when dimension = 'rfm_group' then previous_value end) as previous_rfm_group,
        max(case when dimension = 'rfm_group' then changed_at end) as rfm_group_changed_at,
        max(case when dimension = 'abc_class' then previous_value end) as previous_abc_class,
        max(case when dimension = 'abc_class' then changed_at end) as abc_class_changed_at,
        max(case when dimension = 'lifecycle_stage' then previous_value end) as previous_lifecycle_stage,
        max(case when dimension = 'lifecycle_stage' then changed_at end) as lifecycle_stage_changed_at,
        max(case when dimension = 'loyalty_type' then previous_value end) as previous_loyalty_type,
        max(case when dimension = 'loyalty_type' then changed_at end) as loyalty_type_changed_at
    from ranked_changes
    where change_rank = 1
    group by customer_id
)

select
    customer_facts.customer_id,
    customer_facts.as_of_date,
    customers.name_masked,
    customers.email_masked,
    customers.phone_masked,
    customers.city,
    customers.is_member,
    customers.first_seen_date,
    customers.email_consent,
    customers.sms_consent,
    customers.wechat_consent,
    customers.phone_consent,
    customer_facts.first_order_at,
    customer_facts.last_order_at,
    customer_facts.first_order_date,
    customer_facts.last_order_date,
    customer_facts.recency_days,
    customer_facts.tenure_days,
    customer_facts.orders_count,
    customer_facts.purchase_days_count,
    customer_facts.gross_amount,
    customer_facts.discount_amount,
    customer_facts.shipping_amount,
    customer_facts.tax_amount,
    customer_facts.refund_amount,
    customer_facts.fee_amount,
    customer_facts.net_amount,
    customer_facts.repeat_net_amount,
    customer_facts.average_order_amount,
    customer_facts.orders_count_12m,
    customer_facts.net_amount_12m,
    customer_facts.mean_gap_days,
    customer_facts.gap_stddev_days,
    customer_facts.first_to_second_days,
    customer_facts.categories_count,
    customer_facts.full_price_share,
    customer_facts.unpaid_orders_count,
    customer_facts.cancelled_orders_count,
    customer_facts.refunded_orders_count,
    customer_facts.reviews_count,
    customer_facts.positive_reviews_count,
    customer_facts.negative_reviews_count,
    customer_facts.mean_rating,
    customer_facts.last_rating,
    customer_facts.last_review_at,
    customer_facts.last_negative_review_at,
    customer_facts.helpful_votes_count,
    customer_facts.has_open_complaint,
    customer_facts.last_complaint_at,
    customer_facts.preferred_category,
    customer_facts.preferred_channel,
    case when customer_facts.preferred_channel is not null then shop_goers.customer_id is not null end as buys_mostly_in_shop,
    -- never false: where nobody is known to go to a shop there may be one
    case when shop_cities.city is not null then true end as has_shop_in_city,
    customer_facts.discounted_orders_count,
    customer_facts.cancelled_after_payment_orders_count,
    customer_facts.cancelled_after_shipping_orders_count,
    customer_facts.refused_orders_count,
    customer_facts.rated_reviews_count,
    customer_facts.rating_stddev,
    customer_facts.last_positive_review_at,
    customer_facts.praised_topics,
    customer_facts.praised_topics_zh,
    customer_facts.blamed_topics,
    customer_facts.blamed_topics_zh,
    customer_facts.above_median_price_share,
    customer_facts.preferred_category_share,
    customer_facts.preferred_channel_share,
    customer_facts.need_known_share,
    customer_facts.need_physiological_share,
    customer_facts.need_safety_share,
    customer_facts.need_belonging_share,
    customer_facts.need_esteem_share,
    customer_facts.need_self_actualisation_share,
    customer_facts.dominant_need_level,
    customer_scores.r_score,
    customer_scores.f_score,
    customer_scores.m_score,
    customer_scores.rfm_group,
    customer_scores.rfm_group_zh,
    last_changes.previous_rfm_group,
    last_changes.rfm_group_changed_at,
    customer_scores.abc_class,
    customer_scores.abc_class_zh,
    last_changes.previous_abc_class,
    last_changes.abc_class_changed_at,
    customer_scores.lifecycle_stage,
    customer_scores.lifecycle_stage_zh,
    last_changes.previous_lifecycle_stage,
    last_changes.lifecycle_stage_changed_at,
    customer_scores.lifecycle_reasons,
    customer_scores.lifecycle_reasons_zh,
    customer_scores.is_lost,
    customer_scores.expected_gap_days,
    customer_scores.overdue_ratio,
    customer_scores.p_alive,
    customer_scores.expected_orders_90d,
    customer_scores.clv_365d,
    customer_scores.quality_price_share,
    customer_scores.quality_return_share,
    customer_scores.quality_discount_share,
    customer_scores.quality_score,
    customer_scores.is_quality_customer,
    customer_scores.quality_reasons,
    customer_scores.quality_reasons_zh,
    customer_scores.credit_unpaid_share,
    customer_scores.credit_cancelled_after_shipping_share,
    customer_scores.credit_refused_share,
    customer_scores.credit_returned_share,
    customer_scores.credit_score,
    customer_scores.credit_grade,
    customer_scores.credit_reasons,
    customer_scores.credit_reasons_zh,
    customer_scores.has_category_preference,
    customer_scores.has_channel_preference,
    customer_scores.need_level,
    customer_scores.need_level_zh,
    customer_scores.price_sensitivity,
    customer_scores.price_sensitivity_level,
    customer_scores.price_sensitivity_level_zh,
    customer_scores.preference_reasons,
    customer_scores.preference_reasons_zh,
    customer_scores.satisfaction_rating,
    customer_scores.satisfaction_level,
    customer_scores.satisfaction_level_zh,
    customer_scores.has_open_issue,
    customer_scores.satisfaction_reasons,
    customer_scores.satisfaction_reasons_zh,
    customer_scores.next_order_expected_on,
    customer_scores.loyalty_score,
    customer_scores.loyalty_behaviour,
    customer_scores.loyalty_attitude,
    customer_scores.loyalty_repeat,
    customer_scores.loyalty_regularity,
    customer_scores.loyalty_active,
    customer_scores.loyalty_tenure,
    customer_scores.loyalty_breadth,
    customer_scores.loyalty_full_price,
    customer_scores.loyalty_rating,
    customer_scores.loyalty_word_of_mouth,
    customer_scores.loyalty_complaints,
    customer_scores.is_attitude_known,
    customer_scores.loyalty_type,
    customer_scores.loyalty_type_zh,
    last_changes.previous_loyalty_type,
    last_changes.loyalty_type_changed_at,
    customer_scores.loyalty_raised_by,
    customer_scores.loyalty_raised_by_zh,
    customer_scores.loyalty_lowered_by,
    customer_scores.loyalty_lowered_by_zh
from customer_facts
inner join customers
    on customer_facts.customer_id = customers.customer_id
-- scores of another day are nobody's: they stay null and a test says so
left join customer_scores
    on
        customer_facts.customer_id = customer_scores.customer_id
        and customer_facts.as_of_date = customer_scores.as_of_date
left join shop_goers
    on customer_facts.customer_id = shop_goers.customer_id
left join shop_cities
    on customers.city = shop_cities.city
left join last_changes
    on customer_facts.customer_id = last_changes.customer_id
