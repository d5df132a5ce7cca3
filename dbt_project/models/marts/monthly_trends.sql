-- As of the run's day, like customer_facts: the months' net amounts add up to the net of all customers and the unidentified.
with

orders as (
    select * from {{ ref('int_monthly_orders') }}
),

refunds as (
    select
        *,
        {{ month_of("refund_date") }} as month
    from {{ ref('fct_refunds') }}
    where
        ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
        and refund_date <= {{ as_of_date() }}
),

reviews as (
    select
        *,
        {{ month_of("created_date") }} as month
    from {{ ref('fct_reviews') }}
    where created_date <= {{ as_of_date() }}
),

customers as (
    select
        {{ month_of("first_order_date") }} as month,
        count(*) as new_customers_count
    from {{ ref('customer_facts') }}
    where orders_count > 0
    group by {{ month_of("first_order_date") }}
),

refunds_by_month as (
    select
        month,
        sum(refund_amount) as refund_amount
    from refunds
    group by month
),

reviews_by_month as (
    select
        month,
        count(*) as reviews_count,
        count(case when is_negative then 1 end) as negative_reviews_count,
        avg(rating) as mean_rating
    from reviews
    group by month
),

months as (
    select month from orders
    union distinct
    select month from refunds_by_month
    union distinct
    select month from reviews_by_month
)

select
    months.month,
    coalesce(orders.orders_count, 0) as orders_count,
    coalesce(orders.customers_count, 0) as customers_count,
    coalesce(customers.new_customers_count, 0) as new_customers_count,
    cast(coalesce(orders.gross_amount, 0) as decimal(18, 4)) as gross_amount,
    cast(coalesce(orders.discount_amount, 0) as decimal(18, 4)) as discount_amount,
    cast(coalesce(refunds_by_month.refund_amount, 0) as decimal(18, 4)) as refund_amount,
    cast(
        coalesce(orders.gross_amount, 0)
        - coalesce(orders.discount_amount, 0)
        - coalesce(refunds_by_month.refund_amount, 0) as decimal(18, 4)
    ) as net_amount,
    coalesce(reviews_by_month.reviews_count, 0) as reviews_count,
    coalesce(reviews_by_month.negative_reviews_count, 0) as negative_reviews_count,
    reviews_by_month.mean_rating
from months
left join orders
    on months.month = orders.month
left join refunds_by_month
    on months.month = refunds_by_month.month
left join reviews_by_month
    on months.month = reviews_by_month.month
left join customers
    on months.month = customers.month
