-- Months whose orders are others by now, or are seen otherwise: an order of the month was touched, or has come into sight.
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
)

select distinct {{ month_of("ordered_date") }} as month
from days
where {{ is_worth_knowing() }}
