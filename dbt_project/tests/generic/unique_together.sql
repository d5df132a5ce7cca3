{#-
    Rows whose values in these columns, taken together, stand there more than once. A run that builds only what changed looks at the rows it
    built: those of the `keys` that were `touched`, or those of its own day where the column `day` says when a row was added.
-#}
{% test unique_together(model, columns, day=none, keys=none, touched=none) %}

select
    {{ columns | join(", ") }},
    count(*) as rows_count
from {{ model }}
where
    {{ is_touched(keys, keys, touched) if touched else "1 = 1" }}
    and {{ (day ~ " = " ~ as_of_date()) if execute and day and not var("full") else "1 = 1" }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
