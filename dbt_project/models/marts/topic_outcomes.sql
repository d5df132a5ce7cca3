with

found as (
    select * from {{ source('scores', 'topic_outcomes') }}
)

select
    topic,
    topic_zh,
    tone,
    horizon_days,
    customers_count,
    bought_again_count,
    bought_again_share,
    share_low,
    share_high,
    others_count,
    others_bought_again_share,
    difference,
    difference_low,
    difference_high,
    finding,
    finding_zh
from found
