-- depends_on: {{ ref('int_touched_customers') }}
with

live_files as (
    select * from {{ ref('stg_files') }}
)

select file_id from live_files
