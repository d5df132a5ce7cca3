with

source as (
    select * from {{ source('identity', 'customer_links') }}
),

renamed as (
    select
        source.source,
        source.source_customer_id,
        source.customer_id,
        source.evidence,
        source.linked_since
    from source
)

select * from renamed
