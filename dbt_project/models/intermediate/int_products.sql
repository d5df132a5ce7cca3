with

products as (
    select * from {{ ref('stg_products') }}
),

ranked as (
    select
        source,
        product_id,
        product_name,
        category,
        row_number() over (
            partition by source, product_id
            order by delivery_number desc, line desc
        ) as version_rank
    from products
)

select
    source,
    product_id,
    product_name,
    category
from ranked
where version_rank = 1
