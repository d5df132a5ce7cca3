-- All orders = all months, and those of identified persons = all customers, as of the run's day: all of them on every run. A row is what
-- the months, or the customers, hold too much.
with

orders as (
    select
        customer_id is not null as is_identified,
        count(case when is_purchase then 1 end) as orders_count,
        sum(gross_amount - discount_amount) as net_amount
    from {{ ref('fct_orders') }}
    where
        ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
    group by customer_id is not null
),

refunds as (
    select
        customer_id is not null as is_identified,
        sum(refund_amount) as refund_amount
    from {{ ref('fct_refunds') }}
    where
        ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
        and refund_date <= {{ as_of_date() }}
    group by customer_id is not null
),

expected as (
    select
        is_identified,
        orders_count,
        net_amount
    from orders

    union all

    select
        is_identified,
        0 as orders_count,
        -refund_amount as net_amount
    from refunds
),

signed as (
    select
        'months' as held_by,
        orders_count,
        net_amount
    from {{ ref('monthly_trends') }}

    union all

    select
        'customers' as held_by,
        orders_count,
        net_amount
    from {{ ref('customer_facts') }}

    union all

    select
        'months' as held_by,
        -orders_count as orders_count,
        -net_amount as net_amount
    from expected

    union all

    select
        'customers' as held_by,
        -orders_count as orders_count,
        -net_amount as net_amount
    from expected
    where is_identified
),

differences as (
    select
        held_by,
        sum(orders_count) as orders_count,
        sum(net_amount) as net_amount
    from signed
    group by held_by
)

select * from differences
where
    orders_count <> 0
    or net_amount <> 0
