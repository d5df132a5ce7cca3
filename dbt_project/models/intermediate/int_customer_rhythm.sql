-- The gaps between a person's purchase days, as of the run's day. Several orders on one day are one purchase day.
with

purchases as (
    select * from {{ ref('int_recounted_orders') }}
    where
        is_purchase
        and ordered_date <= {{ as_of_date() }}
        and counted_date <= {{ as_of_date() }}
),

purchase_days as (
    select distinct
        customer_id,
        ordered_date
    from purchases
),

ordered_days as (
    select
        customer_id,
        ordered_date,
        lag(ordered_date) over (partition by customer_id order by ordered_date) as previous_date,
        row_number() over (partition by customer_id order by ordered_date) as day_number
    from purchase_days
),

gaps as (
    select
        customer_id,
        day_number,
        {{ days_between("previous_date", "ordered_date") }} as gap_days
    from ordered_days
),

summed as (
    select
        customer_id,
        count(*) as purchase_days_count,
        count(gap_days) as gaps_count,
        sum(gap_days) as gap_days_sum,
        sum(gap_days * gap_days) as gap_days_squares_sum,
        max(gap_days) as longest_gap_days,
        max(case when day_number = 2 then gap_days end) as first_to_second_days
    from gaps
    group by customer_id
)

select
    customer_id,
    purchase_days_count,
    cast(gap_days_sum as double) / nullif(gaps_count, 0) as mean_gap_days,
    -- sample standard deviation from whole numbers: unlike stddev_samp the same to the last bit, however the rows were split up
    case
        when gaps_count > 1 then sqrt(
            cast(gaps_count * gap_days_squares_sum - gap_days_sum * gap_days_sum as double) / (gaps_count * (gaps_count - 1))
        )
    end as gap_stddev_days,
    longest_gap_days,
    first_to_second_days
from summed
