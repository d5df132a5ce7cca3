{#-
    How a model becomes a table or a view in DuckDB: dbt's own ways without what these files have no use for. Nobody reads them while dbt
    writes, so nothing has to be built under another name and renamed. A build that breaks off leaves no record and the next is full, so half
    a build is never taken for a whole one.

    A full build puts everything in its place. Of a day's build (var `full` is false) dbt only says what it would ask of the engine: the
    pipeline keeps that and asks it each day, with that day's dates, for a day would be dbt's preparing it again and little else
    (orchestration/prepared.py). Other columns are another project, which begins with a full build, so a day's rows go straight into the table
    that is there: it keeps its types, constraints and comments.
-#}


{#- Put the relation in the place of what stands there; texts that explain columns travel with it. -#}
{% macro made_anew(existing, target, statement_sql) -%}
    {%- call statement("main") -%}
        {%- if existing is not none %} drop {{ existing.type }} if exists {{ existing }}; {% endif -%}
        {{ statement_sql }}
    {%- endcall -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
{%- endmacro %}


{#- Say what a day asks for the relation, in this order and in one transaction, as what became of the model. -#}
{% macro said(target, statements) -%}
    {%- set asked = {"relation": target | string, "type": target.type, "statements": statements} -%}
    {%- do store_raw_result("main", message=tojson(asked), code="", rows_affected=0) -%}
{%- endmacro %}


{% macro put_in(target) -%}
    {{ return("insert into " ~ target ~ " by name (" ~ compiled_code ~ "\n)") }}
{%- endmacro %}


{% macro comments_on_view(target) -%}
    {%- set statements = [] -%}
    {%- if config.persist_relation_docs() -%}
        {%- do statements.append("comment on view " ~ target ~ " is " ~ duckdb_escape_comment(model.description)) -%}
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
        {%- for column in model.columns.values() -%}
            {%- set place = target ~ "." ~ column.name -%}
            {%- do statements.append("comment on column " ~ place ~ " is " ~ duckdb_escape_comment(column.description)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(statements) }}
{%- endmacro %}


{% materialization table, adapter="duckdb" %}
    {%- set target = this.incorporate(type="table") -%}
    {%- if var("full") -%}
        {{ made_anew(load_cached_relation(this), target, create_table_as(False, target, compiled_code)) }}
    {%- else -%}
        {{ said(target, ["delete from " ~ target, put_in(target)]) }}
    {%- endif -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization view, adapter="duckdb" %}
    {%- set target = this.incorporate(type="view") -%}
    {%- if var("full") -%}
        {{ made_anew(load_cached_relation(this), target, create_view_as(target, compiled_code)) }}
    {%- else -%}
        {{ said(target, ["create or replace view " ~ target ~ " as (" ~ compiled_code ~ "\n)"] + comments_on_view(target)) }}
    {%- endif -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization incremental, adapter="duckdb" %}
    {%- set target = this.incorporate(type="table") -%}
    {%- if var("full") -%}
        {{ made_anew(load_cached_relation(this), target, create_table_as(False, target, compiled_code)) }}
    {%- else -%}
        {%- set statements = [] -%}
        {%- for hook in pre_hooks -%} {%- do statements.append(render(hook.sql) | trim) -%} {%- endfor -%}
        {{ said(target, statements + [put_in(target)]) }}
    {%- endif -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{#-
    Rows that a day's run asks for several times: then a table of the few that were touched, for the lake is read through once. On a full
    run all were, so it is a view. Other engines have a view.
-#}
{% materialization touched_rows, adapter="duckdb" %}
    {%- set target = this.incorporate(type="view" if var("full") else "table") -%}
    {%- if var("full") -%}
        {{ made_anew(load_cached_relation(this), target, create_view_as(target, compiled_code)) }}
    {%- else -%}
        {{ said(target, ["create or replace table " ~ target ~ " as (" ~ compiled_code ~ "\n)"]) }}
    {%- endif -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization touched_rows, default %}
    {{ return(create_or_replace_view()) }}
{% endmaterialization %}
