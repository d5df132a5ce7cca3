{{ config(materialized="incremental", pre_hook="{{ take_out(['source', 'review_id'], 'int_touched_reviews') }}") }}
with

reviews as (
    select * from {{ ref('fct_reviews') }}
    where {{ is_touched(["source", "review_id"], ["source", "review_id"], 'int_touched_reviews') }}
),

topics as (
    select * from {{ source('texts', 'review_topics') }}
)

select
    reviews.review_key,
    topics.topic,
    topics.topic_zh,
    topics.tone,
    reviews.source,
    reviews.review_id,
    reviews.customer_id,
    reviews.product_key,
    reviews.created_date
from reviews
inner join topics
    on
        reviews.file_id = topics.file_id
        and reviews.line = topics.line
