-- Under which ids the sources know the persons whose facts are counted anew.
select
    source,
    source_customer_id,
    customer_id
from {{ ref('stg_customer_links') }}
where
    {{ is_of_recounted_customer() }}
    and {{ is_worth_knowing() }}
