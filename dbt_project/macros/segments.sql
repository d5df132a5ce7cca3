{#- Aggregate over a customer's history: what the last change of one dimension says; null where that is null, or nothing ever changed. -#}
{% macro last_change(value, dimension) -%}
    nullif(max_by(coalesce({{ value }}, ''), changed_at) filter (where dimension = '{{ dimension }}'), '')
{%- endmacro %}
