{{ config(materialized="incremental", pre_hook="{{ take_out(['source', 'review_id'], 'int_touched_reviews') }}") }}
with

reviews as (
    select * from {{ ref('stg_reviews') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where line_kind = 'product'
),

compared as (
    select
        *,
        lag(rating) over (partition by source, review_id, order_id order by delivery_number, created_at, line) as previous_rating,
        lag(title) over (partition by source, review_id, order_id order by delivery_number, created_at, line) as previous_title,
        lag(body) over (partition by source, review_id, order_id order by delivery_number, created_at, line) as previous_body,
        row_number() over (partition by source, review_id, order_id order by delivery_number, created_at, line) as version_number,
        count(*) over (partition by source, review_id, order_id) as versions_count
    from reviews
),

-- the same words delivered again are no edit
told_apart as (
    select
        *,
        version_number > 1 and (
            rating is distinct from previous_rating
            or title is distinct from previous_title
            or body is distinct from previous_body
        ) as is_edit
    from compared
),

counted as (
    select
        *,
        sum(case when is_edit then 1 else 0 end) over (partition by source, review_id, order_id) as edits_count
    from told_apart
),

dated as (
    select
        *,
        {{ merchant_day("created_at") }} as created_date
    from counted
    where version_number = versions_count
),

-- a review that names no customer is by the customer of its order; without an order that is known, by the person of its address
by_somebody as (
    select
        dated.*,
        case
            when {{ is_guest_id("dated.source_customer_id") }} then coalesce(orders.customer_id, dated.customer_id)
            else coalesce(dated.customer_id, orders.customer_id)
        end as reviewer_id,
        orders.order_key is not null as is_order_known,
        dated.created_date < orders.ordered_date as is_before_purchase
    from dated
    left join orders
        on dated.order_key = orders.order_key
),

-- a shop may repeat a review under each order that it was asked about: the same words of the same person under one id are one review
told_once as (
    select
        *,
        row_number() over (
            partition by source, review_id, reviewer_id, product_id, rating, title, body
            order by order_id asc nulls last
        ) as repetition
    from by_somebody
),

reviews_once as (
    select * from told_once
    where repetition = 1
),

-- few reviews name no product: only the lines of their orders are looked at
products_by_order as (
    select
        order_lines.order_key,
        min(order_lines.product_key) as product_key
    from order_lines
    where
        exists (
            select 1
            from reviews_once
            where
                reviews_once.order_key = order_lines.order_key
                and reviews_once.product_id is null
        )
    group by order_lines.order_key
    having count(distinct order_lines.product_key) = 1
)

select
    reviews_once.source || ':' || reviews_once.review_id || case
        when reviews_once.order_id is not null then ':' || reviews_once.order_id
        -- or the review 'a:b' would have the key of the review 'a' of the order 'b'
        when reviews_once.review_id like '%:%' then ':'
        else ''
    end as review_key,
    reviews_once.source,
    reviews_once.review_id,
    reviews_once.order_key,
    reviews_once.reviewer_id as customer_id,
    coalesce(reviews_once.source || ':' || reviews_once.product_id, products_by_order.product_key) as product_key,
    reviews_once.rating,
    -- without stars the words decide
    coalesce(reviews_once.rating >= {{ var("positive_rating_min") }}, reviews_once.text_tone = 'positive', false) as is_positive,
    coalesce(reviews_once.rating <= {{ var("negative_rating_max") }}, reviews_once.text_tone = 'negative', false) as is_negative,
    reviews_once.title is not null or reviews_once.body is not null as has_text,
    reviews_once.text_sentiment,
    reviews_once.text_tone,
    reviews_once.has_picture,
    reviews_once.helpful_votes,
    reviews_once.created_at,
    reviews_once.created_date,
    reviews_once.is_order_known,
    reviews_once.is_before_purchase,
    cast(reviews_once.edits_count as integer) as edits_count,
    reviews_once.file_id,
    reviews_once.line
from reviews_once
left join products_by_order
    on
        reviews_once.order_key = products_by_order.order_key
        and reviews_once.product_id is null
