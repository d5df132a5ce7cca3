-- A view of its own, for a step that a query names twice is worked out as a whole, while a view is looked through for what is asked of it.
select
    source,
    order_id,
    customer_id as source_customer_id,
    ordered_at,
    file_id
from {{ source('clean', 'orders') }}

union all

select
    source,
    order_id,
    customer_id as source_customer_id,
    ordered_at,
    file_id
from {{ source('clean', 'order_headers') }}

union all

select
    source,
    order_id,
    null as source_customer_id,
    null as ordered_at,
    file_id
from {{ source('clean', 'order_items') }}

union all

select
    source,
    order_id,
    null as source_customer_id,
    null as ordered_at,
    file_id
from {{ source('clean', 'payments') }}

union all

-- of a row that can't be read it matters to its order that it is there
select
    source,
    order_id,
    null as source_customer_id,
    null as ordered_at,
    file_id
from {{ source('clean', 'refused_rows') }}
