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
        when 'completed' then 7
        when 'shipped' then 6
        when 'paid' then 5
        when 'refunded' then 4
        when 'pending' then 3
        when 'refused' then 2
        when 'cancelled' then 1
    end)
        when 7 then 'completed'
        when 6 then 'shipped'
        when 5 then 'paid'
        when 4 then 'refunded'
        when 3 then 'pending'
        when 2 then 'refused'
        when 1 then 'cancelled'
    end
{%- endmacro %}
