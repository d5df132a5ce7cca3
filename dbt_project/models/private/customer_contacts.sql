{{ config(materialized="incremental", pre_hook="{{ take_out(['customer_id'], 'int_touched_customers') }}") }}
with

customers as (
    select * from {{ ref('int_customers') }}
    where {{ is_of_touched_customer() }}
)

select
    customer_id,
    name,
    email,
    phone,
    email_consent,
    sms_consent,
    wechat_consent,
    phone_consent
from customers
