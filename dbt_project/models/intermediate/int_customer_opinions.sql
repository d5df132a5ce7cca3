-- What a person said, as of the run's day: reviews and complaints.
with

reviews as (
    select * from {{ ref('fct_reviews') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
        and created_date <= {{ as_of_date() }}
),

topics as (
    select * from {{ ref('review_topics') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
        and created_date <= {{ as_of_date() }}
),

tickets as (
    select
        *,
        {{ merchant_day("opened_at") }} as opened_date,
        {{ merchant_day("closed_at") }} as closed_date
    from {{ ref('int_tickets') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
),

reviews_by_customer as (
    select
        customer_id,
        count(*) as reviews_count,
        count(case when is_positive then 1 end) as positive_reviews_count,
        count(case when is_negative then 1 end) as negative_reviews_count,
        count(rating) as rated_reviews_count,
        sum(rating) as ratings_sum,
        sum(rating * rating) as ratings_squares_sum,
        avg(rating) as mean_rating,
        max_by(rating, {{ in_order(["created_at", "review_key"]) }}) filter (where rating is not null) as last_rating,
        max(created_at) as last_review_at,
        max(case when is_positive then created_at end) as last_positive_review_at,
        max(case when is_negative then created_at end) as last_negative_review_at,
        sum(coalesce(helpful_votes, 0)) as helpful_votes_count
    from reviews
    group by customer_id
),

topics_by_customer as (
    select
        customer_id,
        nullif({{ distinct_list("case when tone = 'positive' then topic end") }}, '') as praised_topics,
        nullif({{ distinct_list("case when tone = 'positive' then topic_zh end") }}, '') as praised_topics_zh,
        nullif({{ distinct_list("case when tone = 'negative' then topic end") }}, '') as blamed_topics,
        nullif({{ distinct_list("case when tone = 'negative' then topic_zh end") }}, '') as blamed_topics_zh
    from topics
    group by customer_id
),

tickets_by_customer as (
    select
        customer_id,
        bool_or(closed_date is null or closed_date > {{ as_of_date() }}) as has_open_complaint,
        max(opened_at) as last_complaint_at,
        max(case when closed_date is null or closed_date > {{ as_of_date() }} then opened_at end) as last_open_complaint_at
    from tickets
    where opened_date <= {{ as_of_date() }}
    group by customer_id
)

select
    coalesce(reviews_by_customer.customer_id, tickets_by_customer.customer_id) as customer_id,
    reviews_by_customer.reviews_count,
    reviews_by_customer.positive_reviews_count,
    reviews_by_customer.negative_reviews_count,
    reviews_by_customer.rated_reviews_count,
    reviews_by_customer.mean_rating,
    -- sample standard deviation from whole numbers: the same to the last bit, however the rows were split up
    case
        when reviews_by_customer.rated_reviews_count > 1 then sqrt(
            cast(
                reviews_by_customer.rated_reviews_count * reviews_by_customer.ratings_squares_sum
                - reviews_by_customer.ratings_sum * reviews_by_customer.ratings_sum as double
            ) / (reviews_by_customer.rated_reviews_count * (reviews_by_customer.rated_reviews_count - 1))
        )
    end as rating_stddev,
    reviews_by_customer.last_rating,
    reviews_by_customer.last_review_at,
    reviews_by_customer.last_positive_review_at,
    reviews_by_customer.last_negative_review_at,
    topics_by_customer.praised_topics,
    topics_by_customer.praised_topics_zh,
    topics_by_customer.blamed_topics,
    topics_by_customer.blamed_topics_zh,
    reviews_by_customer.helpful_votes_count,
    tickets_by_customer.has_open_complaint,
    tickets_by_customer.last_complaint_at,
    tickets_by_customer.last_open_complaint_at
from reviews_by_customer
full outer join tickets_by_customer
    on reviews_by_customer.customer_id = tickets_by_customer.customer_id
left join topics_by_customer
    on reviews_by_customer.customer_id = topics_by_customer.customer_id
