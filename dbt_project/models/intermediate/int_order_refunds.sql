{%- set parts = ["goods", "pass_through", "tax", "shipping"] -%}
-- What was given back of each line, told apart: goods first, then gift cards and tips, tax, shipping; so what is given back in full leaves
-- nothing of any of them. A line's own refund is taken from the line. What is more than the line, and what was given back of the order as a
-- whole, is shared among the order's lines by what is left of them, each to the fourth decimal; what is more than the order stays with its
-- first line, whose net is then negative. An order or line with the status refunded and no amount was given back in full.
-- Only orders of which something was given back are looked at, each currency of an order by itself.
with

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

refunded_orders as (
    select distinct
        source,
        order_id
    from order_lines
    where
        refund_amount + order_refund_amount > 0
        or status = 'refunded'
),

lines_of_refunded_orders as (
    select
        order_lines.*,
        sum(order_lines.refund_amount + order_lines.order_refund_amount)
            over (partition by order_lines.source, order_lines.order_id, order_lines.currency) as given_amount,
        max(case when order_lines.status in {{ counted_statuses() }} then 1 else 0 end)
            over (partition by order_lines.source, order_lines.order_id, order_lines.currency) as is_counted
    from order_lines
    inner join refunded_orders
        on
            order_lines.source = refunded_orders.source
            and order_lines.order_id = refunded_orders.order_id
),

-- lines whose refunds are shared among them: all that say so by their status alone; else those that count, and those of an order that
-- counts which were cancelled
grouped as (
    select
        file_id,
        line,
        order_line_id,
        source,
        order_id,
        currency,
        refund_amount,
        order_refund_amount,
        returned_amount,
        refunded_at,
        case
            when status = 'refunded' and given_amount = 0 then 'all'
            when is_counted = 1 and status not in {{ counted_statuses() }} then 'cancelled'
            else 'standing'
        end as line_group,
        gross_amount - discount_amount - returned_amount as sold_amount,
        case when gross_amount > 0 then greatest(gross_amount - discount_amount, 0) else 0 end as goods_most,
        greatest(pass_through_amount, 0) as pass_through_most,
        greatest(tax_amount, 0) as tax_most,
        greatest(shipping_amount, 0) as shipping_most
    from lines_of_refunded_orders
),

-- a line's own refund, from each part of the line in turn
own as (
    select
        *,
        least(refund_amount, goods_most) as goods_own,
        least(greatest(refund_amount - goods_most, 0), pass_through_most) as pass_through_own,
        least(greatest(refund_amount - goods_most - pass_through_most, 0), tax_most) as tax_own,
        least(greatest(refund_amount - goods_most - pass_through_most - tax_most, 0), shipping_most) as shipping_own,
        greatest(refund_amount - goods_most - pass_through_most - tax_most - shipping_most, 0) as refund_left
    from grouped
),

left_over as (
    select
        *,
    {% for part in parts %}
        {{ part }}_most - {{ part }}_own as {{ part }}_left{{ "," if not loop.last }}
    {% endfor %}
    from own
),

placed as (
    select
        *,
        row_number() over (partition by source, order_id, currency, line_group order by line asc, order_line_id asc) as place_in_group,
        max(refunded_at) over (partition by source, order_id, currency) as order_refunded_at,
        sum(order_refund_amount) over (partition by source, order_id, currency) as order_refund_total,
        sum(case when line_group = 'cancelled' then {{ parts | join("_left + ") }}_left else 0 end)
            over (partition by source, order_id, currency) as cancelled_left,
        sum(refund_left) over (partition by source, order_id, currency, line_group) as group_refund_left,
        sum(sold_amount) over (partition by source, order_id, currency, line_group) as group_sold_amount,
        sum(goods_own) over (partition by source, order_id, currency, line_group) as group_goods_own,
    {% for part in parts %}
        sum({{ part }}_left) over (partition by source, order_id, currency, line_group) as group_{{ part }}_left,
        sum({{ part }}_left) over (
            partition by source, order_id, currency, line_group
            order by line asc, order_line_id asc
            rows between unbounded preceding and current row
            ) as {{ part }}_place{{ "," if not loop.last }}
    {% endfor %}
    from left_over
),

-- lines that went for less than nothing, and goods that came back on lines of their own, leave less to give back than the others say
bounded as (
    select
        *,
        least(greatest(group_sold_amount - group_goods_own, 0), group_goods_left) as goods_bound
    from placed
),

to_share as (
    select
        *,
        case line_group
            when 'all' then goods_bound + group_pass_through_left + group_tax_left + group_shipping_left
            when 'cancelled' then group_refund_left + least(order_refund_total, cancelled_left)
            else group_refund_left + greatest(order_refund_total - cancelled_left, 0)
        end as shared_amount
    from bounded
),

shares as (
    select
        *,
        least(shared_amount, goods_bound) as goods_shared,
        least(greatest(shared_amount - goods_bound, 0), group_pass_through_left) as pass_through_shared,
        least(greatest(shared_amount - goods_bound - group_pass_through_left, 0), group_tax_left) as tax_shared,
        least(
            greatest(shared_amount - goods_bound - group_pass_through_left - group_tax_left, 0), group_shipping_left
        ) as shipping_shared,
        greatest(
            shared_amount - goods_bound - group_pass_through_left - group_tax_left - group_shipping_left, 0
        ) as more_than_the_order
    from to_share
)

select
    file_id,
    line,
    order_line_id,
    source,
    order_id,
    line_group <> 'all' as is_refund_amount_known,
    -- what is shared among the lines was given back when it was given back of the order
    coalesce(refunded_at, order_refunded_at) as refunded_at,
    cast(
        returned_amount
        + goods_own
        + {{ share_up_to("goods_shared", "group_goods_left", "goods_place") }}
        - {{ share_up_to("goods_shared", "group_goods_left", "(goods_place - goods_left)") }}
        + case when place_in_group = 1 then more_than_the_order else 0 end as decimal(18, 4)
    ) as refund_amount,
{% for part in parts[1:] %}
    cast(
        {{ part }}_own
        + {{ share_up_to(part ~ "_shared", "group_" ~ part ~ "_left", part ~ "_place") }}
        - {{ share_up_to(part ~ "_shared", "group_" ~ part ~ "_left", "(" ~ part ~ "_place - " ~ part ~ "_left)") }}
        as decimal(18, 4)
    ) as {{ part }}_refund_amount{{ "," if not loop.last }}
{% endfor %}
from shares
