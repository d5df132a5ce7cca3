-- Every counted order of an identified person is in that person's facts, once, as of the run's day. One row, if the sums differ.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where
        customer_id is not null
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

refunds as (
    select * from {{ ref('fct_refunds') }}
    where
        customer_id is not null
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
        and refund_date <= {{ as_of_date() }}
),

signed as (
    select
        case when is_purchase then 1 else 0 end as orders_count,
        gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        0 as refund_amount,
        gross_amount - discount_amount as net_amount
    from orders

    union all

    select
        0 as orders_count,
        0 as gross_amount,
        0 as discount_amount,
        0 as shipping_amount,
        0 as tax_amount,
        refund_amount,
        -refund_amount as net_amount
    from refunds

    union all

    select
        -orders_count as orders_count,
        -gross_amount as gross_amount,
        -discount_amount as discount_amount,
        -shipping_amount as shipping_amount,
        -tax_amount as tax_amount,
        -refund_amount as refund_amount,
        -net_amount as net_amount
    from {{ ref('customer_facts') }}
),

differences as (
    select
        coalesce(sum(orders_count), 0) as orders_count,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(shipping_amount), 0) as shipping_amount,
        coalesce(sum(tax_amount), 0) as tax_amount,
        coalesce(sum(refund_amount), 0) as refund_amount,
        coalesce(sum(net_amount), 0) as net_amount
    from signed
)

select * from differences
where
    orders_count <> 0
    or gross_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
    or refund_amount <> 0
    or net_amount <> 0
