-- A payment is known by its id within the order, and is as it was delivered last. Payments without ids can't be told apart: of those an
-- order has the ones of the last file that brings any.
with

payments as (
    select * from {{ ref('stg_payments') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by source, order_id, payment_id
            order by delivery_number desc, line desc
        ) as version_rank,
        max(delivery_number) over (partition by source, order_id, payment_id) as last_delivery_number
    from payments
)

select
    source || ':' || order_id as order_key,
    source,
    order_id,
    {{ own_or_made_up_id("payment_id") }} as payment_id,
    method,
    state,
    state in ('paid', 'refunded') as is_paid,
    amount,
    paid_at,
    file_id,
    line
from ranked
where
    (payment_id is not null and version_rank = 1)
    or (payment_id is null and delivery_number = last_delivery_number)
