{{ config(materialized="incremental", pre_hook="{{ take_out(['order_key'], 'int_touched_orders') }}") }}
-- Few orders are in another currency than the reports; only those are looked at here, so that the others cost nothing.
with

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

order_headers as (
    select * from {{ ref('int_order_headers') }}
),

exchange_rates as (
    select * from {{ ref('int_exchange_rates') }}
),

in_other_currencies as (
    select
        source,
        order_id,
        currency
    from order_lines
    where currency <> '{{ var("currency") }}'

    union distinct

    select
        source,
        order_id,
        currency
    from order_headers
    where currency <> '{{ var("currency") }}'
),

-- the day of an order is that of its first line, in whatever currency
placed as (
    select
        source,
        order_id,
        ordered_at
    from order_lines

    union all

    select
        source,
        order_id,
        ordered_at
    from order_headers
),

first_placed as (
    select
        placed.source,
        placed.order_id,
        min(placed.ordered_at) as ordered_at
    from placed
    where
        exists (
            select 1
            from in_other_currencies
            where
                in_other_currencies.source = placed.source
                and in_other_currencies.order_id = placed.order_id
        )
    group by placed.source, placed.order_id
),

needed as (
    select
        in_other_currencies.source,
        in_other_currencies.order_id,
        in_other_currencies.currency,
        {{ merchant_day("first_placed.ordered_at") }} as rate_date
    from in_other_currencies
    inner join first_placed
        on
            in_other_currencies.source = first_placed.source
            and in_other_currencies.order_id = first_placed.order_id
)

select
    needed.source || ':' || needed.order_id as order_key,
    needed.source,
    needed.order_id,
    needed.currency,
    needed.rate_date,
    exchange_rates.exchange_rate
from needed
left join exchange_rates
    on
        needed.currency = exchange_rates.currency
        and needed.rate_date = exchange_rates.rate_date
