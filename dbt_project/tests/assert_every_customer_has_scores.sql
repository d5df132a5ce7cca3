-- customer_360 joins, key by key, who a customer is, the facts and the scores of the same day: each of them has exactly the customers of
-- customer_facts. A row is a customer for whom that fails.
with

customer_facts as (
    select
        customer_id,
        as_of_date
    from {{ ref('customer_facts') }}
),

customer_scores as (
    select
        customer_id,
        as_of_date,
        rfm_group,
        lifecycle_stage
    from {{ ref('customer_scores') }}
),

customers as (
    select customer_id from {{ ref('dim_customers') }}
),

scored as (
    select
        customer_id,
        as_of_date
    from customer_scores
    where
        rfm_group is not null
        and lifecycle_stage is not null
)

select
    customer_facts.customer_id,
    'no scores of the day' as fault
from customer_facts
left join scored
    on
        customer_facts.customer_id = scored.customer_id
        and customer_facts.as_of_date = scored.as_of_date
where scored.customer_id is null

union all

select
    customer_scores.customer_id,
    'no facts' as fault
from customer_scores
left join customer_facts
    on customer_scores.customer_id = customer_facts.customer_id
where customer_facts.customer_id is null

union all

select
    customer_facts.customer_id,
    'not among the customers' as fault
from customer_facts
left join customers
    on customer_facts.customer_id = customers.customer_id
where customers.customer_id is null
