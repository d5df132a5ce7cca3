-- Within one file an order line (or a header) may be repeated under its own id; all but the last are listed here.
-- Lines without an id are never repetitions: two equal rows are two pieces sold.
with

order_lines as (
    select * from {{ ref('stg_orders') }}
),

order_headers as (
    select * from {{ ref('stg_order_headers') }}
),

order_items as (
    select * from {{ ref('stg_order_items') }}
),

identified as (
    select
        delivery_number,
        order_id,
        order_line_id,
        line
    from order_lines
    where order_line_id is not null

    union all

    select
        delivery_number,
        order_id,
        '' as order_line_id,
        line
    from order_headers

    union all

    select
        delivery_number,
        order_id,
        order_line_id,
        line
    from order_items
    where order_line_id is not null
),

repeated as (
    select
        delivery_number,
        order_id,
        order_line_id,
        max(line) as last_line
    from identified
    group by delivery_number, order_id, order_line_id
    having count(*) > 1
)

select
    identified.delivery_number,
    identified.line
from identified
inner join repeated
    on
        identified.delivery_number = repeated.delivery_number
        and identified.order_id = repeated.order_id
        and identified.order_line_id = repeated.order_line_id
where identified.line < repeated.last_line
