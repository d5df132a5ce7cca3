-- depends_on: {{ ref('int_touched_customers') }}
with

customer_links as (
    select * from {{ ref('stg_customer_links') }}
)

select
    source,
    source_customer_id,
    customer_id
from customer_links
