{#-
    Rows whose values in these columns, taken together, stand there more than once. `day`: the one of them that says when a row was added; a
    run that only adds looks at the rows of its own day.
-#}
{% test unique_together(model, columns, day=none) %}

select
    {{ columns | join(", ") }},
    count(*) as rows_count
from {{ model }}
where {{ (day ~ " = " ~ as_of_date()) if execute and day and not var("full") else "1 = 1" }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
