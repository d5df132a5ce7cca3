with

customer_links as (
    select * from {{ ref('stg_customer_links') }}
),

built_links as (
    select * from {{ as_last_built('customer_links', ['source', 'source_customer_id', 'customer_id', 'evidence', 'linked_since']) }}
)

select
    coalesce(customer_links.source, built_links.source) as source,
    coalesce(customer_links.source_customer_id, built_links.source_customer_id) as source_customer_id,
    built_links.customer_id as previous_customer_id,
    customer_links.customer_id
from customer_links
full outer join built_links
    on
        customer_links.source = built_links.source
        and customer_links.source_customer_id = built_links.source_customer_id
where
    (
        customer_links.customer_id is distinct from built_links.customer_id
        or customer_links.evidence is distinct from built_links.evidence
        or cast(customer_links.linked_since as date) is distinct from cast(built_links.linked_since as date)
    )
    and {{ is_worth_knowing() }}
