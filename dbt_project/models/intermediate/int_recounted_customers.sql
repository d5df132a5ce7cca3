-- Persons whose facts are others by now: what is known of them was touched, or between what they pay for a piece and what the median
-- customer pays the order is another than at the last run.
with

touched as (
    select * from {{ ref('int_touched_customers') }}
),

categories as (
    select * from {{ ref('int_customer_categories') }}
),

median_prices as (
    select * from {{ ref('int_median_prices') }}
),

built_median_prices as (
    select
        category,
        cast(piece_price as double) as piece_price
    from {{ as_last_built('int_built_median_prices', ['category', 'piece_price']) }}
),

passed_by_a_median as (
    select categories.customer_id
    from categories
    inner join median_prices
        on categories.category = median_prices.category
    inner join built_median_prices
        on categories.category = built_median_prices.category
    where
        (categories.piece_price > median_prices.piece_price) <> (categories.piece_price > built_median_prices.piece_price)
        and {{ is_worth_knowing() }}
)

select customer_id from touched
union distinct
select customer_id from passed_by_a_median
