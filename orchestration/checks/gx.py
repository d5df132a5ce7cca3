"""The only file that knows both Great Expectations and Dagster: suites become blocking asset checks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster
from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, AssetCheckSpec, AssetKey, MetadataValue, ResourceParam

from orchestration.checks.suites import SUITES, Expectation, Suite
from orchestration.progress import Progress
from orchestration.settings import Settings

if TYPE_CHECKING:
    import polars as pl

EXAMPLES = 5
"""Rows that a failing expectation names."""


@dataclass(frozen=True)
class Finding:
    """What became of one expectation. ``examples``: keys of rows that broke it, never their values."""

    expectation: Expectation
    is_met: bool
    rows: int
    examples: list[dict[str, Any]]

    @property
    def sentence(self) -> str:
        term = self.expectation.terms
        about = term.get("column") or " and ".join(term.get("column_list", [])) or f"{term.get('column_A')} and {term.get('column_B')}"
        named = (
            "; e.g. " + ", ".join("/".join(str(value) for value in example.values()) for example in self.examples) if self.examples else ""
        )
        return f"{about}: expected that {self.expectation.because}, {self.rows} row(s) break it{named}"


def validate(suite: Suite, frame: "pl.DataFrame") -> list[Finding]:
    """Judge the frame by the suite. Ephemeral: nothing is written, nothing is sent."""
    import great_expectations
    from great_expectations import expectations

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batches = context.data_sources.add_pandas("pandas").add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("all")
    built = [getattr(expectations, wanted.kind)(**wanted.terms, severity=wanted.severity) for wanted in suite.expectations]
    judged = frame.select(sorted({*suite.keys, *(column for wanted in suite.expectations for column in wanted.columns)}))
    result = batches.get_batch({"dataframe": judged.to_pandas()}).validate(
        great_expectations.ExpectationSuite(name=suite.name, expectations=built),
        result_format={"result_format": "SUMMARY", "unexpected_index_column_names": list(suite.keys), "partial_unexpected_count": EXAMPLES},
    )
    by_terms = {_signature(found.expectation_config.type, found.expectation_config.kwargs): found for found in result.results}
    return [
        _finding(wanted, by_terms[_signature(made.expectation_type, made.configuration.kwargs)], suite)
        for wanted, made in zip(suite.expectations, built, strict=True)
    ]


def _finding(wanted: Expectation, found: Any, suite: Suite) -> Finding:
    rows = found.result.get("partial_unexpected_index_list") or []
    examples = [{key: row[key] for key in suite.keys} for row in rows[:EXAMPLES]]
    count = int(found.result.get("unexpected_count") or 0)
    return Finding(wanted, bool(found.success), count, examples)


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
            findings = validate(suite, suite.frame(settings))
        failed = [finding for finding in findings if not finding.is_met]
        critical = [finding for finding in failed if finding.expectation.severity == "critical"]
        progress.figures.setdefault("validation", {})[suite.name] = {
            "expectations": len(findings),
            "failed": [finding.sentence for finding in critical],
            "warnings": [finding.sentence for finding in failed if finding not in critical],
        }
        progress.failures += [f"{suite.name}: {finding.sentence}" for finding in critical]
        return AssetCheckResult(
            passed=not failed,
            severity=AssetCheckSeverity.ERROR if critical else AssetCheckSeverity.WARN,
            description="; ".join(finding.sentence for finding in failed) or f"all {len(findings)} expectations met",
            metadata={
                "expectations": len(findings),
                "failed": MetadataValue.md("\n".join(f"- {finding.sentence}" for finding in failed) or "none"),
            },
        )

    return check
