{{ config(materialized="incremental", pre_hook="{{ take_out(['customer_id'], 'int_resegmented_customers') }}") }}
with

history as (
    select * from {{ ref('segment_history') }}
    where {{ is_touched(["customer_id"], ["customer_id"], 'int_resegmented_customers') }}
)

select
    customer_id,
{% for dimension in segment_dimensions() %}
    {{ last_change("value", dimension) }} as {{ dimension }},
    {{ last_change("previous_value", dimension) }} as previous_{{ dimension }},
    max(case when dimension = '{{ dimension }}' then changed_at end) as {{ dimension }}_changed_at{{ "," if not loop.last }}
{% endfor %}
from history
group by customer_id
