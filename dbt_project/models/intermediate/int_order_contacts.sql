{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
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
    max(ordered_at) as last_used_at
from order_lines
group by source, order_id, customer_id, email, phone, city
