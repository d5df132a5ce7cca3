{%- set measures = [
    "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "pass_through_amount", "refund_amount",
    "shipping_refund_amount", "tax_refund_amount", "pass_through_refund_amount", "net_amount",
] -%}
-- Order total = sum of its lines, and net = gross - discount - refund, for each order by itself: a join that fans out shows here. Of an
-- order that was paid for, lines that were cancelled alone are counted and in no sum. A run that builds only what changed looks at the
-- orders it built. A row is an order that differs, and by how much.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where {{ is_of_touched_day_and_order() }}
),

summed_lines as (
    select
        order_key,
        count(*) as lines_count,
    {% for measure in measures %}
        sum(case when is_cancelled_alone then 0 else {{ measure }} end) as {{ measure }}{{ "," if not loop.last }}
    {% endfor %}
    from order_lines
    group by order_key
),

differences as (
    select
        coalesce(orders.order_key, summed_lines.order_key) as order_key,
        coalesce(orders.lines_count, 0) - coalesce(summed_lines.lines_count, 0) as lines_count,
        {% for measure in measures %}
            coalesce(orders.{{ measure }}, 0) - coalesce(summed_lines.{{ measure }}, 0) as {{ measure }},
        {% endfor %}
        coalesce(orders.gross_amount - orders.discount_amount - orders.refund_amount - orders.net_amount, 0) as unexplained_net_amount
    from orders
    full outer join summed_lines
        on orders.order_key = summed_lines.order_key
)

select * from differences
where
    lines_count <> 0
    or unexplained_net_amount <> 0
    {% for measure in measures %}
        or {{ measure }} <> 0
    {% endfor %}
