{#-
    What SQL engines write differently; the models hold standard SQL. Each is a macro that asks for the engine's own form: `default` is
    DuckDB's, `spark` is Spark SQL's. A test compiles every model for both and parses what comes out.
-#}


{#- A text of any length, as a type. -#}
{% macro text_type() -%}
    {{ adapter.dispatch("text_type")() }}
{%- endmacro %}

{% macro default__text_type() -%} varchar {%- endmacro %}

{% macro spark__text_type() -%} string {%- endmacro %}


{#- Day of a UTC timestamp in the merchant's time zone. -#}
{% macro merchant_day(timestamp_utc) -%}
    {{ adapter.dispatch("merchant_day")(timestamp_utc) }}
{%- endmacro %}

{% macro default__merchant_day(timestamp_utc) -%}
    cast(timezone('{{ var("time_zone") }}', timezone('UTC', {{ timestamp_utc }})) as date)
{%- endmacro %}

{% macro spark__merchant_day(timestamp_utc) -%}
    to_date(from_utc_timestamp({{ timestamp_utc }}, '{{ var("time_zone") }}'))
{%- endmacro %}


{#- Whole days from the first date to the second, as an integer. -#}
{% macro days_between(first_date, second_date) -%}
    {{ adapter.dispatch("days_between")(first_date, second_date) }}
{%- endmacro %}

{% macro default__days_between(first_date, second_date) -%}
    cast(date_diff('day', {{ first_date }}, {{ second_date }}) as integer)
{%- endmacro %}

{% macro spark__days_between(first_date, second_date) -%}
    datediff({{ second_date }}, {{ first_date }})
{%- endmacro %}


{#- The date so many days after another. -#}
{% macro days_after(date, days) -%}
    {{ adapter.dispatch("days_after")(date, days) }}
{%- endmacro %}

{% macro default__days_after(date, days) -%}
    cast({{ date }} + {{ days }} as date)
{%- endmacro %}

{% macro spark__days_after(date, days) -%}
    date_add({{ date }}, {{ days }})
{%- endmacro %}


{#- A value to order by, made of several: the first decides, then the second. -#}
{% macro in_order(expressions) -%}
    {{ adapter.dispatch("in_order")(expressions) }}
{%- endmacro %}

{% macro default__in_order(expressions) -%}
    row({{ expressions | join(", ") }})
{%- endmacro %}

{% macro spark__in_order(expressions) -%}
    struct({{ expressions | join(", ") }})
{%- endmacro %}


{#- Aggregate: the distinct texts of a group in alphabetical order, one text. -#}
{% macro distinct_list(text) -%}
    {{ adapter.dispatch("distinct_list")(text) }}
{%- endmacro %}

{% macro default__distinct_list(text) -%}
    string_agg(distinct {{ text }}, ', ' order by {{ text }})
{%- endmacro %}

{% macro spark__distinct_list(text) -%}
    array_join(array_sort(collect_set({{ text }})), ', ')
{%- endmacro %}


{#- The digits of a text. -#}
{% macro digits(text) -%}
    {{ adapter.dispatch("digits")(text) }}
{%- endmacro %}

{% macro default__digits(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '', 'g')
{%- endmacro %}

{% macro spark__digits(text) -%}
    regexp_replace({{ text }}, '[^0-9]', '')
{%- endmacro %}


{#- The day so many months before a day. -#}
{% macro months_before(day, months) -%}
    {{ adapter.dispatch("months_before")(day, months) }}
{%- endmacro %}

{% macro default__months_before(day, months) -%}
    cast({{ day }} - interval {{ months }} month as date)
{%- endmacro %}

{% macro spark__months_before(day, months) -%}
    add_months({{ day }}, -{{ months }})
{%- endmacro %}


{#-
    Aggregate: a number that is the same for the same texts in whatever order, and another, but for one chance in some 10^19, for any others:
    two tables are compared without being joined. Nulls are left out.
-#}
{% macro fingerprint(text) -%}
    {{ adapter.dispatch("fingerprint")(text) }}
{%- endmacro %}

{% macro default__fingerprint(text) -%}
    sum(hash({{ text }})) filter (where {{ text }} is not null)
{%- endmacro %}

{% macro spark__fingerprint(text) -%}
    sum(cast(xxhash64({{ text }}) as decimal(20, 0))) filter (where {{ text }} is not null)
{%- endmacro %}


{#- A 64-bit number made of values: the same of the same, and, but for one chance in some 10^19, another of any others. -#}
{% macro number_of(values) -%}
    {{ adapter.dispatch("number_of")(values) }}
{%- endmacro %}

{% macro default__number_of(values) -%}
    hash({{ values | join(", ") }})
{%- endmacro %}

{% macro spark__number_of(values) -%}
    xxhash64({{ values | join(", ") }})
{%- endmacro %}
