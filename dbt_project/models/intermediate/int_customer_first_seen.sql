-- Since when the merchant has known of a person: the first of anything with a date.
with

sightings as (
    select
        customer_id,
        ordered_at as seen_at
    from {{ ref('int_recounted_orders') }}
    where {{ is_of_touched_customer() }}

    union all

    select
        customer_id,
        created_at as seen_at
    from {{ ref('fct_reviews') }}
    where {{ is_of_touched_customer() }}

    union all

    select
        customer_id,
        signed_up_at as seen_at
    from {{ ref('stg_customers') }}

    union all

    select
        customer_id,
        consents_changed_at as seen_at
    from {{ ref('stg_customers') }}

    union all

    select
        customer_id,
        changed_at as seen_at
    from {{ ref('stg_consents') }}

    union all

    select
        customer_id,
        opened_at as seen_at
    from {{ ref('stg_tickets') }}
    where {{ is_of_touched_customer() }}

    union all

    select
        customer_id,
        contacted_at as seen_at
    from {{ ref('stg_contacts') }}
    where {{ is_of_touched_customer() }}
)

select
    customer_id,
    min(seen_at) as first_seen_at
from sightings
where customer_id is not null
group by customer_id
