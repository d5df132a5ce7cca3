{#-
    How a model becomes a table or a view in DuckDB: dbt's own ways without what these files have no use for. Nobody reads them while dbt
    writes, so nothing has to be built under another name and renamed; other columns are another project, which begins with new files, so a
    day's rows go straight into their table. That is a third of the statements per model, and many models are all that a quiet day costs.
    A build that breaks off leaves no record and the next is full, so half a build is never taken for a whole one.
-#}


{#- Put the relation in the place of what stands there; texts that explain columns travel with it. -#}
{% macro made_anew(existing, target, statement_sql) -%}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement("main") -%} {{ statement_sql }} {%- endcall -%}
    {%- do persist_docs(target, model) -%}
{%- endmacro %}


{% materialization table, adapter="duckdb" %}
    {%- set target = this.incorporate(type="table") -%}
    {{ run_hooks(pre_hooks) }}
    {{ made_anew(load_cached_relation(this), target, create_table_as(False, target, compiled_code)) }}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}


{% materialization view, adapter="duckdb" %}
    {%- set target = this.incorporate(type="view") -%}
    {{ run_hooks(pre_hooks) }}
    {{ made_anew(load_cached_relation(this), target, create_view_as(target, compiled_code)) }}
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
