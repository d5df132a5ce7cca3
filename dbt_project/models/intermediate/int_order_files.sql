{{ config(materialized="incremental") }}
-- In which files anything of an order was ever delivered, and on which days they say it was placed: so a day's run knows where to look for
-- the few orders that it touches. Rows are only ever added: one that stands twice, or of a file that no longer counts, costs a look.
with

delivered as (
    select distinct
        {{ number_of(["source", "order_id"]) }} as order_number,
        file_id,
        ordered_at
    from {{ ref('int_delivered_orders') }}
    {% if not (execute and var("full")) %}
        where file_id in (select changed.file_id from {{ ref('int_changed_files') }} as changed)
    {% endif %}
)

select distinct
    order_number,
    file_id,
    {{ merchant_day("ordered_at") }} as ordered_date
from delivered
