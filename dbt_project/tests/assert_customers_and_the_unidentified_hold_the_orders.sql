-- All counted orders = those of the customers of customer_facts + those of nobody identified, in money and in number, per source, currency
-- and month, as of the run's day: an order whose customer is lost, or stands twice, shows here. Another test says that each customer's
-- facts are the sums of these orders. A row is a source, currency and month that differ, and by how much.
with

orders as (
    select
        customer_id,
        source,
        currency,
        cast(date_trunc('month', ordered_date) as date) as month,
        case when is_purchase then 1 else 0 end as purchases_count,
        gross_amount - discount_amount as sold_amount,
        refund_amount
    from {{ ref('fct_orders') }}
    where
        ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

customers as (
    select customer_id from {{ ref('customer_facts') }}
),

signed as (
    select
        source,
        currency,
        month,
        1 as orders_count,
        purchases_count,
        sold_amount,
        refund_amount
    from orders
    where customer_id is not null

    union all

    select
        orders.source,
        orders.currency,
        orders.month,
        -1 as orders_count,
        -orders.purchases_count as purchases_count,
        -orders.sold_amount as sold_amount,
        -orders.refund_amount as refund_amount
    from orders
    inner join customers
        on orders.customer_id = customers.customer_id
),

differences as (
    select
        source,
        currency,
        month,
        sum(orders_count) as orders_count,
        sum(purchases_count) as purchases_count,
        sum(sold_amount) as sold_amount,
        sum(refund_amount) as refund_amount
    from signed
    group by source, currency, month
)

select * from differences
where
    orders_count <> 0
    or purchases_count <> 0
    or sold_amount <> 0
    or refund_amount <> 0
