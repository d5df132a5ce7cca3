-- depends_on: {{ ref('int_recounted_customers') }}
with

median_prices as (
    select * from {{ ref('int_median_prices') }}
)

select
    category,
    cast(piece_price as {{ text_type() }}) as piece_price
from median_prices
