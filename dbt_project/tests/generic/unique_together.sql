{#- Rows whose values in these columns, taken together, stand there more than once. -#}
{% test unique_together(model, columns) %}

select
    {{ columns | join(", ") }},
    count(*) as rows_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
