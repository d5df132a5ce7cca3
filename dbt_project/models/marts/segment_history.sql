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

last_values as (
    select
        customer_id,
        {{ last_change('value', 'rfm_group') }} as rfm_group,
        {{ last_change('value', 'abc_class') }} as abc_class,
        {{ last_change('value', 'lifecycle_stage') }} as lifecycle_stage,
        {{ last_change('value', 'loyalty_type') }} as loyalty_type
    from history
    group by customer_id
),

compared as (
    select
        customer_scores.customer_id,
        customer_scores.as_of_date as changed_at,
        customer_scores.rfm_group,
        last_values.rfm_group as previous_rfm_group,
        customer_scores.abc_class,
        last_values.abc_class as previous_abc_class,
        customer_scores.lifecycle_stage,
        last_values.lifecycle_stage as previous_lifecycle_stage,
        customer_scores.loyalty_type,
        last_values.loyalty_type as previous_loyalty_type
    from customer_scores
    left join last_values
        on customer_scores.customer_id = last_values.customer_id
),

changes as (
    select
        customer_id,
        'rfm_group' as dimension,
        rfm_group as value,
        previous_rfm_group as previous_value,
        changed_at
    from compared
    where rfm_group is distinct from previous_rfm_group

    union all

    select
        customer_id,
        'abc_class' as dimension,
        abc_class as value,
        previous_abc_class as previous_value,
        changed_at
    from compared
    where abc_class is distinct from previous_abc_class

    union all

    select
        customer_id,
        'lifecycle_stage' as dimension,
        lifecycle_stage as value,
        previous_lifecycle_stage as previous_value,
        changed_at
    from compared
    where lifecycle_stage is distinct from previous_lifecycle_stage

    union all

    select
        customer_id,
        'loyalty_type' as dimension,
        loyalty_type as value,
        previous_loyalty_type as previous_value,
        changed_at
    from compared
    where loyalty_type is distinct from previous_loyalty_type
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
