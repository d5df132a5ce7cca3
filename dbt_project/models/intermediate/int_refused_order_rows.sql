{%- set parts = {"stg_orders": "order", "stg_order_headers": "order", "stg_order_items": "items"} -%}
-- Orders of which a row can't be read, and nothing since brings it: in the file whose version of the order stands, or in a later one. What
-- is read of such an order is not all of it. Few rows are refused, so only their orders are looked for.
with

refused_rows as (
    select * from {{ ref('stg_refused_rows') }}
),

{% for model, part in parts.items() %}
    delivered_in_{{ model }} as (
        select distinct
            '{{ part }}' as part,
            delivered.source,
            delivered.order_id,
            delivered.delivery_number
        from {{ ref(model) }} as delivered
        where
            exists (
                select 1
                from refused_rows
                where
                    refused_rows.source = delivered.source
                    and refused_rows.order_id = delivered.order_id
            )
    ),

{% endfor %}
delivered as (
    {% for model in parts %}
        select * from delivered_in_{{ model }}
        {% if not loop.last %}
            union distinct
        {% endif %}
    {% endfor %}
),

superseded_versions as (
    select * from {{ ref('int_superseded_order_versions') }}
),

files as (
    select * from {{ ref('stg_files') }}
),

standing as (
    select
        delivered.part,
        delivered.source,
        delivered.order_id,
        delivered.delivery_number,
        files.delivered_date
    from delivered
    left join files
        on delivered.delivery_number = files.delivery_number
    where
        not exists (
            select 1
            from superseded_versions
            where
                superseded_versions.part = delivered.part
                and superseded_versions.delivery_number = delivered.delivery_number
                and superseded_versions.source = delivered.source
                and superseded_versions.order_id = delivered.order_id
        )
),

missing as (
    select
        refused_rows.source,
        refused_rows.order_id
    from refused_rows
    left join standing
        on
            refused_rows.part = standing.part
            and refused_rows.source = standing.source
            and refused_rows.order_id = standing.order_id
    where
        standing.order_id is null
        or refused_rows.delivery_number = standing.delivery_number
        or refused_rows.delivered_date > standing.delivered_date
        or (refused_rows.delivered_date = standing.delivered_date and refused_rows.delivery_number > standing.delivery_number)
)

select
    source,
    order_id,
    count(*) as refused_rows_count
from missing
group by source, order_id
