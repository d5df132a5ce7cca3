{{ config(materialized="incremental", pre_hook=["{{ take_out_gone_customers() }}", "{{ take_out_moved_customers() }}"]) }}
with

history as (
    select * from {{ ref('segment_history') }}
    {% if not var("full") %}
        where
            customer_id in (
                select customers.customer_id
                from {{ ref('dim_customers') }} as customers
                where customers.customer_id not in (select known.customer_id from {{ this }} as known)
            )
    {% endif %}
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
