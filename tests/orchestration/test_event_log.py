"""What a run writes into Dagster's log is what Dagster's own reader, and so its UI, finds there."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # Dagster takes seconds to import


def test_dagsters_own_log_reads_what_ours_has_written(tmp_path: Path) -> None:
    import dagster
    from dagster import AssetKey, DagsterInstance

    from orchestration import settings
    from orchestration.event_log import EventLog
    from orchestration.run import _instance

    @dagster.asset
    def bread() -> None: ...

    home = settings.load(tmp_path)
    with _instance(home) as ours:
        assert isinstance(ours.event_log_storage, EventLog)
        run = dagster.materialize([bread], instance=ours)
        written = [event.event_type_value for event in run.all_events]
    with DagsterInstance.from_config(str(home.state / "dagster")) as theirs:
        found = [log.dagster_event.event_type_value for log in theirs.all_logs(run.run_id) if log.dagster_event]
        newest = theirs.get_latest_materialization_event(AssetKey("bread"))
    assert set(written) <= set(found)
    assert newest is not None
    assert newest.run_id == run.run_id
