"""``regulars run`` and ``backtest``: a job in this process, from a look at what there is to do to a summary.

Dagster is imported only where there is work.
"""

import atexit
import gc
import logging
import os
import re
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import freshness, held_orders, lake
from orchestration.backtest.window import window
from orchestration.dumps.completeness import waiting
from orchestration.dumps.inbox import arrivals
from orchestration.dumps.landing import Landing, profiles_in_use
from orchestration.dumps.summary import held_sentence
from orchestration.errors import RegularsError
from orchestration.io import write_json
from orchestration.lists import approval
from orchestration.lock import run_lock
from orchestration.progress import Progress
from orchestration.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance, ExecuteInProcessResult

    from orchestration.identity.findings import Report

DAGSTER_CONFIG = """telemetry:
  enabled: false
nux:
  enabled: false
"""
OBJECTS_UNTIL_A_LOOK = 10_000
"""New ones, before Python's collector looks for what can go."""
DAILY_JOB, BACKTEST_JOB = "daily", "backtest"
"""Jobs by name: their module imports Dagster."""
_SILENT: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Failed(RegularsError):
    """A run that published nothing; the summary has been told already."""


def run(settings: Settings, as_of: str | None, progress: Progress, is_full: bool = False) -> dict[str, Any]:
    """Land what waits and publish what came of it. Returns the figures of the run; ``published`` says whether readers see something new.

    A day before the published one is looked back to: what comes of it is published in a folder of its own (``results`` in the figures),
    and what readers see stays as it is. ``is_full``: build every table anew, also where nothing is new.

    Raises ``RegularsError`` where nothing could be published; what was published before stays as it was.
    """
    started = time.perf_counter()
    as_of = lake.as_of_day(settings, as_of) if as_of else None
    with run_lock(settings.state):
        settings = freshness.settings_of_run(settings, as_of)
        if not is_full and (nothing := _nothing_to_do(settings, as_of)):
            return nothing
        _warn_of_broken_lists(settings, progress)
        result = _execute(
            settings, progress, DAILY_JOB, {**_SILENT, "resources": {"run_day": {"config": {"as_of": as_of or "", "full": is_full}}}}
        )
    figures = {**_figures(progress, started, settings), "is_current": _is_current(settings, as_of), "results": str(settings.results)}
    write_json(figures, settings.state / "last_run.json")
    if not result.success:
        raise Failed("\n".join(_causes(result, progress, settings)))
    if not figures["published"] and figures["held"]:
        raise Failed("Nothing was published: " + "; ".join(figures["held"]), do="mend or remove the files named, then run again")
    if not figures["published"] and not figures["is_current"]:
        raise Failed(
            "Nothing was published, although there is something to publish.", do="look at the run in the Dagster UI (`regulars dagster`)"
        )
    return figures


def backtest(settings: Settings, cut: str, horizon_days: int, progress: Progress) -> dict[str, Any]:
    """Scores as of the cut beside what happened in the days after it. Returns what ``backtest.json`` says, with the ``folder`` it is in.

    What waits in the inbox stays there, and what is published as it is. Raises ``RegularsError`` where there is no telling.
    """
    asked = window(settings, cut, horizon_days)
    with run_lock(settings.state):
        lake.remove_workings(settings)  # of a run that was killed while it looked back
        try:
            result = _execute(settings, progress, BACKTEST_JOB, {"cut": asked.cut.isoformat(), "horizon_days": horizon_days, "quiet": True})
        finally:
            lake.remove_workings(settings)
    if not result.success:
        raise Failed("\n".join(_causes(result, progress, settings)).replace("Nothing was published. ", ""))
    found: dict[str, Any] = progress.figures["backtest"]
    return found


def dagster_home(settings: Settings) -> Path:
    """The folder of Dagster's own records; made, with its settings, where it isn't there yet."""
    home = settings.state / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(DAGSTER_CONFIG, encoding="utf-8")
    return home


def _nothing_to_do(settings: Settings, as_of: str | None) -> dict[str, Any] | None:
    """Figures of a run that has nothing to do, or None. Raises ``RegularsError`` where there is nothing to begin with."""
    ledger = lake.ledger_of(settings)
    try:
        profiles = {source: profile.fingerprint for source, profile in profiles_in_use(settings).items()}
        news = waiting(settings, ledger, profiles)
        if news.ready:
            return None
        if not ledger.files("live") and not any(arrivals(settings.inbox)):
            raise RegularsError(
                "The inbox is empty and nothing was ever delivered.",
                where=settings.inbox,
                expected="order dumps below inbox/<source>/, e.g. inbox/shop/orders_2026-10-31.csv",
                do="copy dumps there, or make sample dumps with `regulars sample`",
            )
        held = [held_sentence(file) for file in ledger.files("held")]
        if not ledger.files("live"):
            raise RegularsError(
                "No file in the inbox could be read: " + "; ".join(held), do="mend the files or their profile, then run again"
            )
        if not freshness.is_current(settings, ledger, as_of):
            return None
        nothing = Landing(unfinished=list(news.unfinished))
        warnings = [*nothing.warnings(), *held_orders.of_publication(settings.results)]
        withheld = [] if settings.looks_back else approval.withheld(approval.waiting(settings))
        figures = {"published": False, "is_current": True, "as_of": as_of, "results": str(settings.results)}
        return {**figures, "withheld": withheld, "held": held, "warnings": warnings, "landing": nothing.counts()}
    finally:
        ledger.close()


