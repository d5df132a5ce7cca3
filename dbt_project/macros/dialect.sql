{#- What SQL engines write differently; the models hold standard SQL. Each is written for DuckDB, with Spark's form beside it. -#}


{#- Day of a UTC timestamp in the merchant's time zone. Spark: to_date(from_utc_timestamp(x, zone)). -#}
{% macro merchant_day(timestamp_utc) -%}
    cast(timezone('{{ var("time_zone") }}', timezone('UTC', {{ timestamp_utc }})) as date)
{%- endmacro %}


{#- Whole days from the first date to the second, as an integer. Spark: datediff(second, first). -#}
{% macro days_between(first_date, second_date) -%}
    cast(date_diff('day', {{ first_date }}, {{ second_date }}) as integer)
{%- endmacro %}


{#- A value to order by, made of several: the first decides, then the second. Spark: struct(...). -#}
{% macro in_order(expressions) -%}
    row({{ expressions | join(", ") }})
{%- endmacro %}


{#- Aggregate: the distinct texts of a group in alphabetical order, one text. Spark: array_join(array_sort(collect_set(x)), ', '). -#}
{% macro distinct_list(text) -%}
    string_agg(distinct {{ text }}, ', ' order by {{ text }})
{%- endmacro %}


{#- The digits of a text. Spark replaces all without the last argument. -#}
{% macro digits(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}


{#- The day so many months before a day. Spark: add_months(day, -months). -#}
{% macro months_before(day, months) -%}
    cast({{ day }} - interval {{ months }} month as date)
{%- endmacro %}
