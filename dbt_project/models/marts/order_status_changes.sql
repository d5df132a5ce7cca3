{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
-- An order's status is its latest version's; here is what the versions before said. Few orders were delivered in several versions, so
-- only those are looked at.
with

order_lines as (
    select * from {{ ref('stg_orders') }}
),

order_headers as (
    select * from {{ ref('stg_order_headers') }}
),

files as (
    select * from {{ ref('stg_files') }}
),

-- grouped by its key, of which each is there once: so the engine looks for those of the touched days before it joins them
orders as (
    select
        order_key,
        source,
        order_id,
        min(customer_id) as customer_id
    from {{ ref('fct_orders') }}
    where {{ is_of_touched_day_and_order() }}
    group by order_key, source, order_id
),

superseded_versions as (
    select * from {{ ref('int_superseded_order_versions') }}
    where part = 'order'
),

superseded_lines as (
    select * from {{ ref('int_superseded_order_lines') }}
),

contested as (
    select distinct
        source,
        order_id
    from superseded_versions
),

delivered as (
    select
        source,
        order_id,
        delivery_number,
        line,
        status,
        ordered_at,
        paid_at,
        refunded_at
    from order_lines

    union all

    select
        source,
        order_id,
        delivery_number,
        line,
        status,
        ordered_at,
        paid_at,
        cast(null as timestamp) as refunded_at
    from order_headers
),

versions as (
    select
        delivered.source,
        delivered.order_id,
        delivered.delivery_number,
        {{ furthest_status("delivered.status") }} as status,
        min(delivered.ordered_at) as ordered_at,
        max(delivered.paid_at) as paid_at,
        max(delivered.refunded_at) as refunded_at
    from delivered
    inner join contested
        on
            delivered.source = contested.source
            and delivered.order_id = contested.order_id
    where
        not exists (
            select 1
            from superseded_lines
            where
                superseded_lines.delivery_number = delivered.delivery_number
                and superseded_lines.line = delivered.line
        )
    group by delivered.source, delivered.order_id, delivered.delivery_number
),

-- in the order in which versions win: the one that nothing supersedes is the last
ranked as (
    select
        versions.*,
        row_number() over (
            partition by versions.source, versions.order_id
            order by
                case when superseded_versions.delivery_number is null then 1 else 0 end asc,
                superseded_versions.version_rank desc
        ) as version_number
    from versions
    left join superseded_versions
        on
            versions.source = superseded_versions.source
            and versions.order_id = superseded_versions.order_id
            and versions.delivery_number = superseded_versions.delivery_number
),

compared as (
    select
        *,
        lag(status) over (partition by source, order_id order by version_number) as previous_status
    from ranked
),

changes as (
    select
        *,
        row_number() over (partition by source, order_id order by version_number) as change_number
    from compared
    where status <> previous_status
)

select
    orders.order_key,
    orders.customer_id,
    cast(changes.change_number as integer) as change_number,
    changes.previous_status,
    changes.status,
    case changes.status
        when 'pending' then changes.ordered_at
        when 'paid' then changes.paid_at
        when 'refunded' then changes.refunded_at
    end as changed_at,
    files.delivered_date,
    files.file_id
from changes
inner join orders
    on
        changes.source = orders.source
        and changes.order_id = orders.order_id
inner join files
    on changes.delivery_number = files.delivery_number
