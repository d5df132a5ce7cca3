-- An order waits for its rate or counts, never both. A row is one that does both.
with

held_orders as (
    select * from {{ ref('held_orders') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select held_orders.order_key
from held_orders
inner join orders
    on held_orders.order_key = orders.order_key
