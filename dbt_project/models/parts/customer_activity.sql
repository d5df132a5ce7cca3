{{ config(materialized="incremental", pre_hook="{{ take_out(['customer_id'], 'int_recounted_customers') }}") }}
with

customers as (
    select
        customer_id,
        {{ merchant_day("first_seen_at") }} as first_seen_date
    from {{ ref('int_customers') }}
    where {{ is_of_recounted_customer() }}
),

orders as (
    select * from {{ ref('int_customer_orders') }}
),

rhythm as (
    select * from {{ ref('int_customer_rhythm') }}
),

tastes as (
    select * from {{ ref('int_customer_tastes') }}
),

opinions as (
    select * from {{ ref('int_customer_opinions') }}
),

price_levels as (
    select * from {{ ref('int_customer_price_levels') }}
)

select
    customers.customer_id,
    customers.first_seen_date,
    orders.first_order_at,
    orders.last_order_at,
    orders.first_order_date,
    orders.last_order_date,
    coalesce(orders.orders_count, 0) as orders_count,
    coalesce(rhythm.purchase_days_count, 0) as purchase_days_count,
    cast(coalesce(orders.gross_amount, 0) as decimal(18, 4)) as gross_amount,
    cast(coalesce(orders.discount_amount, 0) as decimal(18, 4)) as discount_amount,
    cast(coalesce(orders.shipping_amount, 0) as decimal(18, 4)) as shipping_amount,
    cast(coalesce(orders.tax_amount, 0) as decimal(18, 4)) as tax_amount,
    cast(coalesce(orders.refund_amount, 0) as decimal(18, 4)) as refund_amount,
    cast(coalesce(orders.fee_amount, 0) as decimal(18, 4)) as fee_amount,
    cast(coalesce(orders.net_amount, 0) as decimal(18, 4)) as net_amount,
    cast(coalesce(orders.repeat_net_amount, 0) as decimal(18, 4)) as repeat_net_amount,
    coalesce(orders.orders_count_12m, 0) as orders_count_12m,
    cast(coalesce(orders.net_amount_12m, 0) as decimal(18, 4)) as net_amount_12m,
    rhythm.mean_gap_days,
    rhythm.gap_stddev_days,
    rhythm.longest_gap_days,
    rhythm.first_to_second_days,
    coalesce(tastes.categories_count, 0) as categories_count,
    tastes.full_price_share,
    coalesce(orders.unpaid_orders_count, 0) as unpaid_orders_count,
    coalesce(orders.cancelled_orders_count, 0) as cancelled_orders_count,
    coalesce(orders.refunded_orders_count, 0) as refunded_orders_count,
    coalesce(opinions.reviews_count, 0) as reviews_count,
    coalesce(opinions.positive_reviews_count, 0) as positive_reviews_count,
    coalesce(opinions.negative_reviews_count, 0) as negative_reviews_count,
    opinions.mean_rating,
    opinions.last_rating,
    opinions.last_review_at,
    opinions.last_negative_review_at,
    cast(coalesce(opinions.helpful_votes_count, 0) as bigint) as helpful_votes_count,
    coalesce(opinions.has_open_complaint, false) as has_open_complaint,
    opinions.last_complaint_at,
    opinions.last_open_complaint_at,
    tastes.preferred_category,
    tastes.preferred_channel,
    coalesce(orders.discounted_orders_count, 0) as discounted_orders_count,
    coalesce(orders.cancelled_after_payment_orders_count, 0) as cancelled_after_payment_orders_count,
    coalesce(orders.cancelled_after_shipping_orders_count, 0) as cancelled_after_shipping_orders_count,
    coalesce(orders.refused_orders_count, 0) as refused_orders_count,
    coalesce(opinions.rated_reviews_count, 0) as rated_reviews_count,
    opinions.rating_stddev,
    opinions.last_positive_review_at,
    opinions.praised_topics,
    opinions.praised_topics_zh,
    opinions.blamed_topics,
    opinions.blamed_topics_zh,
    price_levels.above_median_price_share,
    tastes.preferred_category_share,
    tastes.preferred_channel_share,
    tastes.need_known_share,
    tastes.need_physiological_share,
    tastes.need_safety_share,
    tastes.need_belonging_share,
    tastes.need_esteem_share,
    tastes.need_self_actualisation_share,
    tastes.dominant_need_level
from customers
left join orders
    on customers.customer_id = orders.customer_id
left join rhythm
    on customers.customer_id = rhythm.customer_id
left join tastes
    on customers.customer_id = tastes.customer_id
left join opinions
    on customers.customer_id = opinions.customer_id
left join price_levels
    on customers.customer_id = price_levels.customer_id
