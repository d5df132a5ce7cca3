{{ config(materialized="incremental", pre_hook=["{{ take_out_gone_customers() }}", "{{ take_out_the_day() }}"]) }}
-- What was published up to the day before, and the changes of the run's day. The day's own earlier rows are left out and found again, so a
-- second run of a day makes the same table. Where the table is as it was published, the day is added to it; else it is written anew.
with

customers as (
    select * from {{ ref('dim_customers') }}
),

lasting_scores as (
    select * from {{ ref('customer_scores_lasting') }}
    where {{ is_touched(["customer_id"], ["customer_id"], 'int_resegmented_customers') }}
),

last_segments as (
    select * from {{ ref('int_last_segments') }}
),

-- a person who was erased, or has become part of another, leaves no history behind
kept_history as (
    select
        history.customer_id,
        history.dimension,
        history.value,
        history.previous_value,
        history.changed_at
    from {{ ref('stg_segment_history') }} as history
    inner join customers
        on history.customer_id = customers.customer_id
    where history.changed_at < {{ as_of_date() }}
),

compared as (
    select
        lasting_scores.customer_id,
    {% for dimension in segment_dimensions() %}
        lasting_scores.{{ dimension }},
        last_segments.{{ dimension }} as previous_{{ dimension }}{{ "," if not loop.last }}
    {% endfor %}
    from lasting_scores
    left join last_segments
        on lasting_scores.customer_id = last_segments.customer_id
),

changes as (
    {% for dimension in segment_dimensions() %}
        select
            customer_id,
            '{{ dimension }}' as dimension,
            {{ dimension }} as value,
            previous_{{ dimension }} as previous_value,
            {{ as_of_date() }} as changed_at
        from compared
        where {{ dimension }} is distinct from previous_{{ dimension }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select * from changes
{% if var("full") %}
    union all
    select * from kept_history
{% endif %}
