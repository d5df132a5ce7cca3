with

source as (
    select * from {{ source('history', 'segment_history') }}
),

renamed as (
    select
        source.customer_id,
        source.dimension,
        source.value,
        source.previous_value,
        source.changed_at
    from source
)

select * from renamed
