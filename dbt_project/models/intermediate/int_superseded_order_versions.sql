-- An order that stands in several live files has one version per file; all but the one that stands are listed here, in the order in which
-- they would (version_precedence in macros/orders.sql). Few orders do, so readers take everything and leave these out: far cheaper than
-- ranking every order.
with

order_lines as (
    select * from {{ ref('stg_orders') }}
),

order_headers as (
    select * from {{ ref('stg_order_headers') }}
),

order_items as (
    select * from {{ ref('stg_order_items') }}
),

files as (
    select * from {{ ref('stg_files') }}
),

-- greatest and max pass over nulls
versions as (
    select
        'order' as part,
        source,
        order_id,
        delivery_number,
        {{ furthest_status("status") }} as status,
        max(greatest(ordered_at, paid_at, refunded_at)) as event_at,
        sum(refund_amount + order_refund_amount) as refund_amount
    from order_lines
    group by source, order_id, delivery_number

    union all

    select
        'order' as part,
        source,
        order_id,
        delivery_number,
        {{ furthest_status("status") }} as status,
        max(greatest(ordered_at, paid_at)) as event_at,
        0 as refund_amount
    from order_headers
    group by source, order_id, delivery_number

    union all

    -- a set of items is chosen on its own: a header may be delivered again without them
    select
        'items' as part,
        source,
        order_id,
        delivery_number,
        cast(null as {{ text_type() }}) as status,
        max(refunded_at) as event_at,
        sum(refund_amount + order_refund_amount) as refund_amount
    from order_items
    group by source, order_id, delivery_number
),

contested as (
    select
        part,
        source,
        order_id
    from versions
    group by part, source, order_id
    having count(*) > 1
),

dated as (
    select
        versions.*,
        files.delivered_date,
        max(files.delivered_date) over (partition by versions.part, versions.source, versions.order_id) as last_delivered_date
    from versions
    inner join contested
        on
            versions.part = contested.part
            and versions.source = contested.source
            and versions.order_id = contested.order_id
    left join files
        on versions.delivery_number = files.delivery_number
),

compared as (
    select
        *,
        coalesce(delivered_date < last_delivered_date, false) as is_superseded_by_date
    from dated
),

ranked as (
    select
        part,
        source,
        order_id,
        delivery_number,
        row_number() over (partition by part, source, order_id order by {{ version_precedence() }}) as version_rank
    from compared
)

select
    part,
    source,
    order_id,
    delivery_number,
    version_rank
from ranked
where version_rank > 1
