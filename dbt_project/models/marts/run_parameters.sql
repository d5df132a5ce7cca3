with

parameters as (
    select * from {{ source('scores', 'run_parameters') }}
)

select
    model,
    parameter,
    value
from parameters
