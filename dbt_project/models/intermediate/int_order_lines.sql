-- Both ways of delivering an order, order and lines together or items apart, end here in one shape: the latest version's lines.
with

order_lines as (
    select * from {{ ref('stg_orders') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

order_items as (
    select * from {{ ref('stg_order_items') }}
),

superseded_versions as (
    select * from {{ ref('int_superseded_order_versions') }}
),

superseded_lines as (
    select * from {{ ref('int_superseded_order_lines') }}
),

delivered_lines as (
    select
        'order' as part,
        file_id,
        line,
        delivery_number,
        source,
        order_id,
        order_line_id,
        source_customer_id,
        customer_id,
        ordered_at,
        paid_at,
        status,
        channel,
        currency,
        email,
        phone,
        city,
        is_test,
        product_id,
        product_name,
        category,
        line_kind,
        quantity,
        unit_price,
        discount_amount,
        shipping_amount,
        tax_amount,
        refund_amount,
        order_refund_amount,
        refunded_at
    from order_lines

    union all

    -- items wait for their header: without one there is no day, no customer and no status
    select
        'items' as part,
        order_items.file_id,
        order_items.line,
        order_items.delivery_number,
        order_items.source,
        order_items.order_id,
        order_items.order_line_id,
        order_headers.source_customer_id,
        order_headers.customer_id,
        order_headers.ordered_at,
        order_headers.paid_at,
        order_headers.status,
        order_headers.channel,
        order_headers.currency,
        order_headers.email,
        order_headers.phone,
        order_headers.city,
        order_headers.is_test,
        order_items.product_id,
        order_items.product_name,
        order_items.category,
        order_items.line_kind,
        order_items.quantity,
        order_items.unit_price,
        order_items.discount_amount,
        order_items.shipping_amount,
        order_items.tax_amount,
        order_items.refund_amount,
        order_items.order_refund_amount,
        order_items.refunded_at
    from order_items
    inner join order_headers
        on
            order_items.source = order_headers.source
            and order_items.order_id = order_headers.order_id
),

latest_lines as (
    select
        delivered_lines.*,
        cast(delivered_lines.quantity * delivered_lines.unit_price as decimal(18, 4)) as goods_amount
    from delivered_lines
    where
        not exists (
            select 1
            from superseded_versions
            where
                superseded_versions.part = delivered_lines.part
                and superseded_versions.delivery_number = delivered_lines.delivery_number
                and superseded_versions.order_id = delivered_lines.order_id
        )
        and not exists (
            select 1
            from superseded_lines
            where
                superseded_lines.delivery_number = delivered_lines.delivery_number
                and superseded_lines.line = delivered_lines.line
        )
),

priced as (
    select
        file_id,
        line,
        source,
        order_id,
        {{ own_or_made_up_id("order_line_id") }} as order_line_id,
        source_customer_id,
        customer_id,
        ordered_at,
        paid_at,
        status,
        channel,
        currency,
        email,
        phone,
        city,
        is_test,
        product_id,
        product_name,
        category,
        line_kind,
        quantity,
        unit_price,
        case
            when line_kind in {{ pass_through_kinds() }} then cast(0 as decimal(18, 4))
            else cast(greatest(goods_amount, 0) as decimal(18, 4))
        end as gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,
        case
            when line_kind in {{ pass_through_kinds() }} then goods_amount
            else cast(0 as decimal(18, 4))
        end as pass_through_amount,
        -- goods that came back are written as a negative quantity or price
        case
            when line_kind in {{ pass_through_kinds() }} then cast(0 as decimal(18, 4))
            else cast(greatest(-goods_amount, 0) as decimal(18, 4))
        end as returned_amount,
        refund_amount,
        order_refund_amount,
        refunded_at
    from latest_lines
)

select * from priced
