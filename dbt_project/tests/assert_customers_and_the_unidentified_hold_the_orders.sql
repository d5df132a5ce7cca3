-- All counted orders = those of the customers of customer_facts + those of nobody identified, in money and in number, per source, currency
-- and month, as of the run's day. All of them on every run. Another test says that each customer's facts are the sums of these orders.
-- A row is a source, currency and month of which orders are missing, and how much.
with

customers as (
    select customer_id from {{ ref('customer_facts') }}
),

missing as (
    select
        orders.source,
        orders.currency,
        cast(date_trunc('month', orders.ordered_date) as date) as month,
        orders.net_amount
    from {{ ref('fct_orders') }} as orders
    left join customers
        on orders.customer_id = customers.customer_id
    where
        orders.customer_id is not null
        and customers.customer_id is null
        and orders.ordered_date <= {{ as_of_date() }}
        and orders.counted_date <= {{ as_of_date() }}
)

select
    source,
    currency,
    month,
    count(*) as orders_count,
    sum(net_amount) as net_amount
from missing
group by source, currency, month
