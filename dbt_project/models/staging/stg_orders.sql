{{ config(materialized="touched_rows") }}
with

source as (
    select * from {{ source('clean', 'orders') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

customer_links as (
    select * from {{ ref('stg_customer_links') }}
),

renamed as (
    select
        source.source,
        source.order_id,
        source.order_line_id,
        source.customer_id as source_customer_id,
        customer_links.customer_id,
        source.ordered_at,
        source.paid_at,
        source.status,
        source.channel,
        source.product_id,
        source.product_name,
        source.category,
        source.line_kind,
        source.quantity,
        source.unit_price,
        source.discount_amount,
        source.shipping_amount,
        source.tax_amount,
        source.refund_amount,
        source.order_refund_amount,
        source.refunded_at,
        source.currency,
        source.email,
        source.phone,
        source.city,
        source.is_test,
        source.file_id,
        source.line,
        live_files.delivery_number
    from source
    inner join live_files
        on source.file_id = live_files.file_id
    left join customer_links
        on
            source.source = customer_links.source
            and source.customer_id = customer_links.source_customer_id
    where {{ is_delivered_of_touched_order() }}
)

select * from renamed
