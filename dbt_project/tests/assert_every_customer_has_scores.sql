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
)

select
    customer_id,
    'no scores of the day' as fault
from customer_facts
where
    (customer_id, as_of_date) not in (
        select
            scored.customer_id,
            scored.as_of_date
        from customer_scores as scored
        where
            scored.rfm_group is not null
            and scored.lifecycle_stage is not null
    )

union all

select
    customer_id,
    'no facts' as fault
from customer_scores
where customer_id not in (select known.customer_id from customer_facts as known)

union all

select
    customer_id,
    'not among the customers' as fault
from customer_facts
where customer_id not in (select customers.customer_id from {{ ref('dim_customers') }} as customers)
