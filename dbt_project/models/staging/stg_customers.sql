{{ config(materialized="touched_rows") }}
with

source as (
    select * from {{ source('clean', 'customers') }}
),

live_files as (
    select * from {{ ref('stg_files') }}
),

customer_links as (
    select * from {{ links_of_recounted_customers() }}
),

renamed as (
    select
        source.source,
        source.customer_id as source_customer_id,
        customer_links.customer_id,
        source.name,
        source.email,
        source.phone,
        source.membership_no,
        source.city,
        source.birth_year,
        source.gender,
        source.signed_up_at,
        source.consents_changed_at,
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
    where {{ is_delivered_of_recounted_customer() }}
)

select * from renamed
