-- Persons whose facts are others by now: what is known of them was touched; or there was no news of them, but an order of theirs has left
-- the twelve months that are counted, or a median has passed what they pay for a piece.
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

left_behind_by_the_year as (
    select customer_id
    from {{ ref('fct_orders') }}
    where
        customer_id is not null
        and {{ has_become_older_than(12, "ordered_date") }}
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
select customer_id from left_behind_by_the_year
union distinct
select customer_id from passed_by_a_median
