{{ config(materialized="touched_rows") }}
with

orders as (
    select * from {{ ref('fct_orders') }}
)

select * from orders
where
    customer_id is not null
    and {{ is_of_recounted_customer() }}
