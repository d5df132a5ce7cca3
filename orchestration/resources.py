"""What every asset may ask for: the settings, the run's day, the lock of the home, and somebody to tell how it goes."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster
from pydantic import PrivateAttr

from orchestration import freshness, lake, rules
from orchestration.lock import run_lock
from orchestration.progress import Progress
from orchestration.settings import Settings


class RunDay(dagster.ConfigurableResource[Any]):
    """The day a run looks at: the one thing to set in the launchpad."""

    as_of: str = ""
    """ISO date; empty: the last day with an order."""
    full: bool = False
    """Build every table anew, not only what changed since the last run."""

    def of(self, settings: Settings) -> str:
        return lake.as_of_day(settings, self.as_of or None)


class RunLock(dagster.ConfigurableResource[Any]):
    """Held from before the first step of a run to after its last."""

    state: str
    _held: ExitStack = PrivateAttr(default_factory=ExitStack)

    def setup_for_execution(self, context: dagster.InitResourceContext) -> None:
        self._held.enter_context(run_lock(Path(self.state)))

    def teardown_after_execution(self, context: dagster.InitResourceContext) -> None:
        self._held.close()


def resources(settings: Settings, progress: Progress) -> dict[str, Any]:
    """The resources of a home, by the names that assets ask for."""

    @dagster.resource(required_resource_keys={"run_day"})
    def settings_of_run(context: dagster.InitResourceContext) -> Settings:
        for sentence in rules.check(settings):
            if context.log:
                context.log.warning(sentence)  # here because it is asked for before the first step
        return freshness.settings_of_run(settings, context.resources.run_day.as_of or None)

    return {"settings": settings_of_run, "progress": progress, "run_day": RunDay(), "run_lock": RunLock(state=str(settings.state))}
