{{ config(materialized="touched_rows") }}
with

source as (
    select * from {{ source('clean', 'refused_rows') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

renamed as (
    select
        source.source,
        source.order_id,
        -- versions of items are chosen apart from those of orders
        case when source.feed = 'order_items' then 'items' else 'order' end as part,
        source.reason,
        source.file_id,
        source.line,
        live_files.delivery_number,
        live_files.delivered_date
    from source
    inner join live_files
        on source.file_id = live_files.file_id
    where {{ is_delivered_of_touched_order() }}
)

select * from renamed
