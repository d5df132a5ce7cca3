{#-
    Values of the column that name nothing in `to`. A run that builds only what changed looks at the values it touched: neither they nor what
    they name have changed elsewhere.
-#}
{% test relationships_where_built(model, column_name, to, field, touched) %}

select children.{{ column_name }}
from {{ model }} as children
left join {{ to }} as parents
    on children.{{ column_name }} = parents.{{ field }}
where
    children.{{ column_name }} is not null
    and parents.{{ field }} is null
    and {{ is_touched(["children." ~ column_name], [field], touched) }}

{% endtest %}
