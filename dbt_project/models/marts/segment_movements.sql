with

changes as (
    select * from {{ ref('segment_history') }}
)

select
    changed_at,
    dimension,
    previous_value as from_value,
    value as to_value,
    count(*) as customers_count
from changes
group by changed_at, dimension, previous_value, value
