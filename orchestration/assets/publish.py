"""The asset that readers see: one atomic switch from the last publication to this run's."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster
import polars as pl
from dagster import AssetExecutionContext, AssetKey, MaterializeResult, ResourceParam

from orchestration import built, lake, warehouse
from orchestration.assets.lists import MEMBERS
from orchestration.exports.master import COLUMNS
from orchestration.exports.package import RunFacts, write_package
from orchestration.freshness import publication_info
from orchestration.lists import left_out, results, verdicts
from orchestration.lists.left_out import LeftOut
from orchestration.progress import Progress
from orchestration.publication import publish
from orchestration.resources import RunDay
from orchestration.rules import contact_rules, list_definitions
from orchestration.settings import Settings

PUBLICATION = AssetKey(["published", "publication"])


def publication_of(marts: list[AssetKey]) -> dagster.AssetsDefinition:
    """The publication asset, which waits for every mart and for the lists."""

    @dagster.asset(key=PUBLICATION, group_name="publish", deps=[*marts, MEMBERS])
    def publication(
        context: AssetExecutionContext, settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay
    ) -> MaterializeResult:
        """BI snapshot, Parquet tables and list files of one run, visible together."""
        as_of = date.fromisoformat(run_day.of(settings))
        judged = verdicts.read(settings)
        members = verdicts.shown_members(settings, judged)
        ledger = lake.ledger_of(settings)
        info = publication_info(settings, ledger)
        ledger.close()

        not_built = left_out.read(settings)
        definitions = [definition for definition in list_definitions(settings) if definition.name not in not_built.broken]
        wanted = [*COLUMNS, *(column for definition in definitions for column in definition.columns)]

        def fill(folder: Path) -> Mapping[str, Any]:
            with progress.stage("exports"):
                return write_package(
                    folder,
                    customers,
                    pl.scan_parquet(members, glob=False),
                    warehouse.read(settings, "working.private.customer_contacts"),
                    definitions,
                    _run_facts(context.run.run_id, as_of, settings, progress, not_built),
                    judged,
                    settings.language,
                )

        # what the exports read is put aside before the tables are written: at once, both engines would take the memory
        with progress.stage("publish"), warehouse.scan(settings, "marts.customer_360", wanted) as customers:
            published = publish(
                settings.results,
                context.run.run_id,
                as_of,
                settings.warehouse,
                fill,
                extra_tables={"list_members": members, results.TABLE: members.with_name(f"{results.TABLE}.parquet")},
                info=info,
                keep=1 if settings.looks_back else settings.keep_publications,
                engine=settings.engine_beside,
            )
        built.note_publication(settings, context.run.run_id)
        if settings.looks_back:
            lake.remove_workings(settings)
        progress.figures["publication"] = published
        return MaterializeResult(metadata={"as_of": as_of.isoformat(), "tables": len(published.tables), **published.tables})

    return publication


def _run_facts(run_id: str, as_of: date, settings: Settings, progress: Progress, not_built: LeftOut) -> RunFacts:
    parameters = json.loads((settings.derived / "scores" / "parameters.json").read_text(encoding="utf-8"))
    validation = progress.figures.get("validation", {})
    return RunFacts(run_id, as_of, parameters, validation, contact_rules(settings), not_built.lacking, not_built.broken)
