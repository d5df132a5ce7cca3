"""What a run tells while it goes on, and what it has counted when it ends."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """Seconds per stage and the figures of the summary. The command line draws it; in the Dagster UI nobody listens."""

    seconds: dict[str, float] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    _within: list[float] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as that stage. A stage may come in several parts; one within another counts for itself alone."""
        started = time.perf_counter()
        self._within.append(0.0)
        self.begin(name)
        try:
            yield
        finally:
            elapsed = time.perf_counter() - started
            seconds = elapsed - self._within.pop()
            if self._within:
                self._within[-1] += elapsed
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds
            self.end(name, seconds)

    def warn(self, sentence: str) -> None:
        """Called, before the work begins, with what a person may want to mend first."""

    def begin(self, name: str) -> None:
        """Called when a stage begins."""

    def advance(self, name: str, share: float) -> None:
        """Called as a long stage goes on, with the share done, 0 to 1."""

    def end(self, name: str, seconds: float) -> None:
        """Called when a stage, or a part of it, ends."""
