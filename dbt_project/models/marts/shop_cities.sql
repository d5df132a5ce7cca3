with

customer_facts as (
    select * from {{ ref('customer_facts') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
)

select
    customers.city,
    count(*) as shop_customers_count
from customers
inner join customer_facts
    on customers.customer_id = customer_facts.customer_id
where
    customers.city is not null
    and {{ is_shop_channel("customer_facts.preferred_channel") }}
group by customers.city
having count(*) >= {{ var('shop_city_customers_min') }}
