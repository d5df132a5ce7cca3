{{ config(materialized="incremental", pre_hook="{{ take_out(['customer_id'], 'int_touched_customers') }}") }}
with

customers as (
    select * from {{ ref('int_customers') }}
    where {{ is_of_touched_customer() }}
)

select
    customer_id,
    {{ mask_name("name") }} as name_masked,
    {{ mask_email("email") }} as email_masked,
    {{ mask_phone("phone") }} as phone_masked,
    city,
    birth_year,
    gender,
    signed_up_at,
    is_member,
    source_ids_count,
    sources,
    {{ merchant_day("first_seen_at") }} as first_seen_date,
    email_consent,
    sms_consent,
    wechat_consent,
    phone_consent
from customers
