with

order_headers as (
    select * from {{ ref('stg_order_headers') }}
),

superseded_versions as (
    select * from {{ ref('int_superseded_order_versions') }}
    where part = 'order'
),

superseded_lines as (
    select * from {{ ref('int_superseded_order_lines') }}
)

select
    source,
    order_id,
    source_customer_id,
    customer_id,
    ordered_at,
    paid_at,
    status,
    channel,
    currency,
    email,
    phone,
    city,
    is_test,
    delivery_number,
    line
from order_headers
where
    not exists (
        select 1
        from superseded_versions
        where
            superseded_versions.delivery_number = order_headers.delivery_number
            and superseded_versions.order_id = order_headers.order_id
    )
    and not exists (
        select 1
        from superseded_lines
        where
            superseded_lines.delivery_number = order_headers.delivery_number
            and superseded_lines.line = order_headers.line
    )
