-- customer_360 joins, key by key, who a customer is, the facts and the scores of the same day: each of them has exactly the customers of
-- customer_facts. A row is a customer for whom that fails.
with

customer_facts as (
    select * from {{ ref('customer_facts') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

customer_scores as (
    select * from {{ ref('customer_scores') }}
)

select
    customer_facts.customer_id as facts_customer_id,
    customers.customer_id,
    customer_scores.customer_id as scores_customer_id,
    customer_scores.rfm_group
from customer_facts
full outer join customer_scores
    on
        customer_facts.customer_id = customer_scores.customer_id
        and customer_facts.as_of_date = customer_scores.as_of_date
left join customers
    on customer_facts.customer_id = customers.customer_id
where
    customer_facts.customer_id is null
    or customers.customer_id is null
    or customer_scores.rfm_group is null
    or customer_scores.lifecycle_stage is null
