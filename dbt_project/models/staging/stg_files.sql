-- Every other model of the clean layer stands on this one; waiting here for who is whom lets one pass of dbt build them all.
-- depends_on: {{ source('identity', 'customer_links') }}
with

source as (
    select * from {{ source('clean', 'files') }}
),

renamed as (
    select
        source.file_id,
        source.source,
        source.feed,
        source.file_name,
        source.delivery_key,
        -- a file without a date in its name begins with zeros
        case
            when source.delivery_key like '____-__-__ %' and source.delivery_key > '0001'
                then cast(left(source.delivery_key, 10) as date)
        end as delivered_date,
        -- the same order as delivery_key, in a form that is cheap to compare on every line
        cast(row_number() over (order by source.delivery_key, source.source, source.file_id) as integer) as delivery_number
    from source
)

select * from renamed
