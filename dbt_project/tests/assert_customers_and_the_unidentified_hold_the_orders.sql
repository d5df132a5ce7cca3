-- All counted orders = those of the customers of customer_facts + those of nobody identified, in money and in number, per source, currency
-- and month, as of the run's day. A day's run looks at whom it counted anew and whose orders it touched; that nothing is missing in all is
-- said of all months and all customers on every run, by another test. A third says that each customer's facts are the sums of these orders.
-- A row is a source, currency and month of which orders are missing, and how much.
with

customers as (
    select customer_id from {{ ref('customer_facts') }}
),

built as (
    select customer_id from {{ ref('fct_orders') }}
    where
        customer_id is not null
        and {{ is_of_touched_day_and_order() }}

    union distinct

    select customer_id from {{ ref('int_recounted_customers') }}
),

without_facts as (
    select built.customer_id
    from built
    left join customers
        on built.customer_id = customers.customer_id
    where customers.customer_id is null
),

missing as (
    select
        source,
        currency,
        {{ month_of("ordered_date") }} as month,
        net_amount
    from {{ ref('fct_orders') }}
    where
        customer_id in (select without_facts.customer_id from without_facts)
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
)

select
    source,
    currency,
    month,
    count(*) as orders_count,
    sum(net_amount) as net_amount
from missing
group by source, currency, month
