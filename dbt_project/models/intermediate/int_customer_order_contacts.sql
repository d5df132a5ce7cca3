-- Contact details that a person gave with an order.
with

details as (
    select * from {{ ref('int_order_contacts') }}
    where {{ is_of_touched_customer() }}
)

select
    customer_id,
    {{ latest_known("email", ["last_used_at", "email"]) }} as email,
    {{ latest_known("phone", ["last_used_at", "phone"]) }} as phone,
    {{ latest_known("city", ["last_used_at", "city"]) }} as city
from details
group by customer_id
