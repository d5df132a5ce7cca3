-- Amounts of several currencies never add up: each line has the rate that is known now for its order's day, 1 in the reporting currency
-- alone, and amounts that follow from it. A row is a line for which that fails.
with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

rated as (
    select
        order_lines.*,
        case
            when order_lines.currency = '{{ var("currency") }}' then 1
            else exchange_rates.exchange_rate
        end as known_rate
    from order_lines
    left join exchange_rates
        on
            order_lines.currency = exchange_rates.currency
            and order_lines.ordered_date = exchange_rates.rate_date
)

select
    order_line_key,
    ordered_date,
    currency,
    exchange_rate,
    known_rate
from rated
where
    exchange_rate is distinct from known_rate
    or gross_amount <> {{ in_reporting_currency("original_gross_amount") }}
    or refund_amount
    <> {{ refund_in_reporting_currency("gross_amount", "discount_amount", in_reporting_currency("original_refund_amount")) }}
    or tax_refund_amount <> {{ in_reporting_currency("original_tax_refund_amount") }}
