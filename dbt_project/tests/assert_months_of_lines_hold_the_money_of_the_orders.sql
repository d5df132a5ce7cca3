{%- set measures = [
    "lines_count", "gross_amount", "discount_amount", "shipping_amount",
    "tax_amount", "refund_amount", "net_amount",
] -%}
-- Lines and orders have the same money and the same counts per source and month, in the reporting currency: all of them on every run, also
-- those that the run did not build, because two scans are cheap. A row is a source and month that differ, and by how much.
with

signed as (
    select
        source,
        ordered_date,
        lines_count,
        gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        refund_amount,
        net_amount
    from {{ ref('fct_orders') }}

    union all

    select
        source,
        ordered_date,
        -1 as lines_count,
        -gross_amount as gross_amount,
        -discount_amount as discount_amount,
        -shipping_amount as shipping_amount,
        -tax_amount as tax_amount,
        -refund_amount as refund_amount,
        -net_amount as net_amount
    from {{ ref('fct_order_lines') }}
),

-- by day first: the month of a thousand days is quicker to tell than that of each row
days as (
    select
        source,
        ordered_date,
    {% for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ "," if not loop.last }}
    {% endfor %}
    from signed
    group by source, ordered_date
),

differences as (
    select
        source,
        {{ month_of("ordered_date") }} as month,
    {% for measure in measures %}
        sum({{ measure }}) as {{ measure }}{{ "," if not loop.last }}
    {% endfor %}
    from days
    group by source, {{ month_of("ordered_date") }}
)

select * from differences
where
    lines_count <> 0
    or gross_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
    or refund_amount <> 0
    or net_amount <> 0
