"""The one ``@dbt_assets``: the tables of the dbt project. A run comes here twice, before the scores and after them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster
from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    ResourceParam,
)
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration import held_orders, warehouse
from orchestration.graph import INSIDE
from orchestration.prepared import Node
from orchestration.progress import Progress
from orchestration.resources import RunDay
from orchestration.settings import Settings


class Translator(DagsterDbtTranslator):
    """Asset groups are the folders of the project; keys are dbt's own ``schema/model``."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return str(dbt_resource_props["fqn"][1]) if dbt_resource_props["resource_type"] == "model" else None


def models(manifest: Path) -> AssetsDefinition:
    """The assets of the prepared manifest: marts and what is private. What only the project itself reads comes and goes with them."""

    @dbt_assets(manifest=_outside(manifest), exclude="resource_type:seed", name="dbt", dagster_dbt_translator=Translator())
    def dbt_models(
        context: AssetExecutionContext, settings: ResourceParam[Settings], progress: ResourceParam[Progress], run_day: RunDay
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        with progress.stage("facts" if AssetKey(["marts", "customer_facts"]) in context.selected_asset_keys else "views"):
            keys = {key.path[-1]: key for key in context.selected_asset_keys}
            nodes = warehouse.build(settings, keys, run_day.of(settings), run_day.full)
        if any(node.unique_id == "model.regulars.held_orders" and node.status == "success" for node in nodes):
            progress.figures["held_orders"] = held_orders.of_warehouse(settings)
        yield from _results(nodes, keys, context)
        if failed := [node for node in nodes if node.has_failed]:
            sentences = [f"{node.unique_id.split('.')[2]}: {node.message or node.status}" for node in failed]
            progress.failures += [f"dbt {sentence}" for sentence in sentences]
            raise dagster.Failure("; ".join(sentences), allow_retries=False)
        built = {node.unique_id.split(".")[2] for node in nodes if node.status == "success"}
        if missing := sorted(keys.keys() - built):
            raise dagster.Failure(f"dbt did not build {', '.join(missing)}", allow_retries=False)

    return dbt_models


def _outside(manifest: Path) -> dict[str, Any]:
    """The manifest with the inside of the project as Dagster knows ephemeral models: no assets, but looked through for what feeds them."""
    content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    inside = {name for name, node in content["nodes"].items() if node["resource_type"] == "model" and node["schema"] in INSIDE}
    for name in inside:
        content["nodes"][name]["config"]["materialized"] = "ephemeral"
    for name, parents in content["parent_map"].items():
        if name.startswith("test."):  # a check can wait for assets alone
            content["parent_map"][name] = [parent for parent in parents if parent not in inside]
    return content


def _results(
    nodes: list[Node], keys: Mapping[str, AssetKey], context: AssetExecutionContext
) -> Iterator[MaterializeResult | AssetCheckResult]:
    checks = {check.name: check for check in context.selected_asset_check_keys}
    for node in nodes:
        name = node.unique_id.split(".")[2]
        if node.is_test and name in checks:
            yield AssetCheckResult(
                asset_key=checks[name].asset_key,
                check_name=name,
                passed=not node.has_failed,
                severity=AssetCheckSeverity.ERROR,
                metadata={"failing_rows": node.failures, "seconds": node.seconds},
            )
        elif name in keys and node.status == "success":
            yield MaterializeResult(asset_key=keys[name], metadata={"seconds": node.seconds})
