-- Orders that a change can reach: something of them was delivered or withdrawn, their customer is somebody else by now, or a product on
-- them is called otherwise in the catalogue.
with

changed_files as (
    select * from {{ ref('int_changed_files') }}
),

changed_links as (
    select * from {{ ref('int_changed_customer_links') }}
),

products as (
    select
        source,
        product_id,
        product_name,
        category
    from {{ ref('int_products') }}
    where {{ is_worth_knowing() }}
),

built_products as (
    select * from {{ as_last_built('int_built_products', ['source', 'product_id', 'product_name', 'category']) }}
),

changed_products as (
    select
        coalesce(products.source, built_products.source)
        || ':'
        || coalesce(products.product_id, built_products.product_id) as product_key
    from products
    full outer join built_products
        on
            products.source = built_products.source
            and products.product_id = built_products.product_id
    where
        products.product_id is null
        or built_products.product_id is null
        or products.product_name is distinct from built_products.product_name
        or products.category is distinct from built_products.category
),

built_lines as (
    select * from {{ as_last_built('fct_order_lines', ['order_key', 'product_key']) }}
),

touched as (
    select
        delivered.source,
        delivered.order_id
    from {{ ref('int_delivered_orders') }} as delivered
    inner join changed_files
        on delivered.file_id = changed_files.file_id

    union distinct

    select
        delivered.source,
        delivered.order_id
    from {{ ref('int_delivered_orders') }} as delivered
    inner join changed_links
        on
            delivered.source = changed_links.source
            and delivered.source_customer_id = changed_links.source_customer_id

    union distinct

    select
        built_orders.source,
        built_orders.order_id
    from built_lines
    inner join changed_products
        on built_lines.product_key = changed_products.product_key
    inner join {{ as_last_built('fct_orders', ['order_key', 'source', 'order_id', 'customer_id']) }} as built_orders
        on built_lines.order_key = built_orders.order_key
)

select
    touched.source || ':' || touched.order_id as order_key,
    touched.source,
    touched.order_id,
    built_orders.customer_id as previous_customer_id
from touched
left join {{ as_last_built('fct_orders', ['order_key', 'source', 'order_id', 'customer_id']) }} as built_orders
    on
        touched.source = built_orders.source
        and touched.order_id = built_orders.order_id
where {{ is_worth_knowing() }}
