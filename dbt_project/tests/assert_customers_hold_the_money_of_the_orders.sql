-- The facts of each customer are the sums of the customer's orders and refunds, as of the run's day: every counted order of an identified
-- person is in that person's facts, once. A run that builds only what changed looks at the customers it counted anew; another test adds up
-- all of them. A row is a customer who differs, and by how much.
with

signed as (
    select
        customer_id,
        case when is_purchase then 1 else 0 end as orders_count,
        gross_amount,
        fee_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        0 as refund_amount,
        gross_amount - discount_amount as net_amount
    from {{ ref('fct_orders') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}

    union all

    select
        customer_id,
        0 as orders_count,
        0 as gross_amount,
        0 as fee_amount,
        0 as discount_amount,
        0 as shipping_amount,
        0 as tax_amount,
        refund_amount,
        -refund_amount as net_amount
    from {{ ref('fct_refunds') }}
    where
        customer_id is not null
        and {{ is_of_recounted_customer() }}
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
        and refund_date <= {{ as_of_date() }}

    union all

    select
        customer_id,
        -orders_count as orders_count,
        -gross_amount as gross_amount,
        -fee_amount as fee_amount,
        -discount_amount as discount_amount,
        -shipping_amount as shipping_amount,
        -tax_amount as tax_amount,
        -refund_amount as refund_amount,
        -net_amount as net_amount
    from {{ ref('customer_facts') }}
    where {{ is_of_recounted_customer() }}
),

differences as (
    select
        customer_id,
        sum(orders_count) as orders_count,
        sum(gross_amount) as gross_amount,
        sum(fee_amount) as fee_amount,
        sum(discount_amount) as discount_amount,
        sum(shipping_amount) as shipping_amount,
        sum(tax_amount) as tax_amount,
        sum(refund_amount) as refund_amount,
        sum(net_amount) as net_amount
    from signed
    group by customer_id
)

select * from differences
where
    orders_count <> 0
    or gross_amount <> 0
    or fee_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
    or refund_amount <> 0
    or net_amount <> 0
