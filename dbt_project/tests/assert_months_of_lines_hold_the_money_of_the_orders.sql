{%- set amounts = [
    "gross_amount", "discount_amount", "shipping_amount", "tax_amount", "pass_through_amount", "refund_amount",
    "shipping_refund_amount", "tax_refund_amount", "pass_through_refund_amount", "net_amount",
] -%}
{%- set measures = ["lines_count"] + amounts -%}
-- Lines and orders have the same money and the same counts per source and month, in the reporting currency: all of them on every run, also
-- those that the run did not build, because two scans are cheap. A row is a source and month that differ, and by how much.
with

signed as (
    select
        source,
        ordered_date,
        lines_count,
    {% for amount in amounts %}
        {{ amount }}{{ "," if not loop.last }}
    {% endfor %}
    from {{ ref('fct_orders') }}

    union all

    -- lines that were cancelled alone are in no sum of their order
    select
        source,
        ordered_date,
        -1 as lines_count,
    {% for amount in amounts %}
        case when is_cancelled_alone then 0 else -{{ amount }} end as {{ amount }}{{ "," if not loop.last }}
    {% endfor %}
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
    {% for measure in measures %}
        {{ "or " if not loop.first }}{{ measure }} <> 0
    {% endfor %}
