with

products as (
    select * from {{ ref('int_products') }}
),

monthly_products as (
    select * from {{ ref('int_monthly_products') }}
),

sold_under as (
    select
        product_key,
        source,
        product_name,
        category,
        max(last_ordered_date) as last_ordered_date
    from monthly_products
    group by product_key, source, product_name, category
),

ranked as (
    select
        *,
        row_number() over (
            partition by product_key
            order by last_ordered_date desc, product_name asc nulls last, category asc nulls last
        ) as name_rank
    from sold_under
),

catalogue as (
    select
        source || ':' || product_id as product_key,
        source,
        product_name,
        category
    from products
),

sold as (
    select
        product_key,
        source,
        product_name,
        category,
        last_ordered_date
    from ranked
    where name_rank = 1
),

known as (
    select
        coalesce(catalogue.product_key, sold.product_key) as product_key,
        coalesce(catalogue.source, sold.source) as source,
        coalesce(catalogue.product_name, sold.product_name) as product_name,
        coalesce(catalogue.category, sold.category) as category,
        catalogue.product_key is not null as is_in_catalogue,
        sold.last_ordered_date
    from catalogue
    full outer join sold
        on catalogue.product_key = sold.product_key
)

select
    product_key,
    source,
    substr(product_key, length(source) + 2) as product_id,
    product_name,
    category,
    is_in_catalogue,
    last_ordered_date
from known
