-- depends_on: {{ ref('int_touched_orders') }}
with

products as (
    select * from {{ ref('int_products') }}
)

select
    source,
    product_id,
    product_name,
    category
from products
