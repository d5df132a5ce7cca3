{#-
    How a model becomes a table or a view in DuckDB: dbt's own ways without what these files have no use for. Nobody reads them while dbt
    writes, so nothing has to be built under another name and renamed; other columns are another project, which begins with new files, so a
    day's rows go straight into their table. That is a third of the statements per model, and many models are all that a quiet day costs.
    A build that breaks off leaves no record and the next is full, so half a build is never taken for a whole one.
-#}


{#- Put the relation in the place of what stands there; texts that explain columns travel with it. -#}
{% macro made_anew(existing, target, statement_sql) -%}
    {%- call statement("main") -%}
        {%- if existing is not none %} drop {{ existing.type }} if exists {{ existing }}; {% endif -%}
        {{ statement_sql }}
    {%- endcall -%}
    {%- do persist_docs(target, model) -%}
{%- endmacro %}


{#-
    What a day puts where the last full run made the relation, and found that it keeps its contract: the same columns, for it is the same
    project. A table is emptied and filled, so it keeps its types, constraints and comments; a view is told its comments again.
-#}
{% macro filled_again(target) -%}
    {%- call statement("main") -%}
        delete from {{ target }};
        insert into {{ target }} by name ({{ compiled_code }})
    {%- endcall -%}
{%- endmacro %}


{% macro told_again(target) -%}
    {%- call statement("main") -%}
        create or replace view {{ target }} as ({{ compiled_code }});
        {%- if config.persist_relation_docs() %} comment on view {{ target }} is {{ duckdb_escape_comment(model.description) }}; {% endif -%}
        {%- if config.persist_column_docs() -%}
            {%- for column in model.columns.values() %}
                comment on column {{ target }}.{{ column.name }} is {{ duckdb_escape_comment(column.description) }};
            {%- endfor -%}
        {%- endif -%}
    {%- endcall -%}
{%- endmacro %}


{% materialization table, adapter="duckdb" %}
    {%- set existing, target = load_cached_relation(this), this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and existing.is_table and not var("full") -%}
        {{ filled_again(target) }}
    {%- else -%}
        {{ made_anew(existing, target, create_table_as(False, target, compiled_code)) }}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization view, adapter="duckdb" %}
    {%- set existing, target = load_cached_relation(this), this.incorporate(type="view") -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is not none and existing.is_view and not var("full") -%}
        {{ told_again(target) }}
    {%- else -%}
        {{ made_anew(existing, target, create_view_as(target, compiled_code)) }}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization incremental, adapter="duckdb" %}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {%- if is_incremental() -%}
        {%- call statement("main") -%} insert into {{ target }} by name ({{ compiled_code }}) {%- endcall -%}
    {%- else -%}
        {{ made_anew(load_cached_relation(this), target, create_table_as(False, target, compiled_code)) }}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{#-
    Rows that a day's run asks for several times: then a table of the few that were touched, for the lake is read through once. On a full
    run all were, so it is a view. Other engines have a view.
-#}
{% materialization touched_rows, adapter="duckdb" %}
    {%- set target = this.incorporate(type="view" if var("full") else "table") -%}
    {%- set statement_sql = create_view_as(target, compiled_code) if var("full") else create_table_as(False, target, compiled_code) -%}
    {{ made_anew(load_cached_relation(this), target, statement_sql) }}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization touched_rows, default %}
    {{ return(create_or_replace_view()) }}
{% endmaterialization %}
