{#-
    Values that stand in the column more than once. A run that builds only what changed looks at the rows it built: a key begins with what
    was touched, so a row of it can't be the double of one that the run left alone. Lines are looked at by the days of their orders, for an
    order has one day: of fct_orders every key is looked for.
-#}
{% test unique_where_built(model, column_name, keys, touched) %}

select
    {{ column_name }},
    count(*) as rows_count
from {{ model }}
where {{ is_touched(keys, keys, touched) }}
group by {{ column_name }}
having count(*) > 1

{% endtest %}
