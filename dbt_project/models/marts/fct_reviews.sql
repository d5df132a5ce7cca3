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

-- few reviews name no product: only the lines of their orders are looked at
products_by_order as (
    select
        order_lines.order_key,
        min(order_lines.product_key) as product_key
    from order_lines
    where
        exists (
            select 1
            from dated
            where
                dated.order_key = order_lines.order_key
                and dated.product_id is null
        )
    group by order_lines.order_key
    having count(distinct order_lines.product_key) = 1
)

select
    dated.source || ':' || dated.review_id || coalesce(':' || dated.order_id, '') as review_key,
    dated.source,
    dated.review_id,
    dated.order_key,
    -- a review without a customer is by whoever placed the order
    coalesce(dated.customer_id, orders.customer_id) as customer_id,
    coalesce(dated.source || ':' || dated.product_id, products_by_order.product_key) as product_key,
    dated.rating,
    -- without stars the words decide
    coalesce(dated.rating >= {{ var("positive_rating_min") }}, dated.text_tone = 'positive', false) as is_positive,
    coalesce(dated.rating <= {{ var("negative_rating_max") }}, dated.text_tone = 'negative', false) as is_negative,
    dated.title is not null or dated.body is not null as has_text,
    dated.text_sentiment,
    dated.text_tone,
    dated.has_picture,
    dated.helpful_votes,
    dated.created_at,
    dated.created_date,
    orders.order_key is not null as is_order_known,
    dated.created_date < orders.ordered_date as is_before_purchase,
    cast(dated.edits_count as integer) as edits_count,
    dated.file_id,
    dated.line
from dated
left join orders
    on dated.order_key = orders.order_key
left join products_by_order
    on
        dated.order_key = products_by_order.order_key
        and dated.product_id is null
