-- An order that stands in several live files has one version per file; all but the latest are listed here.
-- Few orders do, so readers take everything and leave these out: far cheaper than ranking every order.
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

-- greatest and max pass over nulls
versions as (
    select
        'order' as part,
        source,
        order_id,
        delivery_number,
        max(greatest(ordered_at, paid_at, refunded_at)) as event_at
    from order_lines
    group by source, order_id, delivery_number

    union all

    select
        'order' as part,
        source,
        order_id,
        delivery_number,
        max(greatest(ordered_at, paid_at)) as event_at
    from order_headers
    group by source, order_id, delivery_number

    union all

    -- a set of items is chosen on its own: a header may be delivered again without them
    select
        'items' as part,
        source,
        order_id,
        delivery_number,
        max(refunded_at) as event_at
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

ranked as (
    select
        versions.part,
        versions.source,
        versions.order_id,
        versions.delivery_number,
        versions.event_at,
        row_number() over (
            partition by versions.part, versions.source, versions.order_id
            order by versions.event_at desc nulls last, versions.delivery_number desc
        ) as version_rank
    from versions
    inner join contested
        on
            versions.part = contested.part
            and versions.source = contested.source
            and versions.order_id = contested.order_id
)

select
    part,
    source,
    order_id,
    delivery_number,
    event_at
from ranked
where version_rank > 1
