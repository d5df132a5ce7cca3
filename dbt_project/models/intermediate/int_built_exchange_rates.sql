-- depends_on: {{ ref('int_touched_orders') }}
with

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
)

select
    currency,
    cast(rate_date as {{ text_type() }}) as rate_date,
    cast(exchange_rate as {{ text_type() }}) as exchange_rate
from exchange_rates
