{{ config(materialized="touched_rows") }}
with

source as (
    select * from {{ source('clean', 'payments') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

renamed as (
    select
        source.source,
        source.order_id,
        source.payment_id,
        source.method,
        source.amount,
        source.paid_at,
        source.state,
        source.file_id,
        source.line,
        live_files.delivery_number
    from source
    inner join live_files
        on source.file_id = live_files.file_id
    where {{ is_delivered_of_touched_order() }}
)

select * from renamed
