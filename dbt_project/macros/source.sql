{#-
    The lake's place is known at run time only: dbt renders a source's `external_location` when it parses, and a parsed manifest
    serves many runs. So the location in the YAML is relative, and `home` is put before it here, when a model compiles; before what a run
    makes itself, the list of the files that count among it, `results`, which is another folder where the run looks back.
    A unit test's fixture stands in the place of the files and has no location.
-#}
{% macro source(source_name, table_name) %}
    {%- set relation = builtins.source(source_name, table_name) -%}
    {%- if not execute or not relation.external -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- if not var('home') -%}
        {{ exceptions.raise_compiler_error(
            "The var 'home' is not set. Expected the absolute path of the folder that holds lake/; pass it with --vars."
        ) }}
    {%- endif -%}
    {%- set is_of_home = source_name == 'texts' or (source_name == 'clean' and table_name != 'files') -%}
    {%- set folder = var('home') if is_of_home else var('results') or var('home') -%}
    {{ return(relation.replace(external=parquet_scan(folder ~ '/', relation.external))) }}
{% endmacro %}


{#- A folder's own name may hold the signs of a pattern ([, ?, *) or a quote; only the location's are meant as such. -#}
{% macro parquet_scan(folder, location) %}
    {%- set literal = folder | replace("[", "[[]") | replace("?", "[?]") | replace("*", "[*]") | replace("'", "''") -%}
    {{ return("read_parquet('" ~ literal ~ location.strip("'") ~ "')") }}
{% endmacro %}
