{#- First day of the month that a day is in. -#}
{% macro month_of(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}


{#- A part of a whole, 0 to 1; null of nothing. Money is exact until it is divided. -#}
{% macro share(part, whole) -%}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{%- endmacro %}


{#- Whether orders of a channel are placed in a shop; null without a channel. -#}
{% macro is_shop_channel(channel) -%}
    lower(trim({{ channel }})) in ('{{ var("shop_channels") | join("', '") }}')
{%- endmacro %}
