{{ config(materialized="view") }}
-- What was counted per customer, seen from the run's day. A view: the day moves for everybody, what is counted for few.
with

activity as (
    select * from {{ ref('customer_activity') }}
    -- somebody without any dated event is known since ever
    where coalesce(first_seen_date <= {{ as_of_date() }}, true)
),

standing as (
    select * from {{ ref('customer_standing') }}
)

select
    activity.customer_id,
    {{ as_of_date() }} as as_of_date,
    activity.first_order_at,
    activity.last_order_at,
    activity.first_order_date,
    activity.last_order_date,
    {{ days_between("activity.last_order_date", as_of_date()) }} as recency_days,
    {{ days_between("activity.first_order_date", as_of_date()) }} as tenure_days,
    activity.orders_count,
    activity.purchase_days_count,
    activity.gross_amount,
    activity.discount_amount,
    activity.shipping_amount,
    activity.tax_amount,
    activity.refund_amount,
    activity.fee_amount,
    activity.net_amount,
    activity.repeat_net_amount,
    cast(activity.net_amount / nullif(activity.orders_count, 0) as decimal(18, 4)) as average_order_amount,
    standing.orders_count_12m,
    standing.net_amount_12m,
    activity.mean_gap_days,
    activity.gap_stddev_days,
    activity.first_to_second_days,
    activity.categories_count,
    activity.full_price_share,
    activity.unpaid_orders_count,
    activity.cancelled_orders_count,
    activity.refunded_orders_count,
    activity.reviews_count,
    activity.positive_reviews_count,
    activity.negative_reviews_count,
    activity.mean_rating,
    activity.last_rating,
    activity.last_review_at,
    activity.last_negative_review_at,
    activity.helpful_votes_count,
    activity.has_open_complaint,
    activity.last_complaint_at,
    activity.preferred_category,
    activity.preferred_channel,
    activity.discounted_orders_count,
    activity.cancelled_after_payment_orders_count,
    activity.cancelled_after_shipping_orders_count,
    activity.refused_orders_count,
    activity.rated_reviews_count,
    activity.rating_stddev,
    activity.last_positive_review_at,
    activity.praised_topics,
    activity.praised_topics_zh,
    activity.blamed_topics,
    activity.blamed_topics_zh,
    standing.above_median_price_share,
    activity.preferred_category_share,
    activity.preferred_channel_share,
    activity.need_known_share,
    activity.need_physiological_share,
    activity.need_safety_share,
    activity.need_belonging_share,
    activity.need_esteem_share,
    activity.need_self_actualisation_share,
    activity.dominant_need_level
from activity
inner join standing
    on activity.customer_id = standing.customer_id
