-- customer_360 joins, key by key, who a customer is, the facts and the scores of the same day: each of them has exactly the customers of
-- customer_facts. A row is a table of which a number of all its customers says that they are others, or a customer whom nobody knows.
with

customer_facts as (
    select customer_id from {{ ref('customer_facts') }}
),

customers as (
    select customer_id from {{ ref('dim_customers') }}
),

facts as (
    select
        count(*) as customers_count,
        {{ fingerprint("customer_id") }} as fingerprint
    from {{ ref('customer_facts') }}
),

-- a row of another day or without a group is counted, and stands for nobody
scores as (
    select
        'customer_scores_moving' as table_name,
        count(*) as customers_count,
        {{ fingerprint("case when as_of_date = " ~ as_of_date() ~ " then customer_id end") }} as fingerprint
    from {{ ref('customer_scores_moving') }}

    union all

    select
        'customer_scores_lasting' as table_name,
        count(*) as customers_count,
        {{ fingerprint("case when rfm_group is not null and lifecycle_stage is not null then customer_id end") }} as fingerprint
    from {{ ref('customer_scores_lasting') }}
)

select
    scores.table_name,
    cast(null as {{ text_type() }}) as customer_id,
    'other customers than in customer_facts, or scores of another day, or none' as fault
from scores
cross join facts
where
    scores.customers_count <> facts.customers_count
    or scores.fingerprint is distinct from facts.fingerprint

union all

select
    'dim_customers' as table_name,
    customer_facts.customer_id,
    'not among the customers' as fault
from customer_facts
left join customers
    on customer_facts.customer_id = customers.customer_id
where customers.customer_id is null
