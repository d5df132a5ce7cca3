-- What the merchant's own customer files say of a person. The latest record of a source id stands as a whole: a detail that was taken
-- out stays out. Across the ids of a person each detail comes from the latest record that has it.
with

customers as (
    select * from {{ ref('stg_customers') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, source_customer_id
            order by delivery_number desc, line desc
        ) as version_rank
    from customers
),

latest as (
    select * from ranked
    where version_rank = 1
)

select
    customer_id,
    {{ latest_known("name", ["delivery_number", "line"]) }} as name,
    {{ latest_known("email", ["delivery_number", "line"]) }} as email,
    {{ latest_known("phone", ["delivery_number", "line"]) }} as phone,
    {{ latest_known("city", ["delivery_number", "line"]) }} as city,
    {{ latest_known("birth_year", ["delivery_number", "line"]) }} as birth_year,
    {{ latest_known("gender", ["delivery_number", "line"]) }} as gender,
    min(signed_up_at) as signed_up_at,
    count(membership_no) > 0 as is_member
from latest
where customer_id is not null
group by customer_id
