with

customer_id_changes as (
    select * from {{ source('identity', 'customer_id_changes') }}
)

select
    old_customer_id,
    new_customer_id,
    kind,
    changed_at,
    source_ids_count,
    evidence
from customer_id_changes
