-- A person's last word on each channel; null where there is none on record. It is honoured whatever the day of the facts: nobody is
-- written to who has since said no.
with

source as (
    select * from {{ source('identity', 'customer_consents') }}
),

renamed as (
    select
        customer_id,
        email_consent,
        sms_consent,
        wechat_consent,
        phone_consent
    from source
)

select * from renamed
