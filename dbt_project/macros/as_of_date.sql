{#- The last day that facts may know of, as a date. -#}
{% macro as_of_date() %}
    {%- if execute and not var('as_of') -%}
        {{ exceptions.raise_compiler_error(
            "The var 'as_of' is not set. Expected the day of the facts, like 2025-03-31; pass it with --vars."
        ) }}
    {%- endif -%}
    cast('{{ var("as_of") }}' as date)
{%- endmacro %}
