-- Persons of whom a lasting score became another on the run's day, for nobody else can have moved from one segment to another; and those
-- who are nobody any more: they were erased, or have become part of another.
with

lasting_scores as (
    select * from {{ ref('customer_scores_lasting') }}
),

customers as (
    select customer_id from {{ ref('dim_customers') }}
),

known as (
    select customer_id from {{ as_last_built('customer_segments', ['customer_id']) }}
)

select
    customer_id,
    false as is_gone
from lasting_scores
where
    changed_at >= {{ as_of_date() }}
    and {{ is_worth_knowing() }}

union all

select
    known.customer_id,
    true as is_gone
from known
left join customers
    on known.customer_id = customers.customer_id
where customers.customer_id is null
