-- What moves without anybody's doing: an order leaves the last twelve months by itself, and the median price is made by all.
with

activity as (
    select customer_id from {{ ref('customer_activity') }}
),

price_levels as (
    select * from {{ ref('int_customer_price_levels') }}
),

last_year as (
    select * from {{ ref('int_customer_last_year') }}
)

select
    activity.customer_id,
    coalesce(last_year.orders_count, 0) as orders_count_12m,
    cast(coalesce(last_year.net_amount, 0) as decimal(18, 4)) as net_amount_12m,
    price_levels.above_median_price_share
from activity
left join price_levels
    on activity.customer_id = price_levels.customer_id
left join last_year
    on activity.customer_id = last_year.customer_id
