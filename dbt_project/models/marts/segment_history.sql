-- What was published up to the day before, and the changes of the run's day. The day's own earlier rows are left out and found again,
-- so a second run of a day writes the same table.
with

customers as (
    select * from {{ ref('dim_customers') }}
),

history as (
    select * from {{ ref('stg_segment_history') }}
    where changed_at < {{ as_of_date() }}
),

customer_scores as (
    select * from {{ ref('customer_scores') }}
),

present_values as (
    select
        customer_id,
        as_of_date,
        'rfm_group' as dimension,
        rfm_group as value
    from customer_scores

    union all

    select
        customer_id,
        as_of_date,
        'abc_class' as dimension,
        abc_class as value
    from customer_scores

    union all

    select
        customer_id,
        as_of_date,
        'lifecycle_stage' as dimension,
        lifecycle_stage as value
    from customer_scores

    union all

    select
        customer_id,
        as_of_date,
        'loyalty_type' as dimension,
        loyalty_type as value
    from customer_scores
),

ranked_history as (
    select
        *,
        row_number() over (partition by customer_id, dimension order by changed_at desc) as change_rank
    from history
),

last_values as (
    select * from ranked_history
    where change_rank = 1
),

changes as (
    select
        present_values.customer_id,
        present_values.dimension,
        present_values.value,
        last_values.value as previous_value,
        present_values.as_of_date as changed_at
    from present_values
    left join last_values
        on
            present_values.customer_id = last_values.customer_id
            and present_values.dimension = last_values.dimension
    where present_values.value is distinct from last_values.value
),

-- a person who was erased, or has become part of another, leaves no history behind
kept_history as (
    select
        history.customer_id,
        history.dimension,
        history.value,
        history.previous_value,
        history.changed_at
    from history
    inner join customers
        on history.customer_id = customers.customer_id
)

select
    customer_id,
    dimension,
    value,
    previous_value,
    changed_at
from kept_history

union all

select
    customer_id,
    dimension,
    value,
    previous_value,
    changed_at
from changes
