{{ config(materialized="incremental", pre_hook="{{ take_out(['month'], 'int_touched_months') }}") }}
-- Orders by the month in which they were placed, as of the run's day.
with

orders as (
    select
        *,
        {{ month_of("ordered_date") }} as month
    from {{ ref('fct_orders') }}
    where
        ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
        and {{ is_touched(["ordered_date"], ["ordered_date"], 'int_touched_months') }}
)

select
    month,
    count(case when is_purchase then 1 end) as orders_count,
    count(distinct case when is_purchase then customer_id end) as customers_count,
    sum(gross_amount) as gross_amount,
    sum(discount_amount) as discount_amount
from orders
group by month
