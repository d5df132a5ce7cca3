"""The only file that knows both Great Expectations and Dagster: suites become asset checks that what comes after waits for."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster
from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, AssetCheckSpec, AssetKey, MetadataValue, ResourceParam

from orchestration.checks.expectations import EXAMPLES, Expectation, Finding, Suite
from orchestration.checks.suites import SUITES
from orchestration.progress import Progress
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl


SOURCE = "frames"
"""The data source's name at Great Expectations."""
LARGE_BYTES = 100_000_000
"""Frames from here on are freed as soon as they are judged; others when Python's collector comes by."""


def validate(suite: Suite, frame: "pl.DataFrame") -> list[Finding]:
    """Judge the frame by the suite. Ephemeral: nothing is written, nothing is sent.

    Whether an expectation is met costs a third of what it costs to be told which rows break it: only those that are not met are asked that.
    """
    with _judging(suite, frame) as asked:
        is_met = [bool(found.success) for found in asked(suite.expectations, {"result_format": "BOOLEAN_ONLY"})]
        named = frame.height if suite.settle else EXAMPLES  # where each row is settled by itself, every one has to be told
        told = {"result_format": "SUMMARY", "unexpected_index_column_names": list(suite.keys), "partial_unexpected_count": named}
        broken = iter(asked([wanted for wanted, met in zip(suite.expectations, is_met, strict=True) if not met], told))
        return [
            Finding(wanted, True, 0, []) if met else _finding(wanted, next(broken), suite)
            for wanted, met in zip(suite.expectations, is_met, strict=True)
        ]


@contextmanager
def _judging(suite: Suite, frame: "pl.DataFrame") -> Iterator[Callable[[Sequence[Expectation], dict[str, Any]], list[Any]]]:
    """Expectations and a result format → what Great Expectations says of the frame, in their order."""
    import great_expectations
    import polars as pl
    from great_expectations import expectations

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = context.data_sources.add_pandas(SOURCE).add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("all")
    # pandas would hold an object for each amount, and for each word of a column that is looked at by itself
    alone = [column for column in suite.columns if column not in (*suite.keys, *suite.paired) and frame.schema[column] == pl.String]
    judged = frame.select(suite.columns).with_columns(pl.col(pl.Decimal).cast(pl.Float64), pl.col(alone).cast(pl.Categorical))
    batch = batches.get_batch({"dataframe": judged.to_pandas()})

    def ask(wanted: Sequence[Expectation], result_format: dict[str, Any]) -> list[Any]:
        if not wanted:
            return []
        built = [getattr(expectations, each.kind)(**each.terms, severity=each.severity) for each in wanted]
        result = batch.validate(great_expectations.ExpectationSuite(name=suite.name, expectations=built), result_format=result_format)
        by_terms = {_signature(found.expectation_config.type, found.expectation_config.kwargs): found for found in result.results}
        return [by_terms[_signature(made.expectation_type, made.configuration.kwargs)] for made in built]

    try:
        yield ask
    finally:
        context.data_sources.delete(SOURCE)  # the library keeps the last context, and with it the frame
        if frame.estimated_size() > LARGE_BYTES:
            del batch, batches
            gc.collect()  # what holds the frame refers to itself


def _finding(wanted: Expectation, found: Any, suite: Suite) -> Finding:
    rows = found.result.get("partial_unexpected_index_list") or []
    broken_by = [{key: row[key] for key in suite.keys} for row in rows]
    count = int(found.result.get("unexpected_count") or 0)
    return Finding(wanted, False, count, broken_by)


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
