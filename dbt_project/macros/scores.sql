{#- For a pre-hook: take out the scores that are others by now, and those of whoever is nobody any more. -#}
{% macro take_out_other_scores() -%}
    {%- if not execute or not var('full') -%}
        delete from {{ this }} where digest not in (select scores.digest from {{ source('scores', 'customer_scores') }} as scores)
    {%- endif -%}
{%- endmacro %}
