"""Sample dumps: a merchant's two years in daily files, and the truth behind them. Knows no Dagster, no dbt and nothing of the pipeline."""

from orchestration.sample.write import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
