{{ config(materialized="incremental", pre_hook="{{ take_out(['source', 'review_id'], 'int_touched_reviews') }}") }}
with

reviews as (
    select * from {{ ref('stg_reviews') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, review_id, order_id
            order by created_at desc, delivery_number desc, line desc
        ) as version_rank
    from reviews
),

dated as (
    select
        *,
        {{ merchant_day("created_at") }} as created_date
    from ranked
    where version_rank = 1
)

select
    dated.source || ':' || dated.review_id || coalesce(':' || dated.order_id, '') as review_key,
    dated.source,
    dated.review_id,
    dated.order_key,
    -- a review without a customer is by whoever placed the order
    coalesce(dated.customer_id, orders.customer_id) as customer_id,
    dated.source || ':' || dated.product_id as product_key,
    dated.rating,
    dated.rating >= {{ var("positive_rating_min") }} as is_positive,
    dated.rating <= {{ var("negative_rating_max") }} as is_negative,
    dated.title is not null or dated.body is not null as has_text,
    dated.has_picture,
    dated.helpful_votes,
    dated.created_at,
    dated.created_date,
    dated.created_date < orders.ordered_date as is_before_purchase
from dated
left join orders
    on dated.order_key = orders.order_key
