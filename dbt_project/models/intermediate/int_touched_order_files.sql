-- The files that anything of the touched orders was ever delivered in: the versions of an order are looked for in these alone.
with

delivered as (
    select * from {{ ref('int_delivered_orders') }}
    where {{ is_of_touched_order() }}
)

select distinct file_id
from delivered
where {{ is_worth_knowing() }}
