"""Assets of what the words of reviews say."""

import dagster
from dagster import AssetKey, AssetSpec, MaterializeResult, ResourceParam

from orchestration import texts
from orchestration.progress import Progress
from orchestration.settings import Settings

REVIEWS = AssetKey(["clean", "reviews"])
SENTIMENTS = AssetKey(["texts", "review_sentiments"])
TOPICS = AssetKey(["texts", "review_topics"])


@dagster.multi_asset(
    name="read_texts",
    specs=[
        AssetSpec(
            SENTIMENTS, group_name="texts", deps=[REVIEWS], description="What words say. Grain: one delivered review with a known word."
        ),
        AssetSpec(TOPICS, group_name="texts", deps=[REVIEWS], description="What they speak of. Grain: one delivered review and topic."),
    ],
)
def review_texts(settings: ResourceParam[Settings], progress: ResourceParam[Progress]) -> tuple[MaterializeResult, MaterializeResult]:
    """Clean reviews → sentiment and topics of those that came since."""
    with progress.stage("texts"):
        reading = texts.read(settings, lambda share: progress.advance("texts", share))
    counts = {"reviews_read": reading.rows, "batches_read_before": reading.batches_read_before}
    return MaterializeResult(asset_key=SENTIMENTS, metadata=counts), MaterializeResult(asset_key=TOPICS, metadata=counts)
