"""Assets of the scores: fitted on the whole base, applied to each customer."""

from collections.abc import Iterator

import dagster
import polars as pl
from dagster import AssetKey, MaterializeResult, ResourceParam

from orchestration import lake, opinions, warehouse
from orchestration.io import write_parquet, write_parquet_portions, write_text
from orchestration.progress import Progress
from orchestration.resources import RunDay
from orchestration.rules import scoring_rules
from orchestration.settings import Settings
from transforms import scores
from transforms.schemas import CUSTOMER_FACTS

FACTS = AssetKey(["marts", "customer_facts"])
SCORES = AssetKey(["scores", "customer_scores"])
PARAMETERS = AssetKey(["scores", "run_parameters"])
OPINIONS = [AssetKey(["scores", table]) for table in opinions.TABLES]
REVIEWS = [AssetKey(["marts", table]) for table in ("fct_orders", "fct_reviews", "review_topics")]
HISTORY = AssetKey(["history", "segment_history"])


@dagster.multi_asset(
    name="score",
    specs=[
        dagster.AssetSpec(SCORES, group_name="scores", deps=[FACTS], description="Every score. Grain: one row per customer."),
        dagster.AssetSpec(
            PARAMETERS, group_name="scores", deps=[FACTS], description="What was fitted. Grain: one row per model and parameter."
        ),
        *(dagster.AssetSpec(key, group_name="scores", deps=REVIEWS, description="What reviews say, and what follows.") for key in OPINIONS),
    ],
)
def customer_scores(settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay) -> Iterator[MaterializeResult]:
    """Facts → parameters → scores; reviews → satisfaction."""
    path = settings.derived / "scores" / "customer_scores.parquet"
    with progress.stage("scores"), warehouse.scan(settings, "marts.customer_facts", CUSTOMER_FACTS) as facts:
        parameters = scores.fit(facts, scoring_rules(settings))
        fitted = opinions.write(settings, run_day.of(settings), parameters.satisfaction.rules)
        rows = pl.DataFrame([*parameters.to_rows(), *fitted], schema=["model", "parameter", "value"], orient="row")
        write_parquet(rows, settings.derived / "scores" / "run_parameters.parquet")
        write_text(parameters.to_json(), settings.derived / "scores" / "parameters.json")
        write_parquet_portions(map(scores.with_digest, scores.portions(facts, parameters)), path)
        groups = pl.read_parquet(path, columns=["rfm_group"], glob=False)["rfm_group"]
    progress.figures["groups"] = dict(groups.value_counts(sort=True).iter_rows())
    progress.figures["warnings"] = list(parameters.warnings)
    yield MaterializeResult(asset_key=SCORES, metadata={"warnings": list(parameters.warnings)})
    yield MaterializeResult(asset_key=PARAMETERS, metadata={"parameters": rows.height})
    yield from (MaterializeResult(asset_key=key) for key in OPINIONS)


@dagster.asset(key=HISTORY, group_name="scores", deps=[FACTS])
def published_history(settings: ResourceParam[Settings]) -> None:
    """The movements that readers see at present; this run's are added to them. Grain: one row per customer, dimension and change."""
    lake.write_history(settings)
