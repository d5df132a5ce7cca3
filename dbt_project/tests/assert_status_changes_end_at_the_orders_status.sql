-- The history of an order's status is a chain that ends where the order stands. A row is a change at which it is broken. A run that
-- builds only what changed looks at the orders it built.
with

changes as (
    select
        *,
        lead(previous_status) over (partition by order_key order by change_number) as next_previous_status
    from {{ ref('order_status_changes') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
)

select
    changes.order_key,
    changes.change_number,
    changes.status
from changes
inner join orders
    on changes.order_key = orders.order_key
where changes.status <> coalesce(changes.next_previous_status, orders.status)
