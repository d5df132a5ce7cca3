{#- Maslow's, the most basic first. -#}
{%- set need_levels = ["physiological", "safety", "belonging", "esteem", "self_actualisation"] -%}
-- What a person buys, where, at what price and for what need, as of the run's day.
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

customer_categories as (
    select * from {{ ref('int_customer_categories') }}
    where {{ is_of_touched_customer() }}
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
        {% for level in need_levels -%}
            sum(case when category_needs.need_level = '{{ level }}' then customer_categories.gross_amount else 0 end) as {{ level }}_amount
            {{- "," if not loop.last }}
        {% endfor %}
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
    {% for level in need_levels -%}
        {{ share("needs." ~ level ~ "_amount", "needs.known_amount") }} as need_{{ level }}_share,
    {% endfor %}
    -- most money; of equals the more basic one
    case greatest(
            {%- for level in need_levels %}needs.{{ level }}_amount{{ ", " if not loop.last }}{% endfor -%}
        )
        {%- for level in need_levels %}
        when needs.{{ level }}_amount then '{{ level }}'
        {%- endfor %}
    end as dominant_need_level
from categories
left join channels
    on categories.customer_id = channels.customer_id
left join needs
    on categories.customer_id = needs.customer_id
