with

source as (
    select * from {{ source('clean', 'products') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

renamed as (
    select
        source.source,
        source.product_id,
        source.product_name,
        source.category,
        source.file_id,
        source.line,
        live_files.delivery_number
    from source
    inner join live_files
        on source.file_id = live_files.file_id
)

select * from renamed
