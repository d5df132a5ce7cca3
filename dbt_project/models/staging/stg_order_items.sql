{{ config(materialized="touched_rows") }}
with

source as (
    select * from {{ source('clean', 'order_items') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

renamed as (
    select
        source.source,
        source.order_id,
        source.order_line_id,
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
        source.file_id,
        source.line,
        live_files.delivery_number
    from source
    inner join live_files
        on source.file_id = live_files.file_id
    where {{ is_delivered_of_touched_order() }}
)

select * from renamed
