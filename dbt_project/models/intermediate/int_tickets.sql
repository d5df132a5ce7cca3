-- A ticket is delivered when it opens and again when it closes or opens anew: what was delivered last stands.
with

tickets as (
    select * from {{ ref('stg_tickets') }}
),

ranked as (
    select
        source,
        ticket_id,
        customer_id,
        opened_at,
        closed_at,
        row_number() over (
            partition by source, ticket_id
            order by delivery_number desc, line desc
        ) as version_rank
    from tickets
)

select
    source,
    ticket_id,
    customer_id,
    opened_at,
    closed_at
from ranked
where version_rank = 1
