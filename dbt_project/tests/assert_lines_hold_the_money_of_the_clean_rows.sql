-- Nothing is lost or counted twice on the way from the clean files: every live row of an order is superseded, or waits, or its money, as
-- delivered, and its count stand in fct_order_lines, per source, currency and month of the order, to the last decimal; or in held_orders,
-- per source, for an order there may have several currencies. The goods' value is rounded once, per line. A run that builds only what
-- changed looks at the orders it built; the others are as the run left them that built them. A row is what differs, and by how much.
with

orders as (
    select
        source,
        order_id,
        {{ month_of("ordered_date") }} as month
    from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
    where {{ is_of_touched_day_and_order() }}
),

held_orders as (
    select * from {{ ref('held_orders') }}
    where {{ is_of_touched_order() }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

superseded_versions as (
    select * from {{ ref('int_superseded_order_versions') }}
),

superseded_lines as (
    select distinct
        delivery_number,
        line
    from {{ ref('int_superseded_order_lines') }}
),

delivered as (
    select
        'order' as part,
        source,
        order_id,
        currency,
        delivery_number,
        line,
        cast(quantity * unit_price as decimal(18, 4)) - refund_amount - order_refund_amount as goods_kept_amount,
        discount_amount,
        shipping_amount,
        tax_amount
    from {{ ref('stg_orders') }}

    union all

    -- an item without its order's header waits for it
    select
        'items' as part,
        order_items.source,
        order_items.order_id,
        order_headers.currency,
        order_items.delivery_number,
        order_items.line,
        cast(order_items.quantity * order_items.unit_price as decimal(18, 4))
        - order_items.refund_amount
        - order_items.order_refund_amount as goods_kept_amount,
        order_items.discount_amount,
        order_items.shipping_amount,
        order_items.tax_amount
    from {{ ref('stg_order_items') }} as order_items
    inner join order_headers
        on
            order_items.source = order_headers.source
            and order_items.order_id = order_headers.order_id
),

standing as (
    select delivered.*
    from delivered
    left join superseded_versions
        on
            delivered.part = superseded_versions.part
            and delivered.delivery_number = superseded_versions.delivery_number
            and delivered.order_id = superseded_versions.order_id
    left join superseded_lines
        on
            delivered.delivery_number = superseded_lines.delivery_number
            and delivered.line = superseded_lines.line
    where
        superseded_versions.order_id is null
        and superseded_lines.line is null
),

-- what becomes of rows that stand is one part each
signed as (
    select
        standing.source,
        case when held_orders.order_id is null then standing.currency end as currency,
        orders.month,
        1 as lines_count,
        standing.goods_kept_amount,
        standing.discount_amount,
        standing.shipping_amount,
        standing.tax_amount
    from standing
    left join orders
        on
            standing.source = orders.source
            and standing.order_id = orders.order_id
    left join held_orders
        on
            standing.source = held_orders.source
            and standing.order_id = held_orders.order_id

    union all

    select
        source,
        currency,
        {{ month_of("ordered_date") }} as month,
        -1 as lines_count,
        -- where the status alone says that all was given back, the clean rows give no amount
        case
            when is_refund_amount_known
                then
                    original_refund_amount
                    + original_shipping_refund_amount
                    + original_tax_refund_amount
                    + original_pass_through_refund_amount
                    - original_gross_amount
                    - original_pass_through_amount
            else -cast(quantity * original_unit_price as decimal(18, 4))
        end as goods_kept_amount,
        -original_discount_amount as discount_amount,
        -original_shipping_amount as shipping_amount,
        -original_tax_amount as tax_amount
    from order_lines

    union all

    select
        source,
        null as currency,
        null as month,
        -lines_count as lines_count,
        original_refund_amount - original_gross_amount - original_pass_through_amount as goods_kept_amount,
        -original_discount_amount as discount_amount,
        -original_shipping_amount as shipping_amount,
        -original_tax_amount as tax_amount
    from held_orders
),

differences as (
    select
        source,
        currency,
        month,
        sum(lines_count) as lines_count,
        sum(goods_kept_amount) as goods_kept_amount,
        sum(discount_amount) as discount_amount,
        sum(shipping_amount) as shipping_amount,
        sum(tax_amount) as tax_amount
    from signed
    group by source, currency, month
)

select * from differences
where
    lines_count <> 0
    or goods_kept_amount <> 0
    or discount_amount <> 0
    or shipping_amount <> 0
    or tax_amount <> 0
