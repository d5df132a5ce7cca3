-- Amounts of several currencies never add up. A row is a day and a currency that no rate converts to the reporting currency.
with

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    ordered_date,
    currency,
    '{{ var("currency") }}' as reporting_currency,
    count(*) as orders_count
from orders
where currency <> '{{ var("currency") }}'
group by ordered_date, currency
