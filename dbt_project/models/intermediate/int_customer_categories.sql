{{ config(materialized="incremental", pre_hook="{{ take_out(['customer_id'], 'int_touched_customers') }}") }}
-- What a person bought of each category, as of the run's day: product lines of purchases only. A line of a product that was paid for makes
-- its order a purchase, so the lines need not ask the order.
with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where
        customer_id is not null
        and {{ is_of_touched_customer() }}
        and line_kind = 'product'
        and gross_amount > 0
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
)

select
    customer_id,
    category,
    -- what one piece cost on average
    cast(sum(gross_amount) as double) / cast(nullif(sum(quantity), 0) as double) as piece_price,
    sum(gross_amount) as gross_amount,
    sum(case when discount_amount = 0 then gross_amount else 0 end) as full_price_amount
from order_lines
group by customer_id, category
