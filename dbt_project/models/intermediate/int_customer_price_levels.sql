-- How much of a person's money goes to categories in which the person pays more for a piece than the median customer does. The median
-- moves with every purchase of anybody, so this is worked out for everybody, from few rows.
with

categories as (
    select
        customer_id,
        category,
        gross_amount,
        cast(gross_amount as double) / cast(nullif(pieces, 0) as double) as piece_price
    from {{ ref('int_customer_categories') }}
    where category is not null
),

medians as (
    select
        category,
        median(piece_price) as piece_price
    from categories
    group by category
)

select
    categories.customer_id,
    cast(sum(case when categories.piece_price > medians.piece_price then categories.gross_amount else 0 end) as double)
    / cast(sum(categories.gross_amount) as double) as above_median_price_share
from categories
inner join medians
    on categories.category = medians.category
group by categories.customer_id
