-- What a person buys, where, at what price and for what need, as of the run's day.
with

orders as (
    select * from {{ ref('int_recounted_orders') }}
    where
        is_purchase
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

customer_categories as (
    select * from {{ ref('int_recounted_categories') }}
),

category_needs as (
    select * from {{ ref('category_needs') }}
),

categories as (
    select
        customer_id,
        count(category) as categories_count,
        -- most money; of equals the first by name
        min_by(category, {{ in_order(["-gross_amount", "category"]) }}) filter (where category is not null) as preferred_category,
        max(case when category is not null then gross_amount end) as preferred_category_amount,
        sum(full_price_amount) as full_price_amount,
        sum(gross_amount) as gross_amount
    from customer_categories
    group by customer_id
),

needs as (
    select
        customer_categories.customer_id,
        sum(customer_categories.gross_amount) as known_amount,
        sum(case when category_needs.need_level = 'physiological' then customer_categories.gross_amount else 0 end) as physiological_amount,
        sum(case when category_needs.need_level = 'safety' then customer_categories.gross_amount else 0 end) as safety_amount,
        sum(case when category_needs.need_level = 'belonging' then customer_categories.gross_amount else 0 end) as belonging_amount,
        sum(case when category_needs.need_level = 'esteem' then customer_categories.gross_amount else 0 end) as esteem_amount,
        sum(case when category_needs.need_level = 'self_actualisation' then customer_categories.gross_amount else 0 end)
            as self_amount
    from customer_categories
    inner join category_needs
        on lower(trim(customer_categories.category)) = category_needs.category
    group by customer_categories.customer_id
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
        min_by(channel, {{ in_order(["-orders_count", "channel"]) }}) as preferred_channel,
        max(orders_count) as preferred_channel_orders_count,
        sum(orders_count) as orders_count
    from orders_by_channel
    group by customer_id
)

select
    categories.customer_id,
    categories.categories_count,
    categories.preferred_category,
    {{ share("categories.preferred_category_amount", "categories.gross_amount") }} as preferred_category_share,
    {{ share("categories.full_price_amount", "categories.gross_amount") }} as full_price_share,
    channels.preferred_channel,
    {{ share("channels.preferred_channel_orders_count", "channels.orders_count") }} as preferred_channel_share,
    {{ share("needs.known_amount", "categories.gross_amount") }} as need_known_share,
    {{ share("needs.physiological_amount", "needs.known_amount") }} as need_physiological_share,
    {{ share("needs.safety_amount", "needs.known_amount") }} as need_safety_share,
    {{ share("needs.belonging_amount", "needs.known_amount") }} as need_belonging_share,
    {{ share("needs.esteem_amount", "needs.known_amount") }} as need_esteem_share,
    {{ share("needs.self_amount", "needs.known_amount") }} as need_self_actualisation_share,
    -- most money; of equals the more basic one
    case greatest(
        needs.physiological_amount,
        needs.safety_amount,
        needs.belonging_amount,
        needs.esteem_amount,
        needs.self_amount
    )
        when needs.physiological_amount then 'physiological'
        when needs.safety_amount then 'safety'
        when needs.belonging_amount then 'belonging'
        when needs.esteem_amount then 'esteem'
        when needs.self_amount then 'self_actualisation'
    end as dominant_need_level
from categories
left join channels
    on categories.customer_id = channels.customer_id
left join needs
    on categories.customer_id = needs.customer_id
