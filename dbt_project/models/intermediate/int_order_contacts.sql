{{ config(materialized="incremental", pre_hook="{{ take_out_orders() }}") }}
-- Contact details as they were given with orders: many dumps have no other.
with

order_lines as (
    select * from {{ ref('int_converted_order_lines') }}
    where
        customer_id is not null
        and coalesce(email, phone, city) is not null
)

select
    source || ':' || order_id as order_key,
    customer_id,
    email,
    phone,
    city,
    max(ordered_at) as last_used_at,
    {{ merchant_day("max(ordered_at)") }} as ordered_date
from order_lines
group by source, order_id, customer_id, email, phone, city
-- as orders stand: a day's run, which asks for some days, need not read the others
order by ordered_date
