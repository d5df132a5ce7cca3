{{ config(materialized="touched_rows") }}
with

source as (
    select * from {{ source('clean', 'reviews') }}
),

sentiments as (
    select * from {{ source('texts', 'review_sentiments') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

customer_links as (
    select * from {{ ref('stg_customer_links') }}
),

renamed as (
    select
        source.source,
        source.review_id,
        source.source || ':' || source.order_id as order_key,
        source.order_id,
        source.customer_id as source_customer_id,
        customer_links.customer_id,
        source.product_id,
        source.rating,
        source.title,
        source.body,
        sentiments.sentiment as text_sentiment,
        sentiments.tone as text_tone,
        source.created_at,
        source.helpful_votes,
        source.has_picture,
        source.file_id,
        source.line,
        live_files.delivery_number
    from source
    inner join live_files
        on source.file_id = live_files.file_id
    left join sentiments
        on
            source.file_id = sentiments.file_id
            and source.line = sentiments.line
    left join customer_links
        on
            source.source = customer_links.source
            and source.customer_id = customer_links.source_customer_id
    where {{ is_touched(["source.source", "source.review_id"], ["source", "review_id"], 'int_touched_reviews') }}
)

select * from renamed
