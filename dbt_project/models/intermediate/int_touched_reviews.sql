-- Reviews that a change can reach: delivered or withdrawn, by somebody who is somebody else by now, or of an order that was touched.
with

changed_files as (
    select * from {{ ref('int_changed_files') }}
),

changed_links as (
    select * from {{ ref('int_changed_customer_links') }}
),

touched_orders as (
    select * from {{ ref('int_touched_orders') }}
),

delivered as (
    select
        source,
        review_id,
        customer_id as source_customer_id,
        order_id,
        file_id
    from {{ source('clean', 'reviews') }}
),

touched as (
    select
        delivered.source,
        delivered.review_id
    from delivered
    inner join changed_files
        on delivered.file_id = changed_files.file_id

    union distinct

    select
        delivered.source,
        delivered.review_id
    from delivered
    inner join changed_links
        on
            delivered.source = changed_links.source
            and delivered.source_customer_id = changed_links.source_customer_id

    union distinct

    select
        delivered.source,
        delivered.review_id
    from delivered
    inner join touched_orders
        on
            delivered.source = touched_orders.source
            and delivered.order_id = touched_orders.order_id
),

built_reviews as (
    select * from {{ as_last_built('fct_reviews', ['source', 'review_id', 'customer_id']) }}
)

select distinct
    touched.source,
    touched.review_id,
    built_reviews.customer_id as previous_customer_id
from touched
left join built_reviews
    on
        touched.source = built_reviews.source
        and touched.review_id = built_reviews.review_id
where {{ is_worth_knowing() }}
