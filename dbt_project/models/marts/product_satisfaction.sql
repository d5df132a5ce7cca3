with

found as (
    select * from {{ source('scores', 'product_satisfaction') }}
)

select
    product_key,
    month,
    reviews_count,
    positive_reviews_count,
    negative_reviews_count,
    rated_reviews_count,
    mean_rating,
    satisfaction_rating,
    praised_topics,
    blamed_topics,
    praised_topics_zh,
    blamed_topics_zh
from found
