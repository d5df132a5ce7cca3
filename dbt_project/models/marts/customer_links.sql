{{
    config(materialized="incremental", pre_hook="{{ take_out(['source', 'source_customer_id'], 'int_changed_customer_links') }}")
}}
-- depends_on: {{ ref('int_touched_customers') }}
-- What the next run compares with: built after everything that asks who is somebody else by now.
with

customer_links as (
    select * from {{ ref('stg_customer_links') }}
    where {{ is_touched(["source", "source_customer_id"], ["source", "source_customer_id"], 'int_changed_customer_links') }}
)

select
    source,
    source_customer_id,
    customer_id,
    evidence,
    linked_since
from customer_links
