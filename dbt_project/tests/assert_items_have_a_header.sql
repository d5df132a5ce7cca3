-- Items without their order's header are in no fact until it arrives. A row is an order that waits; a warning, for it may arrive tomorrow.
{{ config(severity="warn") }}

with

order_items as (
    select * from {{ ref('stg_order_items') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
)

select
    order_items.source,
    order_items.order_id,
    count(*) as lines_count
from order_items
left join order_headers
    on
        order_items.source = order_headers.source
        and order_items.order_id = order_headers.order_id
where order_headers.order_id is null
group by order_items.source, order_items.order_id
