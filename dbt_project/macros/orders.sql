{#- Statuses of an order whose money counts: paid for, whatever happened to the goods since. -#}
{% macro counted_statuses() -%}
    ('paid', 'shipped', 'completed', 'refunded')
{%- endmacro %}


{#-
    Lines of one order may stand at different statuses: part refunded, part sent. The order has the status of its line that came furthest,
    so that one cancelled line does not take the others' money away.
-#}
{% macro furthest_status(status) -%}
    case max(case {{ status }}
        when 'completed' then 6
        when 'shipped' then 5
        when 'paid' then 4
        when 'refunded' then 3
        when 'pending' then 2
        when 'cancelled' then 1
    end)
        when 6 then 'completed'
        when 5 then 'shipped'
        when 4 then 'paid'
        when 3 then 'refunded'
        when 2 then 'pending'
        when 1 then 'cancelled'
    end
{%- endmacro %}
