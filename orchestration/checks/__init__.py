"""What must hold before anything leaves: the suites, and the one file that runs them with Great Expectations in Dagster."""
