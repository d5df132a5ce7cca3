{#-
    Values of the column that name nothing in `to`. A run that builds only what changed looks at the values it touched: neither they nor what
    they name have changed elsewhere. It asks first which of them are missing, for then the children need not be read. `days`: where `to` holds
    orders by their day, the days on which to look for them.
-#}
{% test relationships_where_built(model, column_name, to, field, touched, days=none) %}

select children.{{ column_name }}
from {{ model }} as children
{% if execute and var("full") %}
    left join {{ to }} as parents
        on children.{{ column_name }} = parents.{{ field }}
    where
        children.{{ column_name }} is not null
        and parents.{{ field }} is null
{% else %}
    where
        children.{{ column_name }} in (
            select known.{{ field }}
            from {{ ref(touched) }} as known
            where
                not exists (
                    select 1
                    from {{ to }} as parents
                    where
                        parents.{{ field }} = known.{{ field }}
                        and {{ is_touched(["parents.ordered_date"], ["ordered_date"], days) if days else "1 = 1" }}
                )
        )
{% endif %}

{% endtest %}
