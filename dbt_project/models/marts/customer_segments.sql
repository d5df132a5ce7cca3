with

history as (
    select * from {{ ref('segment_history') }}
)

select
    customer_id,
    {{ last_change('previous_value', 'rfm_group') }} as previous_rfm_group,
    max(case when dimension = 'rfm_group' then changed_at end) as rfm_group_changed_at,
    {{ last_change('previous_value', 'abc_class') }} as previous_abc_class,
    max(case when dimension = 'abc_class' then changed_at end) as abc_class_changed_at,
    {{ last_change('previous_value', 'lifecycle_stage') }} as previous_lifecycle_stage,
    max(case when dimension = 'lifecycle_stage' then changed_at end) as lifecycle_stage_changed_at,
    {{ last_change('previous_value', 'loyalty_type') }} as previous_loyalty_type,
    max(case when dimension = 'loyalty_type' then changed_at end) as loyalty_type_changed_at
from history
group by customer_id
