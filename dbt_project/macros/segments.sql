{#-
    The history of segments, which a run adds to where the tables stand as they were published (var `full` is false): it takes out what it
    puts in anew. Any other run writes them from what is published.
-#}


{#- What customers are sorted into; each has a history of its own. -#}
{% macro segment_dimensions() -%}
    {{ return(["rfm_group", "abc_class", "lifecycle_stage", "loyalty_type"]) }}
{%- endmacro %}


{#- The columns of customer_segments that say since when. -#}
{% macro segment_changes() -%}
    {%- set columns = [] -%}
    {%- for dimension in segment_dimensions() -%}
        {%- do columns.append(dimension ~ "_changed_at") -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}


{#- Day on which a row of customer_segments last changed. -#}
{% macro last_moved_at() -%}
    cast(greatest({{ segment_changes() | join(", ") }}) as date)
{%- endmacro %}


{#- Aggregate over a customer's history: what the last change of one dimension says; null where that is null, or nothing ever changed. -#}
{% macro last_change(value, dimension) -%}
    nullif(max_by(coalesce({{ value }}, ''), changed_at) filter (where dimension = '{{ dimension }}'), '')
{%- endmacro %}


{#- Condition that leaves only customers whom by `segments` an earlier run of the day has moved; all on a run that reads history anew. -#}
{% macro was_moved_earlier_on_the_day(segments) -%}
    {%- if var('full') -%}
        1 = 1
    {%- else -%}
        customer_id in (select moved.customer_id from {{ segments }} as moved where {{ last_moved_at() }} >= {{ as_of_date() }})
    {%- endif -%}
{%- endmacro %}


{#- For a pre-hook: who was erased, or has become part of another, leaves no history behind. -#}
{% macro take_out_gone_customers() -%}
    {%- if not execute or not var('full') -%}
        delete from {{ this }} where customer_id in (
            select gone.customer_id from {{ ref('int_resegmented_customers') }} as gone
            where gone.is_gone
        )
    {%- endif -%}
{%- endmacro %}


{#- For a pre-hook: take the changes that an earlier run of the day found out of the history. -#}
{% macro take_out_the_day() -%}
    {%- if not execute or not var('full') -%}
        delete from {{ this }} where changed_at >= {{ as_of_date() }}
    {%- endif -%}
{%- endmacro %}
