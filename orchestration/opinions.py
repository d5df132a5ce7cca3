"""What reviews say of products, and what customers do after they praised or blamed something: counted here, judged in ``transforms``."""

from typing import TYPE_CHECKING

from orchestration import texts, warehouse
from orchestration.io import write_parquet
from orchestration.settings import Settings
from transforms import satisfaction
from transforms.schemas import PRODUCT_SATISFACTION, TOPIC_OUTCOMES

if TYPE_CHECKING:
    import polars as pl

TABLES = ("product_satisfaction", "topic_outcomes")

_PRODUCT_MONTHS = """
with topics as (
    select product_key, date_trunc('month', created_date)::date as month, topic, topic_zh, tone, count(*) as times
    from marts.review_topics
    where product_key is not null and tone is not null and created_date <= $as_of::date
    group by all
),
named as (
    select product_key, month,
        string_agg(topic || ' ' || times, ', ' order by times desc, topic) filter (tone = 'positive') as praised_topics,
        string_agg(topic || ' ' || times, ', ' order by times desc, topic) filter (tone = 'negative') as blamed_topics,
        string_agg(topic_zh || ' ' || times, ', ' order by times desc, topic) filter (tone = 'positive') as praised_topics_zh,
        string_agg(topic_zh || ' ' || times, ', ' order by times desc, topic) filter (tone = 'negative') as blamed_topics_zh
    from topics
    group by all
),
counted as (
    select product_key, date_trunc('month', created_date)::date as month, count(*) as reviews_count,
        count(*) filter (is_positive) as positive_reviews_count, count(*) filter (is_negative) as negative_reviews_count,
        count(rating) as rated_reviews_count, coalesce(sum(rating), 0)::bigint as ratings_sum,
        coalesce(sum(rating * rating), 0)::bigint as ratings_squares_sum
    from marts.fct_reviews
    where product_key is not null and created_date <= $as_of::date
    group by all
)
select counted.*, named.* exclude (product_key, month) from counted left join named using (product_key, month) order by all"""

# A customer counts once per topic and tone: with the first review that names it so, if what came after has been seen for long enough.
# The others are customers who never did, from their first review of any kind.
_OUTCOMES = """
with reviewers as (
    select customer_id, min(created_date) as said_on from marts.fct_reviews
    where customer_id is not null and created_date <= $as_of::date group by all
),
said as (
    select customer_id, topic, tone, min(created_date) as said_on from marts.review_topics
    where customer_id is not null and tone is not null and created_date <= $as_of::date group by all
),
purchase_days as (
    select customer_id, ordered_date from marts.fct_orders
    where is_purchase and ordered_date <= $as_of::date and counted_date <= $as_of::date
        and customer_id in (select customer_id from reviewers)
),
dates as (select distinct customer_id, said_on from reviewers union select distinct customer_id, said_on from said),
followed as (
    select dates.customer_id, dates.said_on, coalesce(purchase_days.ordered_date <= dates.said_on + $days, false) as bought_again
    from dates
    asof left join purchase_days on dates.customer_id = purchase_days.customer_id and dates.said_on < purchase_days.ordered_date
    where dates.said_on <= $as_of::date - $days
),
base as (select reviewers.customer_id, followed.bought_again from reviewers join followed using (customer_id, said_on)),
whole as (select count(*) as customers, count(*) filter (bought_again) as bought_again from base),
groups as (
    select said.topic, said.tone,
        count(followed.customer_id) as customers_count,
        count(*) filter (followed.bought_again) as bought_again_count,
        count(base.customer_id) as among_all,
        count(*) filter (base.bought_again) as among_all_bought_again
    from said
    left join followed using (customer_id, said_on)
    left join base on said.customer_id = base.customer_id
    group by all
)
select wanted.topic, wanted.topic_zh, wanted.tone,
    coalesce(groups.customers_count, 0) as customers_count, coalesce(groups.bought_again_count, 0) as bought_again_count,
    whole.customers - coalesce(groups.among_all, 0) as others_count,
    whole.bought_again - coalesce(groups.among_all_bought_again, 0) as others_bought_again_count
from wanted cross join whole left join groups on wanted.topic = groups.topic and wanted.tone = groups.tone
order by wanted.topic, wanted.tone"""


def write(settings: Settings, as_of: str, rules: satisfaction.Rules) -> list[tuple[str, str, str]]:
    """``PRODUCT_SATISFACTION`` and ``TOPIC_OUTCOMES`` as of the day, to ``lake/scores/``. Returns what was fitted, as rows."""
    import polars as pl

    names = texts.words_of(settings).names_zh
    grid = [(topic, topic_zh, tone) for topic, topic_zh in names.items() for tone in ("negative", "positive")]
    wanted = pl.DataFrame(grid, schema=["topic", "topic_zh", "tone"], orient="row")
    with warehouse.connect(settings) as connection:
        months = connection.sql(_PRODUCT_MONTHS, params={"as_of": as_of}).pl()
        connection.register("wanted", wanted)
        counts = connection.sql(_OUTCOMES, params={"as_of": as_of, "days": rules.outcome_days}).pl()
    prior, products = satisfaction.products(months.lazy())
    _write(products, "product_satisfaction", PRODUCT_SATISFACTION, settings)
    _write(satisfaction.outcomes(counts.lazy(), rules), "topic_outcomes", TOPIC_OUTCOMES, settings)
    fitted = {"mean": prior.mean, "strength": prior.strength} if prior else {}
    return [("satisfaction", f"products.{name}", repr(value)) for name, value in fitted.items()]


def _write(table: "pl.LazyFrame", name: str, schema: "pl.Schema", settings: Settings) -> None:
    write_parquet(table.select(schema.names()).cast(schema), settings.derived / "scores" / f"{name}.parquet")
