{#- Aggregate: the value of the row that comes last in the order given, rows without a value aside. -#}
{% macro latest_known(value, order_by) -%}
    max_by({{ value }}, {{ in_order(order_by) }}) filter (where {{ value }} is not null)
{%- endmacro %}
