-- Only a record without any customer id, or of a guest whose address is everybody's, may be of an unidentified person. A day's run looks at
-- the orders it built. A row is a source customer id that the links do not know.
with

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    source,
    source_customer_id,
    count(*) as orders_count
from orders
where
    source_customer_id is not null
    and customer_id is null
    and not {{ is_guest_id("source_customer_id") }}
    and {{ is_of_touched_day_and_order() }}
group by source, source_customer_id