def _warn_of_broken_lists(settings: Settings, progress: Progress) -> None:
    """Before any work: the rest of a run takes minutes, and mending a list takes one."""
    from orchestration import rules

    for sentence in rules.check(settings):
        progress.warn(sentence)


def _is_current(settings: Settings, as_of: str | None) -> bool:
    ledger = lake.ledger_of(settings)
    try:
        return freshness.is_current(settings, ledger, as_of)
    finally:
        ledger.close()


def _execute(settings: Settings, progress: Progress, name: str, config: dict[str, Any]) -> "ExecuteInProcessResult":
    with progress.stage("start"), _kept_for_good():
        instance = _instance(settings)
        from orchestration.definitions import build_defs

        job = build_defs(settings, progress).resolve_job_def(name)
    # Dagster warns of each check of each step that a run without news skips. With no handler of ours, Python prints that to the
    # terminal; what a person has to know is in the summary.
    logging.getLogger("dagster").addHandler(logging.NullHandler())
    with instance:
        return job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """What is imported and parsed here stays as long as the process: the collector need not go through it for what can go, again and again.

    Of a small run that took a tenth. From then on it looks at each ten thousandth new object, not at each 700th: a day of Dagster
    makes and drops hundreds of thousands, and looking took a twentieth of it. Nothing where it has been done.
    """
    if gc.get_threshold()[0] == OBJECTS_UNTIL_A_LOOK:  # to ask how much is kept would be to count it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.collect()  # what came and went meanwhile is not to stay
        gc.freeze()
        gc.set_threshold(OBJECTS_UNTIL_A_LOOK, *gc.get_threshold()[1:])
        gc.enable()
        atexit.register(gc.unfreeze)  # or libraries complain, when the process ends, of what was never freed


def _instance(settings: Settings) -> "DagsterInstance":
    home = dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    from dagster import DagsterInstance
    from dagster._core.instance import InstanceRef

    place = {"base_dir": str(home / "history" / "runs")}
    kept_open = {"event_log_storage": {"module": "orchestration.event_log", "class": "EventLog", "config": place}}
    return DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=kept_open))


def _figures(progress: Progress, started: float, settings: Settings) -> dict[str, Any]:
    landing: Landing = progress.figures.get("landing", Landing())
    publication = progress.figures.get("publication")
    listed = publication.manifest["lists"] if publication else {}
    identity: Report | None = progress.figures.get("identity")
    return {
        "published": publication is not None,
        "as_of": publication.as_of.isoformat() if publication else None,
        "run_id": publication.run_id if publication else None,
        "landing": landing.counts(),
        "left_out": landing.left_out_by_rule,
        "held": [held_sentence(file) for file in landing.held],
        "tables": dict(publication.tables) if publication else {},
        "lists": {name: _list_figures(entry) for name, entry in listed.items() if entry["available"]},
        "unavailable_lists": {name: list(needs) for name, needs in progress.figures.get("unavailable_lists", {}).items()},
        "withheld": approval.withheld(listed),
        "groups": progress.figures.get("groups", {}),
        "persons": asdict(identity) if identity else {},
        "warnings": [
            *landing.warnings(),
            *progress.figures.get("held_orders", []),
            *(identity.sentences(settings) if identity else []),
            *progress.figures.get("warnings", []),
        ],
        "validation": progress.figures.get("validation", {}),
        "failures": progress.failures,
        "stages": {name: round(seconds, 3) for name, seconds in progress.seconds.items()},
        "total_seconds": round(time.perf_counter() - started, 3),
        "peak_memory_bytes": _peak_memory(),
    }


def _peak_memory() -> int:
    """Bytes this process held at most. Not ``ru_maxrss`` where it can be helped: a process inherits that from the one that started it."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return (int(found.group(1)) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024


def _list_figures(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "published": entry["published"],
        "sent": entry["sent"],
        "chosen": entry["chosen"],
        "dropped": {reason: count for reason, count in entry["dropped"].items() if count},
    }


def _causes(result: "ExecuteInProcessResult", progress: Progress, settings: Settings) -> list[str]:
    """Why a run failed, in sentences: failed checks by name, errors of ours as they are, anything else with a way to its traceback."""
    sentences = [f"Nothing was published. {failure}" for failure in progress.failures]
    sentences += progress.figures.get("held_orders", []) if sentences else []
    for event in result.all_events:
        if event.is_step_failure and not sentences:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            if cause and cause.cls_name in ("RegularsError", "Failed"):
                sentences.append(cause.message.split(": ", 1)[-1].strip())
            elif cause:
                log = settings.state / "last_error.log"
                log.write_text(str(error.to_string() if error else ""), encoding="utf-8")
                sentences.append(f"Step '{event.step_key}' failed unexpectedly: {cause.message.strip()[:500]} The traceback is in {log}.")
    return sentences or ["The run failed before its first step; see the Dagster UI (`regulars dagster`)."]
