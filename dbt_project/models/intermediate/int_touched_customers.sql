-- Persons whose facts a change can reach: somebody who has, or had, a touched order or review; of whom something else was delivered or
-- withdrawn; whose ids are joined otherwise; or for whom something dated lies between the day of the last run and this one's.
with

changed_files as (
    select * from {{ ref('int_changed_files') }}
),

changed_links as (
    select * from {{ ref('int_changed_customer_links') }}
),

touched_orders as (
    select * from {{ ref('int_touched_orders') }}
),

touched_reviews as (
    select * from {{ ref('int_touched_reviews') }}
),

order_lines as (
    select * from {{ ref('stg_orders') }}
),

order_headers as (
    select * from {{ ref('stg_order_headers') }}
),

delivered as (
    select
        source,
        customer_id as source_customer_id,
        file_id
    from {{ source('clean', 'customers') }}

    union all

    select
        source,
        customer_id as source_customer_id,
        file_id
    from {{ source('clean', 'consents') }}

    union all

    select
        source,
        customer_id as source_customer_id,
        file_id
    from {{ source('clean', 'contacts') }}

    union all

    -- whichever version of an order counts, what each says of consents does
    select
        source,
        customer_id as source_customer_id,
        file_id
    from {{ source('clean', 'orders') }}
    where
        coalesce(accepts_email, accepts_sms, accepts_wechat, accepts_phone) is not null
        and file_id in (select changed.file_id from changed_files as changed)

    union all

    -- whichever version of an order counts, what each says of consents does
    select
        source,
        customer_id as source_customer_id,
        file_id
    from {{ source('clean', 'order_headers') }}
    where
        coalesce(accepts_email, accepts_sms, accepts_wechat, accepts_phone) is not null
        and file_id in (select changed.file_id from changed_files as changed)
),

delivered_tickets as (
    select
        source,
        ticket_id,
        customer_id as source_customer_id,
        opened_at,
        closed_at,
        file_id
    from {{ source('clean', 'tickets') }}
),

-- a ticket may be delivered again under another customer: everybody who ever had it is counted anew
touched_tickets as (
    select
        delivered_tickets.source,
        delivered_tickets.ticket_id
    from delivered_tickets
    inner join changed_files
        on delivered_tickets.file_id = changed_files.file_id

    union distinct

    select
        source,
        ticket_id
    from delivered_tickets
    where
        {{ moment_has_come_into_sight("opened_at") }}
        or {{ moment_has_come_into_sight("closed_at") }}
),

touched as (
    select previous_customer_id as customer_id from touched_orders

    union distinct

    select customer_id from order_lines

    union distinct

    select customer_id from order_headers

    union distinct

    select previous_customer_id as customer_id from touched_reviews

    union distinct

    select reviews.customer_id
    from {{ ref('fct_reviews') }} as reviews
    inner join touched_reviews
        on
            reviews.source = touched_reviews.source
            and reviews.review_id = touched_reviews.review_id

    union distinct

    select previous_customer_id as customer_id from changed_links

    union distinct

    select customer_id from changed_links

    union distinct

    select customer_links.customer_id
    from delivered
    inner join changed_files
        on delivered.file_id = changed_files.file_id
    inner join {{ ref('stg_customer_links') }} as customer_links
        on
            delivered.source = customer_links.source
            and delivered.source_customer_id = customer_links.source_customer_id

    union distinct

    select customer_links.customer_id
    from delivered_tickets
    inner join touched_tickets
        on
            delivered_tickets.source = touched_tickets.source
            and delivered_tickets.ticket_id = touched_tickets.ticket_id
    inner join {{ ref('stg_customer_links') }} as customer_links
        on
            delivered_tickets.source = customer_links.source
            and delivered_tickets.source_customer_id = customer_links.source_customer_id

    union distinct

    -- a date at a time: the engine skips what lies outside one, but not outside either of two joined by `or`
    select customer_id
    from {{ ref('fct_orders') }}
    where {{ has_come_into_sight("ordered_date") }}

    union distinct

    select customer_id
    from {{ ref('fct_orders') }}
    where {{ has_come_into_sight("counted_date") }}

    union distinct

    -- of an order whose money doesn't count it is known all the same whether it was paid for
    select customer_id
    from {{ ref('fct_orders') }}
    where
        counted_date is null
        and paid_at is not null
        and {{ moment_has_come_into_sight("paid_at") }}

    union distinct

    select customer_id
    from {{ ref('fct_refunds') }}
    where {{ has_come_into_sight("refund_date") }}

    union distinct

    select customer_id
    from {{ ref('fct_reviews') }}
    where {{ has_come_into_sight("created_date") }}

    union distinct

    select customer_id
    from {{ as_last_built('customer_activity', ['customer_id', 'first_seen_date']) }}
    where {{ has_come_into_sight("cast(first_seen_date as date)") }}
)

select customer_id
from touched
where
    customer_id is not null
    and {{ is_worth_knowing() }}
