-- All months = all customers + the unidentified, as of the run's day. One row, if they differ.
with

unidentified_orders as (
    select * from {{ ref('fct_orders') }}
    where
        customer_id is null
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

unidentified_refunds as (
    select * from {{ ref('fct_refunds') }}
    where
        customer_id is null
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
        and refund_date <= {{ as_of_date() }}
),

signed as (
    select
        orders_count,
        net_amount
    from {{ ref('monthly_trends') }}

    union all

    select
        -orders_count as orders_count,
        -net_amount as net_amount
    from {{ ref('customer_facts') }}

    union all

    select
        case when is_purchase then -1 else 0 end as orders_count,
        -(gross_amount - discount_amount) as net_amount
    from unidentified_orders

    union all

    select
        0 as orders_count,
        refund_amount as net_amount
    from unidentified_refunds
),

differences as (
    select
        coalesce(sum(orders_count), 0) as orders_count,
        coalesce(sum(net_amount), 0) as net_amount
    from signed
)

select * from differences
where
    orders_count <> 0
    or net_amount <> 0
