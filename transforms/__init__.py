"""WHAT is computed: pure, lazy Polars. No paths, no clock, no Dagster, no dbt, no environment."""
