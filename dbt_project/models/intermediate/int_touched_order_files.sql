-- The files that anything of the touched orders was ever delivered in: the versions of an order are looked for in these alone.
select distinct file_id
from {{ ref('int_order_files') }}
where
    {{ is_numbered_among("order_number", ["source", "order_id"], 'int_changed_orders') }}
    and {{ is_worth_knowing() }}
