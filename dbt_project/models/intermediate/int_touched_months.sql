-- Months whose orders are others by now, or are seen otherwise: an order of the month was touched, or has come into sight. With their days,
-- for tables in which orders stand by day are asked for days.
with

days as (
    select ordered_date from {{ ref('int_touched_order_days') }}

    union distinct

    select ordered_date
    from {{ ref('fct_orders') }}
    where {{ has_come_into_sight("ordered_date") }}

    union distinct

    select ordered_date
    from {{ ref('fct_orders') }}
    where {{ has_come_into_sight("counted_date") }}
),

months as (
    select distinct {{ month_of("ordered_date") }} as month
    from days
    where {{ is_worth_knowing() }}
),

days_of_months as (
    {% for number in range(31) %}
        select
            month,
            {{ days_after("month", number) }} as ordered_date
        from months
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select
    month,
    ordered_date
from days_of_months
where {{ month_of("ordered_date") }} = month
