-- Contact details that a person gave with an order: many dumps have no other.
with

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        customer_id is not null
        and coalesce(email, phone, city) is not null
),

-- a person uses few details over and over: ranking the distinct ones is cheap, ranking lines is not
details as (
    select
        customer_id,
        email,
        phone,
        city,
        max(ordered_at) as last_used_at
    from order_lines
    group by customer_id, email, phone, city
)

select
    customer_id,
    {{ latest_known("email", ["last_used_at", "email"]) }} as email,
    {{ latest_known("phone", ["last_used_at", "phone"]) }} as phone,
    {{ latest_known("city", ["last_used_at", "city"]) }} as city
from details
group by customer_id
