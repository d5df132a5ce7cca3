-- What the median customer pays for a piece. It moves with every purchase of anybody.
with

categories as (
    select * from {{ ref('int_customer_categories') }}
    where category is not null
)

select
    category,
    median(piece_price) as piece_price
from categories
group by category
