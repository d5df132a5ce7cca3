"""Assets from the inbox to the clean layer, and who is one person."""

from collections.abc import Iterator
from datetime import date

import dagster
from dagster import AssetExecutionContext, AssetKey, AssetSpec, MaterializeResult, ResourceParam

from orchestration import lake
from orchestration.dumps.clean_layer import REFUSED
from orchestration.dumps.feeds import FEEDS
from orchestration.dumps.landing import land
from orchestration.freshness import is_current
from orchestration.identity.identify import identify
from orchestration.lists import permission
from orchestration.progress import Progress
from orchestration.resources import RunDay, RunLock
from orchestration.settings import Settings

RAW = AssetKey(["raw", "deliveries"])
FILES = AssetKey(["clean", "files"])
CLEAN = [AssetKey(["clean", feed]) for feed in FEEDS]
REFUSED_ROWS = AssetKey(["clean", REFUSED])
LINKS = AssetKey(["identity", "customer_links"])
CONSENTS = AssetKey(["identity", "customer_consents"])
ID_CHANGES = AssetKey(["identity", "customer_id_changes"])

_SPECS = [
    AssetSpec(
        RAW,
        group_name="raw",
        skippable=True,
        description="Every delivered file as received, and the ledger that names it. Grain: one delivered content.",
    ),
    *(
        AssetSpec(
            key,
            group_name="clean",
            deps=[RAW],
            skippable=True,
            description=f"Typed rows of feed '{key.path[-1]}' with their origin. Grain: one delivered row.",
        )
        for key in CLEAN
    ),
    AssetSpec(
        REFUSED_ROWS,
        group_name="clean",
        deps=[RAW],
        skippable=True,
        description="Which orders rows in quarantine belong to. Grain: one refused row whose order can be told.",
    ),
    AssetSpec(
        FILES, group_name="clean", deps=[RAW], skippable=True, description="The delivered files whose rows count. Grain: one live file."
    ),
]


@dagster.multi_asset(specs=_SPECS, name="land")
def landed_dumps(
    context: AssetExecutionContext, settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay, run_lock: RunLock
) -> Iterator[MaterializeResult]:
    """Inbox → raw, clean and quarantine. Where nothing came of it that readers don't see already, everything after it is skipped."""
    with progress.stage("land"):
        lake.remove_workings(settings)  # of a run that was killed while it looked back
        ledger = lake.ledger_of(settings)
        landing = land(settings, ledger, context.run.run_id, lambda share: progress.advance("land", share))
        is_wanted = run_day.full or not is_current(settings, ledger, run_day.as_of or None)
        needs_no_run = not is_wanted or not ledger.files("live")
        ledger.close()
        lake.write_live_files(settings)
    progress.figures["landing"] = landing
    if not needs_no_run:
        yield MaterializeResult(asset_key=RAW, metadata=landing.counts())
        for key in CLEAN:
            rows = sum(file.rows_clean for file in landing.live if file.feed == key.path[-1])
            yield MaterializeResult(asset_key=key, metadata={"rows_landed": rows})
        yield MaterializeResult(asset_key=REFUSED_ROWS, metadata={"rows_landed": landing.rows_quarantined})
        yield MaterializeResult(asset_key=FILES, metadata=landing.counts())


@dagster.multi_asset(
    name="identify",
    specs=[
        AssetSpec(
            LINKS,
            group_name="identity",
            deps=[*CLEAN, FILES],
            description="Which source ids are one person, and by what evidence. Grain: one row per source and source customer id.",
        ),
        AssetSpec(
            ID_CHANGES,
            group_name="identity",
            deps=[*CLEAN, FILES],
            description="Who has another id than before. Grain: one row per former id, new id and day of change.",
        ),
        AssetSpec(
            CONSENTS,
            group_name="identity",
            deps=[*CLEAN, FILES],
            description="Who agreed to be written to on which channel, over all ids. Grain: one row per person with a statement on record.",
        ),
    ],
)
def customer_links(
    context: AssetExecutionContext, settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay
) -> tuple[MaterializeResult, MaterializeResult, MaterializeResult]:
    """Clean tables → who is one person, who is somebody else by now, and what each agreed to."""
    with progress.stage("identity"):
        if settings.looks_back:  # a backtest does so and lands nothing
            lake.write_live_files(settings)
        report = identify(settings, date.fromisoformat(run_day.of(settings)), context.run.run_id)
        persons = permission.write_consents(settings)
    progress.figures["identity"] = report
    return (
        MaterializeResult(asset_key=LINKS, metadata=report.counts()),
        MaterializeResult(asset_key=ID_CHANGES, metadata=dict(report.id_changes)),
        MaterializeResult(asset_key=CONSENTS, metadata={"persons": persons}),
    )
