-- A file that was delivered anew under its name, or that no longer counts, is a change as much as one that came.
with

live_files as (
    select * from {{ ref('stg_files') }}
),

built_files as (
    select * from {{ as_last_built('int_built_files', ['file_id']) }}
),

changed as (
    select coalesce(live_files.file_id, built_files.file_id) as file_id
    from live_files
    full outer join built_files
        on live_files.file_id = built_files.file_id
    where
        (live_files.file_id is null or built_files.file_id is null)
        and {{ is_worth_knowing() }}
)

select file_id from changed
