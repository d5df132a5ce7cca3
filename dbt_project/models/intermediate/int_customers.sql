{{ config(materialized="incremental", pre_hook="{{ take_out(['customer_id'], 'int_touched_customers') }}") }}
-- Every person with clear-text details: dim_customers shows them masked, private.customer_contacts as they are.
with

customer_links as (
    select * from {{ ref('stg_customer_links') }}
),

profiles as (
    select * from {{ ref('int_customer_profiles') }}
),

order_contacts as (
    select * from {{ ref('int_customer_order_contacts') }}
),

consents as (
    select * from {{ ref('stg_customer_consents') }}
    where {{ is_of_touched_customer() }}
),

first_seen as (
    select * from {{ ref('int_customer_first_seen') }}
),

persons as (
    select
        customer_id,
        count(*) as source_ids_count,
        {{ distinct_list("source") }} as sources
    from customer_links
    where {{ is_of_touched_customer() }}
    group by customer_id
)

select
    persons.customer_id,
    profiles.name,
    coalesce(profiles.email, order_contacts.email) as email,
    coalesce(profiles.phone, order_contacts.phone) as phone,
    coalesce(profiles.city, order_contacts.city) as city,
    profiles.birth_year,
    profiles.gender,
    profiles.signed_up_at,
    coalesce(profiles.is_member, false) as is_member,
    persons.source_ids_count,
    persons.sources,
    first_seen.first_seen_at,
    consents.email_consent,
    consents.sms_consent,
    consents.wechat_consent,
    consents.phone_consent
from persons
left join profiles
    on persons.customer_id = profiles.customer_id
left join order_contacts
    on persons.customer_id = order_contacts.customer_id
left join consents
    on persons.customer_id = consents.customer_id
left join first_seen
    on persons.customer_id = first_seen.customer_id
