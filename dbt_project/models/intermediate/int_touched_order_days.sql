-- The days on which the touched orders were placed, by any file that they were ever delivered in.
select distinct ordered_date
from {{ ref('int_order_files') }}
where
    {{ is_numbered_among("order_number", ["source", "order_id"], 'int_changed_orders') }}
    and ordered_date is not null
    and {{ is_worth_knowing() }}
