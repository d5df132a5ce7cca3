-- Nothing is lost or counted twice on the way from the clean files: the live rows, less those superseded, have to the last decimal the
-- sums of fct_order_lines and held_orders, as delivered. The goods' value is rounded once, per line. A run that builds only what changed
-- looks at the orders it built, and the others are as the run left them that built them. One row, if they differ.
with

delivered as (
    select
        'order' as part,
        source,
        order_id,
        delivery_number,
        line,
        cast(quantity * unit_price as decimal(18, 4)) - refund_amount as goods_kept_amount,
        discount_amount,
        shipping_amount,
        tax_amount
    from {{ ref('stg_orders') }}

    union all

    select
        'items' as part,
        source,
        order_id,
        delivery_number,
        line,
        cast(quantity * unit_price as decimal(18, 4)) - refund_amount as goods_kept_amount,
        discount_amount,
        shipping_amount,
        tax_amount
    from {{ ref('stg_order_items') }}
),

superseded_versions as (
    select * from {{ ref('int_superseded_order_versions') }}
),

superseded_lines as (
    select * from {{ ref('int_superseded_order_lines') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

set_aside as (
    select delivered.*
    from delivered
    inner join superseded_versions
        on
            delivered.part = superseded_versions.part
            and delivered.delivery_number = superseded_versions.delivery_number
            and delivered.order_id = superseded_versions.order_id

    union distinct

    select delivered.*
    from delivered
    inner join superseded_lines
        on
            delivered.delivery_number = superseded_lines.delivery_number
            and delivered.line = superseded_lines.line

    union distinct

    select delivered.*
    from delivered
    left join order_headers
        on
            delivered.source = order_headers.source
            and delivered.order_id = order_headers.order_id
    where
        delivered.part = 'items'
        and order_headers.order_id is null
),

signed as (
    select
        1 as weight,
        1 as lines_count,
        goods_kept_amount,
        discount_amount,
        shipping_amount,
        tax_amount
    from delivered

    union all

    select
        -1 as weight,
        1 as lines_count,
        goods_kept_amount,
        discount_amount,
        shipping_amount,
        tax_amount
    from set_aside

    union all

    select
        -1 as weight,
        1 as lines_count,
        original_gross_amount - original_refund_amount as goods_kept_amount,
        original_discount_amount as discount_amount,
        original_shipping_amount as shipping_amount,
        original_tax_amount as tax_amount
    from {{ ref('fct_order_lines') }}
    where {{ is_touched(["order_key"], ["order_key"], 'int_touched_orders') }}

    union all

    -- here the lines of an order stand in one row
    select
        -1 as weight,
        lines_count,
        original_gross_amount - original_refund_amount as goods_kept_amount,
        original_discount_amount as discount_amount,
        original_shipping_amount as shipping_amount,
        original_tax_amount as tax_amount
    from {{ ref('held_orders') }}
    where {{ is_of_touched_order() }}
),

differences as (
    select
        coalesce(sum(weight * lines_count), 0) as lines_count,
        coalesce(sum(weight * goods_kept_amount), 0) as goods_kept_amount,
        coalesce(sum(weight * discount_amount), 0) as discount_amount,
        coalesce(sum(weight * shipping_amount), 0) as shipping_amount,
        coalesce(sum(weight * tax_amount), 0) as tax_amount
    from signed
)

select * from differences
where
    lines_count <> 0
    or goods_kept_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
