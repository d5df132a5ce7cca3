with

customers as (
    select * from {{ ref('int_customers') }}
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
