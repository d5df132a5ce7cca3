-- Whose the orders were that a change can reach. They stand in a table: so the engine knows how few are looked for in the large ones.
with

changed_orders as (
    select * from {{ ref('int_changed_orders') }}
),

built_orders as (
    select * from {{ as_last_built('fct_orders', ['order_key', 'customer_id', 'ordered_date']) }}
),

built_contacts as (
    select * from {{ as_last_built('int_order_contacts', ['order_key', 'customer_id', 'ordered_date']) }}
),

-- lines of one order may name several customers: it is one's, and the others gave their contact details with it
built_persons as (
    select
        built_orders.order_key,
        built_orders.customer_id
    from built_orders
    where
        built_orders.order_key in (select changed_orders.order_key from changed_orders)
        and cast(built_orders.ordered_date as date) in (select days.ordered_date from {{ ref('int_touched_order_days') }} as days)

    union distinct

    select
        built_contacts.order_key,
        built_contacts.customer_id
    from built_contacts
    where
        built_contacts.order_key in (select changed_orders.order_key from changed_orders)
        and cast(built_contacts.ordered_date as date) in (select days.ordered_date from {{ ref('int_touched_order_days') }} as days)
)

select
    changed_orders.order_key,
    changed_orders.source,
    changed_orders.order_id,
    built_persons.customer_id as previous_customer_id
from changed_orders
left join built_persons
    on changed_orders.order_key = built_persons.order_key
