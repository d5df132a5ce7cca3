-- How much of a person's money goes to categories in which the person pays more for a piece than the median customer does.
with

categories as (
    select * from {{ ref('int_recounted_categories') }}
    where category is not null
),

median_prices as (
    select * from {{ ref('int_median_prices') }}
)

select
    categories.customer_id,
    cast(sum(case when categories.piece_price > median_prices.piece_price then categories.gross_amount else 0 end) as double)
    / cast(sum(categories.gross_amount) as double) as above_median_price_share
from categories
inner join median_prices
    on categories.category = median_prices.category
group by categories.customer_id
