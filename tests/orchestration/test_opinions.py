"""What reviews say of products, and what follows a topic, counted from the marts: who counts where, and up to which day."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration import opinions
from orchestration.settings import Settings
from transforms.satisfaction import Rules
from transforms.schemas import PRODUCT_SATISFACTION, TOPIC_OUTCOMES

# customer, day, stars, topic, tone; the as-of day is 1 April, what follows is looked at for 90 days: reviews up to 1 January count.
REVIEWS = """
    ('again', '2024-11-10', 2, 'quality', 'negative'), ('later', '2024-11-10', 1, 'quality', 'negative'),
    ('later', '2024-12-30', 1, 'quality', 'negative'), ('too_new', '2024-11-05', 4, null, null),
    ('too_new', '2025-01-02', 2, 'quality', 'negative'), ('praises', '2024-11-10', 5, 'quality', 'positive'),
    ('silent', '2024-11-01', 3, null, null), ('same_day', '2024-12-01', 1, 'quality', 'negative'),
    (null, '2024-11-01', 1, 'quality', 'negative'), ('from_the_future', '2025-04-02', 1, 'quality', 'negative')"""
ORDERS = """
    ('again', '2024-11-01', '2024-11-01'), ('again', '2024-11-20', '2024-11-20'), ('later', '2025-02-09', '2025-02-09'),
    ('praises', '2024-11-11', '2024-11-11'), ('same_day', '2024-12-01', '2024-12-01'), ('silent', '2024-11-02', '2025-04-02')"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = Settings(home=tmp_path)
    with duckdb.connect(str(home.working)):
        pass
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            f"""create table marts.fct_reviews as
            select customer_id, day::date as created_date, rating, rating >= 4 as is_positive, rating <= 2 as is_negative,
                'P1' as product_key, topic, tone from (values {REVIEWS}) as reviews (customer_id, day, rating, topic, tone)"""
        )
        connection.execute(
            "create table marts.review_topics as select *, '质量' as topic_zh from marts.fct_reviews where topic is not null"
        )
        connection.execute(
            f"""create table marts.fct_orders as
            select customer_id, ordered::date as ordered_date, counted::date as counted_date, true as is_purchase
            from (values {ORDERS}) as orders (customer_id, ordered, counted)"""
        )
    return home


def test_each_customer_counts_once_per_topic_and_tone_if_the_horizon_is_over(settings: Settings) -> None:
    opinions.write(settings, "2025-04-01", Rules(min_customers=2))
    found = pl.read_parquet(settings.derived / "scores" / "topic_outcomes.parquet")
    assert found.schema == TOPIC_OUTCOMES
    blamed = found.row(by_predicate=(pl.col("topic") == "quality") & (pl.col("tone") == "negative"), named=True)
    # again bought; later did, but after the horizon; same_day only on the day of the review
    assert (blamed["customers_count"], blamed["bought_again_count"]) == (3, 1)
    # praises bought; silent did not, as far as the as-of day knows; too_new has said it, and is no other
    assert (blamed["others_count"], blamed["others_bought_again_share"]) == (2, 0.5)
    assert found.filter(topic="price")["finding"].to_list() == ["too small to say"] * 2


def test_products_are_counted_by_month_up_to_the_day(settings: Settings) -> None:
    fitted = opinions.write(settings, "2025-04-01", Rules())
    found = pl.read_parquet(settings.derived / "scores" / "product_satisfaction.parquet")
    assert found.schema == PRODUCT_SATISFACTION
    months = found.select("month", "reviews_count", "negative_reviews_count", "mean_rating", "praised_topics", "blamed_topics_zh").rows()
    assert months == [
        (date(2024, 11, 1), 6, 3, 16 / 6, "quality 1", "质量 3"),
        (date(2024, 12, 1), 2, 2, 1.0, None, "质量 2"),
        (date(2025, 1, 1), 1, 1, 2.0, None, "质量 1"),
    ]
    assert [parameter for _, parameter, _ in fitted] == ["products.mean", "products.strength"]
