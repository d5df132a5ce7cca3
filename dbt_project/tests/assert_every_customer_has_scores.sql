-- customer_360 has exactly the customers of customer_facts, each with scores of the same day. A row is a customer for whom that fails.
with

customer_facts as (
    select * from {{ ref('customer_facts') }}
),

customer_360 as (
    select * from {{ ref('customer_360') }}
)

select
    customer_facts.customer_id as facts_customer_id,
    customer_360.customer_id,
    customer_360.rfm_group
from customer_facts
full outer join customer_360
    on customer_facts.customer_id = customer_360.customer_id
where
    customer_facts.customer_id is null
    or customer_360.customer_id is null
    or customer_360.rfm_group is null
    or customer_360.lifecycle_stage is null
