{{ config(materialized="touched_rows") }}
-- What the persons whose facts are counted anew bought of each category: the categories of all are looked through once.
select
    customer_id,
    category,
    piece_price,
    gross_amount,
    full_price_amount
from {{ ref('int_customer_categories') }}
where {{ is_of_recounted_customer() }}
