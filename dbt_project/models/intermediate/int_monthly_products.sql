{{ config(materialized="incremental", pre_hook="{{ take_out(['month'], 'int_touched_months') }}") }}
-- Under which names and in which categories products were sold. A product has few of them: to rank those is cheap, to rank lines is not.
with

order_lines as (
    select
        *,
        {{ month_of("ordered_date") }} as month
    from {{ ref('fct_order_lines') }}
    where
        product_key is not null
        and {{ is_touched(["ordered_date"], ["ordered_date"], 'int_touched_months') }}
)

select
    month,
    product_key,
    source,
    product_name,
    category,
    max(ordered_date) as last_ordered_date
from order_lines
group by month, product_key, source, product_name, category
