-- Whoever delivers a rate, it holds for all sources. Rates of other pairs are not turned round or chained: what is not there is missing.
with

exchange_rates as (
    select * from {{ ref('stg_exchange_rates') }}
    where
        to_currency = '{{ var("currency") }}'
        and from_currency <> to_currency
),

ranked as (
    select
        *,
        row_number() over (
            partition by from_currency, rate_date
            order by delivery_number desc, line desc
        ) as version_rank
    from exchange_rates
),

ages as (
    {% for age in range((var("exchange_rate_max_age_days") | int) + 1) -%}
        select {{ age }} as age_days
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- a rate stands in for days after it, for as long as the var allows and no later rate is there
standing as (
    select
        ranked.from_currency as currency,
        ranked.exchange_rate,
        ages.age_days,
        {{ days_after("ranked.rate_date", "ages.age_days") }} as rate_date
    from ranked
    cross join ages
    where ranked.version_rank = 1
),

freshest as (
    select
        *,
        row_number() over (
            partition by currency, rate_date
            order by age_days
        ) as age_rank
    from standing
)

select
    currency,
    rate_date,
    exchange_rate
from freshest
where age_rank = 1
