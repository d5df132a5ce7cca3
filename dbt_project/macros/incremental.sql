{#-
    How a day's run touches only what the day brought. A full run (var `full`) builds every table anew. Any other compares the files,
    links and catalogue with those that the tables were last built from, finds the orders, reviews and persons that a difference can
    reach, takes their rows out and puts them in anew. What comes out is to be what a full run makes; a test compares the two.
-#}


{#- Columns (texts) of a table as the last run left it; no rows on a full run. A ref would go round in a circle. -#}
{% macro as_last_built(name, columns) -%}
    {%- if var('full') or not execute -%}
        (select cast(null as {{ text_type() }}) as {{ columns | join(", cast(null as " ~ text_type() ~ ") as ") }} where 1 = 0)
    {%- else -%}
        {%- set models = graph.nodes.values() | selectattr("resource_type", "equalto", "model") -%}
        {%- set model = models | selectattr("name", "equalto", name) | first -%}
        (select {{ columns | join(", ") }} from {{ model.relation_name }})
    {%- endif -%}
{%- endmacro %}


{#-
    Condition that leaves only rows whose keys are among those touched. All rows pass on a full run. The ref is met when dbt parses,
    which gives the model its place; a unit test, which runs in full, needs no input for it.
-#}
{% macro is_touched(keys, touched_keys, touched) -%}
    {%- if execute and var('full') -%}
        1 = 1
    {%- else -%}
        ({{ keys | join(", ") }}) in (select {{ touched_keys | join(", ") }} from {{ ref(touched) }})
    {%- endif -%}
{%- endmacro %}


{#- Condition that leaves only rows of orders that were touched. -#}
{% macro is_of_touched_order(source="source", order_id="order_id") -%}
    {{ is_touched([source, order_id], ["source", "order_id"], 'int_touched_orders') }}
{%- endmacro %}


{#-
    The same for what was delivered. Touched orders are in few files: told of these, too, the engine unpacks little else, for it can't look
    for two columns at once before it has unpacked them.
-#}
{% macro is_delivered_of_touched_order(delivered="source") -%}
    {%- if execute and var('full') -%}
        1 = 1
    {%- else -%}
        {{ delivered }}.file_id in (select files.file_id from {{ ref('int_touched_order_files') }} as files)
        and {{ is_of_touched_order(delivered ~ ".source", delivered ~ ".order_id") }}
    {%- endif -%}
{%- endmacro %}


{#-
    The same for tables in which orders stand by their day. Touched orders are of few days: told of these, too, the engine reads them alone,
    and not the years before them.
-#}
{% macro is_of_touched_day_and_order() -%}
    {%- if execute and var('full') -%}
        1 = 1
    {%- else -%}
        ordered_date in (select days.ordered_date from {{ ref('int_touched_order_days') }} as days)
        and {{ is_touched(["order_key"], ["order_key"], 'int_touched_orders') }}
    {%- endif -%}
{%- endmacro %}


{#-
    What was delivered under the ids of persons whose facts are counted anew. One column is asked for beside the two for the engine, as above.
-#}
{% macro is_delivered_of_recounted_customer(delivered="source") -%}
    {%- set ids = 'int_recounted_customer_ids' -%}
    {{ is_touched([delivered ~ ".customer_id"], ["source_customer_id"], ids) }}
    and {{ is_touched([delivered ~ ".source", delivered ~ ".customer_id"], ["source", "source_customer_id"], ids) }}
{%- endmacro %}


{#-
    Condition that leaves only rows whose number (`number_of`) is one of those keys' of the touched rows. Numbers are looked through ten times
    as fast as texts; that two keys may have one makes it a rule for where to look, not for what to find.
-#}
{% macro is_numbered_among(number, touched_keys, touched) -%}
    {{ number }} in (select {{ number_of(touched_keys) }} from {{ ref(touched) }})
{%- endmacro %}


{#-
    Links of the source ids whose rows are asked for: all on a full run, otherwise those of persons whose facts are counted anew, which are few
    to join.
-#}
{% macro links_of_recounted_customers() -%}
    {%- if not execute or var('full') -%} {{ ref('stg_customer_links') }} {%- endif -%}
    {%- if not execute or not var('full') -%} {{ ref('int_recounted_customer_ids') }} {%- endif -%}
{%- endmacro %}


{#- Condition that leaves only rows of persons who were touched. -#}
{% macro is_of_touched_customer() -%}
    {{ is_touched(["customer_id"], ["customer_id"], 'int_touched_customers') }}
{%- endmacro %}


{#- Condition that leaves only rows of persons whose facts are counted anew. -#}
{% macro is_of_recounted_customer() -%}
    {{ is_touched(["customer_id"], ["customer_id"], 'int_recounted_customers') }}
{%- endmacro %}


{#- Condition that no row passes on a full run, where what changed is everything and nobody asks. -#}
{% macro is_worth_knowing() -%}
    {{ "1 = 0" if var('full') else "1 = 1" }}
{%- endmacro %}


{#- For a pre-hook: take the rows of what was touched out of the table, so that they can be put in anew. -#}
{% macro take_out(keys, touched) -%}
    {%- if not execute or not var('full') -%}
        delete from {{ this }} where ({{ keys | join(", ") }}) in (select {{ keys | join(", ") }} from {{ ref(touched) }})
    {%- endif -%}
{%- endmacro %}


{#- The same, of a table in which orders stand by their day. -#}
{% macro take_out_orders() -%}
    {%- if not execute or not var('full') -%}
        delete from {{ this }} where {{ is_of_touched_day_and_order() }}
    {%- endif -%}
{%- endmacro %}


{#- Condition: the day lies after the one of the last run and not after this one's, or the other way round. -#}
{% macro has_come_into_sight(day) -%}
    {{ lies_between(day, as_of_date(), built_as_of_date()) }}
{%- endmacro %}


{#-
    The same of a moment in UTC. Which day of the merchant's it was is asked of moments about then only: no place is a day away from UTC, and
    asking it of all costs more than reading them.
-#}
{% macro moment_has_come_into_sight(moment) -%}
    {%- if var('full') -%}
        1 = 0
    {%- else -%}
        (
            cast({{ moment }} as date) between {{ days_after("least(" ~ as_of_date() ~ ", " ~ built_as_of_date() ~ ")", -1) }}
            and {{ days_after("greatest(" ~ as_of_date() ~ ", " ~ built_as_of_date() ~ ")", 1) }}
            and {{ has_come_into_sight(merchant_day(moment)) }}
        )
    {%- endif -%}
{%- endmacro %}


{#- Condition: so many months have gone by since the day at one of the two runs and not at the other. -#}
{% macro has_become_older_than(months, day) -%}
    {{ lies_between(day, months_before(as_of_date(), months), months_before(built_as_of_date(), months)) }}
{%- endmacro %}


{#- The last day that the facts of the last run knew of, as a date. -#}
{% macro built_as_of_date() -%}
    cast('{{ var("built_as_of") }}' as date)
{%- endmacro %}


{#- Condition: the day is the later of two, or between them; none is on a full run, which has none before it. -#}
{% macro lies_between(day, one, other) -%}
    {%- if var('full') -%}
        1 = 0
    {%- else -%}
        ({{ day }} > least({{ one }}, {{ other }}) and {{ day }} <= greatest({{ one }}, {{ other }}))
    {%- endif -%}
{%- endmacro %}
