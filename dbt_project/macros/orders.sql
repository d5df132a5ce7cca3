{#- Statuses of an order whose money counts: paid for, whatever happened to the goods since. -#}
{% macro counted_statuses() -%}
    ('paid', 'shipped', 'completed', 'refunded')
{%- endmacro %}


{#- Lines that are paid with an order and are no goods of it: a gift card is a debt until it is redeemed, a tip is the staff's. -#}
{% macro pass_through_kinds() -%}
    ('gift_card', 'tip')
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


{#-
    Which of two deliveries of an order says how it stands now, as an order of rows, the one that stands first. This is the only place that
    says so; int_superseded_order_versions applies it.

    1. Of deliveries dated by their files' names the latest day wins, whatever it says: a later export that cancels an order, or takes its
       payment back, knows better.
    2. What is left, the latest dated one and those of files without a date, is compared by how far the order has come. An order is placed,
       paid, sent, received; it ends refused, cancelled or refunded, and doesn't come back from there.
    3. Then the later event (order, payment, refund) wins, then the larger refund, then the delivery with the higher number.
-#}
{% macro version_precedence() -%}
    case when is_superseded_by_date then 1 else 0 end asc,
    case when is_superseded_by_date then delivered_date end desc,
    case status
        when 'refunded' then 6
        when 'cancelled' then 5
        when 'refused' then 5
        when 'completed' then 4
        when 'shipped' then 3
        when 'paid' then 2
        when 'pending' then 1
    end desc nulls last,
    event_at desc nulls last,
    refund_amount desc,
    delivery_number desc
{%- endmacro %}


{#-
    The id of a line or payment within its order: its own, else '#' and the line of the file. An own id that looks like one made up gets
    another '#', so that no two share one.
-#}
{% macro own_or_made_up_id(id) -%}
    case
        when {{ id }} is null then '#' || line
        when left({{ id }}, 1) = '#' then '#' || {{ id }}
        else {{ id }}
    end
{%- endmacro %}


{#-
    Aggregate: the sum of an amount over the lines of an order that stand. Where an order counts, its lines that were cancelled or never
    paid for don't; an order that doesn't count has the sums of all its lines.
-#}
{% macro sum_of_standing(amount) -%}
    case
        when bool_or(status in {{ counted_statuses() }})
            then sum(case when status in {{ counted_statuses() }} then {{ amount }} else 0 end)
        else sum({{ amount }})
    end
{%- endmacro %}


{#-
    An amount is spread over a whole: this is the part of it below `place`, between 0 and `whole`. The differences between neighbouring
    places add up to the amount, and none is larger than the distance between its places. Rounded to the fourth decimal, and exact where the amount is the whole.
-#}
{% macro share_up_to(amount, whole, place) -%}
    case
        when {{ amount }} = {{ whole }} or {{ place }} = 0 then cast({{ place }} as decimal(18, 4))
        when {{ place }} = {{ whole }} then cast({{ amount }} as decimal(18, 4))
        else cast(
            round(cast({{ amount }} as double) * cast({{ place }} as double) / cast({{ whole }} as double), 4) as decimal(18, 4)
        )
    end
{%- endmacro %}
