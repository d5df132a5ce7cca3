with

source as (
    select * from {{ source('clean', 'exchange_rates') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

renamed as (
    select
        source.source,
        source.rate_date,
        source.from_currency,
        source.to_currency,
        source.rate as exchange_rate,
        source.file_id,
        source.line,
        live_files.delivery_number
    from source
    inner join live_files
        on source.file_id = live_files.file_id
)

select * from renamed
