{#- A part of a whole, 0 to 1; null of nothing. Money is exact until it is divided. -#}
{% macro share(part, whole) -%}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{%- endmacro %}
