-- Under which ids those persons are known to the sources.
select
    source,
    source_customer_id
from {{ ref('stg_customer_links') }}
where
    {{ is_of_recounted_customer() }}
    and {{ is_worth_knowing() }}
