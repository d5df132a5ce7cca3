-- What a person buys, where and at what price, as of the run's day: product lines of purchases only.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where
        customer_id is not null
        and {{ is_of_touched_customer() }}
        and is_purchase
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

-- a line of a product that was paid for makes its order a purchase, so the lines need not ask the order
order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where
        customer_id is not null
        and {{ is_of_touched_customer() }}
        and line_kind = 'product'
        and gross_amount > 0
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

amounts_by_category as (
    select
        customer_id,
        category,
        sum(gross_amount) as gross_amount,
        sum(case when discount_amount = 0 then gross_amount else 0 end) as full_price_amount
    from order_lines
    group by customer_id, category
),

categories as (
    select
        customer_id,
        count(category) as categories_count,
        -- most money; of equals the first by name
        min_by(category, {{ in_order(["-gross_amount", "category"]) }}) filter (where category is not null) as preferred_category,
        sum(full_price_amount) as full_price_amount,
        sum(gross_amount) as gross_amount
    from amounts_by_category
    group by customer_id
),

orders_by_channel as (
    select
        customer_id,
        channel,
        count(*) as orders_count
    from orders
    where channel is not null
    group by customer_id, channel
),

channels as (
    select
        customer_id,
        min_by(channel, {{ in_order(["-orders_count", "channel"]) }}) as preferred_channel
    from orders_by_channel
    group by customer_id
)

select
    categories.customer_id,
    categories.categories_count,
    categories.preferred_category,
    cast(categories.full_price_amount as double) / cast(categories.gross_amount as double) as full_price_share,
    channels.preferred_channel
from categories
left join channels
    on categories.customer_id = channels.customer_id
