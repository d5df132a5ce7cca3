-- The days on which those orders were placed, by what was known of them and by what is known now.
with

order_lines as (
    select * from {{ ref('stg_orders') }}
),

order_headers as (
    select * from {{ ref('stg_order_headers') }}
),

days as (
    select previous_ordered_date as ordered_date
    from {{ ref('int_touched_orders') }}

    union distinct

    select {{ merchant_day("ordered_at") }} as ordered_date
    from order_lines

    union distinct

    select {{ merchant_day("ordered_at") }} as ordered_date
    from order_headers
)

select ordered_date
from days
where
    ordered_date is not null
    and {{ is_worth_knowing() }}
