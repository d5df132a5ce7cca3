"""The only file that knows both Great Expectations and Dagster: suites become asset checks that what comes after waits for."""

from typing import TYPE_CHECKING, Any

import dagster
from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, AssetCheckSpec, AssetKey, MetadataValue, ResourceParam

from orchestration.checks.expectations import EXAMPLES, Expectation, Finding, Suite
from orchestration.checks.suites import SUITES
from orchestration.progress import Progress
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl


def validate(suite: Suite, frame: "pl.DataFrame") -> list[Finding]:
    """Judge the frame by the suite. Ephemeral: nothing is written, nothing is sent."""
    import great_expectations
    from great_expectations import expectations

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = context.data_sources.add_pandas("pandas").add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("all")
    built = [getattr(expectations, wanted.kind)(**wanted.terms, severity=wanted.severity) for wanted in suite.expectations]
    judged = frame.select(sorted({*suite.keys, *(column for wanted in suite.expectations for column in wanted.columns)}))
    named = judged.height if suite.settle else EXAMPLES  # where each row is settled by itself, every one has to be told
    result = batches.get_batch({"dataframe": judged.to_pandas()}).validate(
        great_expectations.ExpectationSuite(name=suite.name, expectations=built),
        result_format={"result_format": "SUMMARY", "unexpected_index_column_names": list(suite.keys), "partial_unexpected_count": named},
    )
    by_terms = {_signature(found.expectation_config.type, found.expectation_config.kwargs): found for found in result.results}
    return [
        _finding(wanted, by_terms[_signature(made.expectation_type, made.configuration.kwargs)], suite)
        for wanted, made in zip(suite.expectations, built, strict=True)
    ]


def _finding(wanted: Expectation, found: Any, suite: Suite) -> Finding:
    rows = found.result.get("partial_unexpected_index_list") or []
    broken_by = [{key: row[key] for key in suite.keys} for row in rows]
    count = int(found.result.get("unexpected_count") or 0)
    return Finding(wanted, bool(found.success), count, broken_by)


def _signature(kind: str, terms: dict[str, Any]) -> str:
    return repr((kind, sorted((name, value) for name, value in terms.items() if name != "batch_id" and value is not None)))


def checks() -> list[AssetChecksDefinition]:
    """One blocking check per suite."""
    return [_check(suite) for suite in SUITES]


def _check(suite: Suite) -> AssetChecksDefinition:
    spec = AssetCheckSpec(suite.name, asset=AssetKey(list(suite.asset)), blocking=True, description=suite.frame.__doc__)

    @dagster.multi_asset_check(specs=[spec], name=f"check_{suite.name}")
    def check(settings: ResourceParam[Settings], progress: ResourceParam[Progress]) -> AssetCheckResult:
        with progress.stage("validate"):
            frame = suite.frame(settings)
            findings = validate(suite, frame)
            failed = [finding for finding in findings if not finding.is_met]
            told = suite.settle(settings, frame, findings) if suite.settle else [finding.sentence for finding in failed]
        critical = [finding for finding in failed if finding.expectation.severity == "critical"]
        progress.figures.setdefault("validation", {})[suite.name] = {
            "expectations": len(findings),
            "failed": [finding.sentence for finding in critical],
            "warnings": [finding.sentence for finding in failed if finding not in critical],
        }
        stops = bool(critical) and not suite.settle
        progress.failures += [f"{suite.name}: {finding.sentence}" for finding in critical if stops]
        return AssetCheckResult(
            passed=not failed,
            severity=AssetCheckSeverity.ERROR if stops else AssetCheckSeverity.WARN,
            description="; ".join(told) or f"all {len(findings)} expectations met",
            metadata={
                "expectations": len(findings),
                "failed": MetadataValue.md("\n".join(f"- {sentence}" for sentence in told) or "none"),
            },
        )

    return check
