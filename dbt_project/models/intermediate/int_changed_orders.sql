-- Orders that a change can reach: something of them was delivered or withdrawn, their customer is somebody else by now, a product on
-- them is called otherwise in the catalogue, or the rate of their day came, went or was corrected. Large tables are asked with `in`: of a
-- join the engine can't know that few are looked for, and builds the large side.
with

changed_files as (
    select * from {{ ref('int_changed_files') }}
),

changed_links as (
    select * from {{ ref('int_changed_customer_links') }}
),

exchange_rates as (
    select
        currency,
        cast(rate_date as {{ text_type() }}) as rate_date,
        cast(exchange_rate as {{ text_type() }}) as exchange_rate
    from {{ ref('int_exchange_rates') }}
    where {{ is_worth_knowing() }}
),

built_exchange_rates as (
    select * from {{ as_last_built('int_built_exchange_rates', ['currency', 'rate_date', 'exchange_rate']) }}
),

changed_exchange_rates as (
    select
        coalesce(exchange_rates.currency, built_exchange_rates.currency) as currency,
        coalesce(exchange_rates.rate_date, built_exchange_rates.rate_date) as rate_date
    from exchange_rates
    full outer join built_exchange_rates
        on
            exchange_rates.currency = built_exchange_rates.currency
            and exchange_rates.rate_date = built_exchange_rates.rate_date
    where exchange_rates.exchange_rate is distinct from built_exchange_rates.exchange_rate
),

built_order_rates as (
    select * from {{ as_last_built('int_order_exchange_rates', ['source', 'order_id', 'currency', 'rate_date']) }}
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
    from {{ as_last_built('fct_orders', ['order_key', 'source', 'order_id', 'customer_id']) }} as built_orders
    where
        built_orders.order_key in (
            select built_lines.order_key
            from built_lines
            where built_lines.product_key in (select changed_products.product_key from changed_products)
        )

    union distinct

    select
        built_order_rates.source,
        built_order_rates.order_id
    from built_order_rates
    inner join changed_exchange_rates
        on
            built_order_rates.currency = changed_exchange_rates.currency
            and cast(built_order_rates.rate_date as {{ text_type() }}) = changed_exchange_rates.rate_date
)

select
    source || ':' || order_id as order_key,
    source,
    order_id
from touched
where {{ is_worth_knowing() }}
