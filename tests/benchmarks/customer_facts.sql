-- What a DuckDB expert would write who wants customer_facts and nothing else: one query over the lake's Parquet, latest version of each order
-- included. No other table, no tests, no part that could be built for a day alone. Parameters: lake, as_of, zone (texts put in by Python).
with files as (
    select file_id, row_number() over (order by delivery_key, source, file_id) as delivery
    from read_parquet('{lake}/clean/files.parquet')
),
links as (select source, source_customer_id, customer_id as person from read_parquet('{lake}/identity/customer_links.parquet')),
delivered as (
    select rows.*, files.delivery from read_parquet('{lake}/clean/orders/*.parquet') as rows join files using (file_id)
),
versions as (
    select source, order_id, delivery, max(greatest(ordered_at, paid_at, refunded_at)) as event_at from delivered group by all
),
superseded as (
    select source, order_id, delivery from versions
    qualify row_number() over (partition by source, order_id order by event_at desc nulls last, delivery desc) > 1
),
repeated as (
    select delivery, order_id, order_line_id, max(line) as last_line from delivered where order_line_id is not null
    group by all having count(*) > 1
),
lines as (
    select delivered.*, links.person, cast(quantity * unit_price as decimal(18, 4)) as goods
    from delivered
    anti join superseded using (source, order_id, delivery)
    left join repeated using (delivery, order_id, order_line_id)
    left join links on links.source = delivered.source and links.source_customer_id = delivered.customer_id
    where repeated.last_line is null or line = repeated.last_line
),
orders as (
    select source, order_id, min(person) as person, min(channel) as channel, min(ordered_at) as ordered_at, max(paid_at) as paid_at,
        max(case status when 'completed' then 6 when 'shipped' then 5 when 'paid' then 4 when 'refunded' then 3 when 'pending' then 2
            else 1 end) as status,
        bool_or(is_test) as is_test, sum(greatest(goods, 0)) as gross, sum(discount_amount) as discount, sum(shipping_amount) as shipping,
        sum(tax_amount) as tax, sum(greatest(goods, 0)) filter (line_kind = 'fee') as fee,
        sum(refund_amount + greatest(-goods, 0)) as refund,
        sum(refund_amount + greatest(-goods, 0)) filter (
            cast(timezone('{zone}', timezone('UTC', coalesce(refunded_at, ordered_at))) as date) <= '{as_of}'
        ) as refund_seen
    from lines group by all
),
dated as (
    select *, status >= 3 and not is_test as is_counted, coalesce(fee, 0) as fees,
        cast(timezone('{zone}', timezone('UTC', ordered_at)) as date) as ordered_date,
        cast(timezone('{zone}', timezone('UTC', paid_at)) as date) as paid_date
    from orders
),
seen as (
    select *, is_counted and greatest(ordered_date, paid_date) <= '{as_of}' as counts,
        is_counted and greatest(ordered_date, paid_date) <= '{as_of}' and gross > fees as buys
    from dated where ordered_date <= '{as_of}'
),
money as (
    select person, min(ordered_at) filter (buys) as first_order_at, max(ordered_at) filter (buys) as last_order_at,
        min(ordered_date) filter (buys) as first_order_date, max(ordered_date) filter (buys) as last_order_date,
        count(*) filter (buys) as orders_count,
        sum(gross) filter (counts) as gross_amount, sum(discount) filter (counts) as discount_amount,
        sum(shipping) filter (counts) as shipping_amount, sum(tax) filter (counts) as tax_amount,
        coalesce(sum(refund_seen) filter (counts), 0) as refund_amount, sum(fees) filter (counts) as fee_amount,
        count(*) filter (not is_test and (status = 2 or is_counted and not counts)) as unpaid_orders_count,
        count(*) filter (status = 1 and not is_test) as cancelled_orders_count,
        count(*) filter (counts and (coalesce(refund_seen, 0) <> 0 or (status = 3 and refund = 0))) as refunded_orders_count,
        count(*) filter (buys and discount > 0) as discounted_orders_count,
        count(*) filter (status = 1 and not is_test and paid_date <= '{as_of}') as cancelled_after_payment_orders_count
    from seen where person is not null group by person
),
days as (select distinct person, ordered_date from seen where buys and person is not null),
gaps as (
    select person, ordered_date - lag(ordered_date) over (partition by person order by ordered_date) as gap,
        row_number() over (partition by person order by ordered_date) as number
    from days
),
rhythm as (
    select person, count(*) as purchase_days_count, avg(gap) as mean_gap_days, stddev_samp(gap) as gap_stddev_days, max(gap) as longest_gap_days,
        max(gap) filter (number = 2) as first_to_second_days
    from gaps group by person
),
categories as (
    select seen.person, category, sum(quantity) as pieces, sum(goods) as gross, coalesce(sum(goods) filter (discount_amount = 0), 0) as full_price
    from lines join seen using (source, order_id)
    where seen.person is not null and counts and line_kind = 'product' and goods > 0 group by all
),
prices as (
    select *, gross / pieces > median(gross / pieces) over (partition by category) as is_above from categories where category is not null
),
levels as (select person, sum(gross * is_above::int) / sum(gross) as above_median_price_share from prices group by person),
needs as (
    select person, sum(gross) as known, sum(gross * (need_level = 'physiological')::int) as physiological,
        sum(gross * (need_level = 'safety')::int) as safety, sum(gross * (need_level = 'belonging')::int) as belonging,
        sum(gross * (need_level = 'esteem')::int) as esteem, sum(gross * (need_level = 'self_actualisation')::int) as self_actualisation
    from categories join read_csv('{needs}') as map on lower(trim(categories.category)) = map.category group by person
),
tastes as (
    select person, count(category) as categories_count, arg_min(category, row(-gross, category)) filter (category is not null)
        as preferred_category, max(gross) filter (category is not null) / sum(gross) as preferred_category_share,
        sum(full_price) / sum(gross) as full_price_share, sum(gross) as gross
    from categories group by person
),
channels as (
    select person, arg_min(channel, row(-orders, channel)) as preferred_channel, max(orders) / sum(orders) as preferred_channel_share
    from (select person, channel, count(*) as orders from seen where buys and channel is not null group by all) group by person
),
reviews as (
    select coalesce(links.person, orders.person) as person, rating, created_at, review_id, rows.order_id, helpful_votes
    from read_parquet('{lake}/clean/reviews/*.parquet') as rows join files using (file_id)
    left join links on links.source = rows.source and links.source_customer_id = rows.customer_id
    left join orders on orders.source = rows.source and orders.order_id = rows.order_id
    qualify row_number() over (partition by rows.source, review_id, rows.order_id order by created_at desc, delivery desc, line desc) = 1
),
opinions as (
    select person, count(*) as reviews_count, count(*) filter (rating >= 4) as positive_reviews_count,
        count(*) filter (rating <= 2) as negative_reviews_count, avg(rating) as mean_rating,
        arg_max(rating, row(created_at, review_id, order_id)) as last_rating, max(created_at) as last_review_at,
        max(created_at) filter (rating <= 2) as last_negative_review_at, sum(helpful_votes) as helpful_votes_count
    from reviews where cast(timezone('{zone}', timezone('UTC', created_at)) as date) <= '{as_of}' group by person
),
tickets as (
    select links.person, opened_at, closed_at from read_parquet('{lake}/clean/tickets/*.parquet') as rows join files using (file_id)
    join links on links.source = rows.source and links.source_customer_id = rows.customer_id
    qualify row_number() over (partition by rows.source, ticket_id order by delivery desc, line desc) = 1
),
complaints as (
    select person, max(opened_at) as last_complaint_at, bool_or(is_open) as has_open_complaint,
        max(opened_at) filter (is_open) as last_open_complaint_at
    from (select *, closed_at is null or cast(timezone('{zone}', timezone('UTC', closed_at)) as date) > '{as_of}' as is_open from tickets)
    where cast(timezone('{zone}', timezone('UTC', opened_at)) as date) <= '{as_of}' group by person
),
sightings as (
    select person, min(ordered_at) as seen_at from orders group by person
    union all select person, min(created_at) from reviews group by person
    union all select links.person, min(moment) from (
        select source, customer_id, signed_up_at as moment, file_id from read_parquet('{lake}/clean/customers/*.parquet')
        union all select source, customer_id, changed_at, file_id from read_parquet('{lake}/clean/consents/*.parquet')
        union all select source, customer_id, opened_at, file_id from read_parquet('{lake}/clean/tickets/*.parquet')
        union all select source, customer_id, contacted_at, file_id from read_parquet('{lake}/clean/contacts/*.parquet')
    ) as rows join files using (file_id)
    join links on links.source = rows.source and links.source_customer_id = rows.customer_id group by links.person
),
persons as (
    select links.person as customer_id from (select distinct person from links) as links left join sightings using (person) group by all
    having coalesce(cast(timezone('{zone}', timezone('UTC', min(seen_at))) as date) <= '{as_of}', true)
)
select customer_id, cast('{as_of}' as date) as as_of_date, first_order_at, last_order_at, first_order_date, last_order_date,
    cast('{as_of}' as date) - last_order_date as recency_days, cast('{as_of}' as date) - first_order_date as tenure_days,
    coalesce(orders_count, 0) as orders_count, coalesce(purchase_days_count, 0) as purchase_days_count,
    coalesce(gross_amount, 0) as gross_amount, coalesce(discount_amount, 0) as discount_amount,
    coalesce(shipping_amount, 0) as shipping_amount, coalesce(tax_amount, 0) as tax_amount, coalesce(refund_amount, 0) as refund_amount,
    coalesce(fee_amount, 0) as fee_amount, coalesce(gross_amount - discount_amount - refund_amount, 0) as net_amount,
    cast((gross_amount - discount_amount - refund_amount) / nullif(orders_count, 0) as decimal(18, 4)) as average_order_amount,
    mean_gap_days, gap_stddev_days, longest_gap_days, first_to_second_days, coalesce(categories_count, 0) as categories_count, full_price_share,
    coalesce(unpaid_orders_count, 0) as unpaid_orders_count, coalesce(cancelled_orders_count, 0) as cancelled_orders_count,
    coalesce(refunded_orders_count, 0) as refunded_orders_count, coalesce(reviews_count, 0) as reviews_count,
    coalesce(positive_reviews_count, 0) as positive_reviews_count, coalesce(negative_reviews_count, 0) as negative_reviews_count,
    mean_rating, last_rating, last_review_at, last_negative_review_at, coalesce(helpful_votes_count, 0) as helpful_votes_count,
    coalesce(has_open_complaint, false) as has_open_complaint, last_complaint_at, last_open_complaint_at, preferred_category, preferred_channel,
    coalesce(discounted_orders_count, 0) as discounted_orders_count,
    coalesce(cancelled_after_payment_orders_count, 0) as cancelled_after_payment_orders_count,
    above_median_price_share, preferred_category_share, preferred_channel_share, known / tastes.gross as need_known_share,
    physiological / known as need_physiological_share, safety / known as need_safety_share, belonging / known as need_belonging_share,
    esteem / known as need_esteem_share, self_actualisation / known as need_self_actualisation_share,
    case greatest(physiological, safety, belonging, esteem, self_actualisation) when physiological then 'physiological'
        when safety then 'safety' when belonging then 'belonging' when esteem then 'esteem'
        when self_actualisation then 'self_actualisation' end as dominant_need_level
from persons
left join money on money.person = customer_id left join rhythm on rhythm.person = customer_id
left join tastes on tastes.person = customer_id left join channels on channels.person = customer_id
left join needs on needs.person = customer_id left join levels on levels.person = customer_id
left join opinions on opinions.person = customer_id left join complaints on complaints.person = customer_id
