-- The segments a customer was in before the run's day, by what is published. A run that adds to the history as it stands finds them in
-- customer_segments; of customers whom an earlier run of the day has moved it asks the history.
with

segments as (
    select *
    from {{ as_last_built('customer_segments', ['customer_id'] + segment_dimensions() + segment_changes()) }}
),

history as (
    select *
    from {{ ref('stg_segment_history') if var('full') else as_last_built('segment_history', ['*']) }}
    where
        changed_at < {{ as_of_date() }}
        and {{ was_moved_earlier_on_the_day("segments") }}
)

select
    customer_id,
    {{ segment_dimensions() | join(", ") }}
from segments
where {{ last_moved_at() }} < {{ as_of_date() }}

union all

select
    customer_id,
{% for dimension in segment_dimensions() %}
    {{ last_change("value", dimension) }} as {{ dimension }}{{ "," if not loop.last }}
{% endfor %}
from history
group by customer_id
