-- A person's last word on each channel; null where there is none on record. It is honoured whatever the day of the facts: nobody is
-- written to who has since said no.
with

consents as (
    select * from {{ ref('stg_consents') }}
    where customer_id is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, channel
            order by changed_at desc, delivery_number desc, line desc
        ) as version_rank
    from consents
)

select
    customer_id,
    bool_or(case when channel = 'email' then is_granted end) as email_consent,
    bool_or(case when channel = 'sms' then is_granted end) as sms_consent,
    bool_or(case when channel = 'wechat' then is_granted end) as wechat_consent,
    bool_or(case when channel = 'phone' then is_granted end) as phone_consent
from ranked
where version_rank = 1
group by customer_id
