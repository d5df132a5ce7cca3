"""What a person sees in the terminal: progress of a run, its summary, and the state of a home."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from orchestration import held_orders, lake
from orchestration.dumps import quarantine
from orchestration.dumps.completeness import waiting
from orchestration.dumps.decisions import affected
from orchestration.dumps.landing import Landing, profiles_in_use
from orchestration.dumps.ledger import File
from orchestration.dumps.summary import held_sentence
from orchestration.identity.findings import last_report
from orchestration.lists import approval
from orchestration.progress import Progress
from orchestration.publication import current
from orchestration.settings import Settings

STAGES = {
    "start": "start up",
    "land": "read dumps",
    "identity": "link customers",
    "texts": "read reviews",
    "facts": "build facts",
    "scores": "score customers",
    "backtest": "compare",
    "views": "join and compare",
    "lists": "build lists",
    "validate": "validate",
    "exports": "write files",
    "publish": "publish",
}


class _Drawn(Progress):
    """Says of each stage, as it ends, how long it took."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def warn(self, sentence: str) -> None:
        _warned(self._console, [sentence])

    def end(self, name: str, seconds: float) -> None:
        self._console.print(f"  [green]✓[/green] {STAGES.get(name, name):<18} {seconds:6.1f} s")

    def advance(self, name: str, share: float) -> None:
        if self._console.is_terminal:
            self._console.print(f"    {STAGES.get(name, name)} {share:4.0%}", end="\r")


def progress(console: Console) -> Progress:
    return _Drawn(console)


@contextmanager
def bar(console: Console, title: str) -> Iterator[Callable[[str, float], None]]:
    """A bar that a long piece of work advances: called with what it is at and the share done."""
    with Bars(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(), console=console
    ) as bars:
        task = bars.add_task(title, total=1.0)
        yield lambda what, share: bars.update(task, description=what, completed=share)


def summary(console: Console, figures: dict[str, Any], settings: Settings) -> None:
    """What a run did, in a table; where it published nothing new, one sentence."""
    landing, results = figures["landing"], Path(figures["results"])
    if not figures["published"]:
        known = f"{landing['files_already_loaded']} file(s) were loaded before; " if landing["files_already_loaded"] else ""
        subject = f"{results}, as of {figures['as_of']}," if results != settings.home else "what is published"
        console.print(f"Nothing new in {settings.inbox}: {known}{subject} is up to date.", soft_wrap=True)
        _held(console, figures["held"])
        _warned(console, figures["warnings"])
        _withheld(console, figures["withheld"])
        return
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in _rows(figures):
        table.add_row(name, value)
    console.print()
    console.print(table)
    _held(console, figures["held"])
    _warned(console, [*figures["warnings"], *(text for suite in figures["validation"].values() for text in suite["warnings"])])
    _withheld(console, figures["withheld"])
    lists, tables = results / "exports" / "latest", results / "published" / "warehouse.duckdb"
    console.print(f"\nPublished as of {figures['as_of']}: {lists} and {tables}", soft_wrap=True)
    if results != settings.home and (published := current(settings.home)):
        console.print(f"It stands apart: what readers see stays as of {published['as_of']}.")


def backtest(console: Console, found: dict[str, Any], language: str = "en") -> None:
    """Each score beside its baseline, what follows from it, and where the rest of a backtest is."""
    from orchestration.backtest.page import with_interval

    totals = found["totals"]
    console.print(
        f"\nScores as of {found['cut']}: of {totals['customers']:,} customers with a purchase {totals['came_back']:,} came back "
        f"within {found['horizon_days']} days.",
        soft_wrap=True,
    )
    for measure, rows in groupby(found["comparisons"], lambda row: row["measure"]):
        console.print(f"\n[bold]{measure}[/bold]")
        for row in rows:
            if row["value"] is None:
                console.print(f"  {row['signal']:<16} unknown")
                continue
            beside = f"{row['value']:6.3f}   {row['baseline']} {row['baseline_value']:.3f}"
            console.print(f"  {row['signal']:<16} {beside:<34} {row['verdict']:<7} by {with_interval(row, 'gain')}", soft_wrap=True)
    console.print()
    for finding in found["findings"][language]:
        console.print(finding, soft_wrap=True)
    for warning in found["warnings"][language]:
        console.print(f"[yellow]Warning:[/yellow] {escape(warning)}", soft_wrap=True)
    console.print(f"\nPages, picture and figures: {found['folder']}", soft_wrap=True)


def _rows(figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    landing = figures["landing"]
    files = f"{landing['files_live']:,} read, {landing['files_already_loaded']:,} loaded before, {landing['files_held']:,} held"
    yield "Files", f"{landing['files']:,}  ({files})"
    left_out = f", {landing['rows_left_out']:,} left out by rules" if landing["rows_left_out"] else ""
    yield (
        "Rows",
        f"{landing['rows_delivered']:,}  ({landing['rows_clean']:,} clean, {landing['rows_quarantined']:,} in quarantine{left_out})",
    )
    if rules := figures["left_out"]:
        yield "Left out", "  ".join(f"{rule} {rows:,}" for rule, rows in rules.items())
    yield "Customers", f"{figures['tables'].get('customer_360', 0):,}"
    if changed := figures["persons"].get("id_changes"):
        yield "Other ids", "  ".join(f"{kind} {count:,}" for kind, count in changed.items()) + "  (marts.customer_id_changes)"
    yield "Groups", "  ".join(f"{name} {count:,}" for name, count in figures["groups"].items())
    told = {name: f"{entry['sent']:,}" if entry["published"] else "withheld" for name, entry in figures["lists"].items()}
    yield "Lists", "  ".join(f"{name} {people}" for name, people in told.items())
    if lacking := figures.get("unavailable_lists"):
        yield "Not available", "  ".join(f"{name}: needs {', '.join(needs)}" for name, needs in lacking.items())
    dropped: dict[str, int] = {}
    for entry in figures["lists"].values():
        for reason, count in entry["dropped"].items():
            dropped[reason] = dropped.get(reason, 0) + count
    yield "Kept off lists", "  ".join(f"{reason} {count:,}" for reason, count in dropped.items()) or "nobody"
    yield (
        "Checks",
        "  ".join(
            f"{name} {suite['expectations'] - len(suite['failed']) - len(suite['warnings'])}/{suite['expectations']}"
            for name, suite in figures["validation"].items()
        ),
    )
    yield "Seconds", "  ".join(f"{STAGES.get(name, name)} {seconds:.1f}" for name, seconds in figures["stages"].items())
    yield "In all", f"{figures['total_seconds']:.1f} s, {figures['peak_memory_bytes'] / 2**20:,.0f} MiB at most"


def decided(console: Console, landing: Landing, settings: Settings) -> None:
    """What came of a release or a retry."""
    for file in landing.live:
        left_out = "".join(f", {rows:,} left out as {rule}" for rule, rows in file.left_out.items())
        console.print(
            f"{file.source}/{file.file_name}: {file.rows_clean:,} rows clean, {file.rows_quarantined:,} in quarantine{left_out}.",
            soft_wrap=True,
        )
    for change in landing.changes:
        if change.action == "replaced":
            console.print(f"  It counts instead of {change.clean_before:,} rows that came under its name before.", soft_wrap=True)
    _held(console, [held_sentence(file) for file in landing.held])
    _warned(console, landing.warnings())
    if landing.live:
        console.print(f"Next: regulars run --home {settings.home}", soft_wrap=True)


def retried(console: Console, before: list[File], landing: Landing, settings: Settings) -> None:
    """What reading the affected files again changed."""
    if not before:
        console.print(
            "Nothing to retry: no held file and no file with rows in quarantine or left out has a profile that was changed since it was "
            "read."
        )
        return
    console.print(f"{len(before)} file(s) read again from the bytes kept:")
    for file in before:
        console.print(f"  {escape(file.source)}/{escape(file.file_name)} was {file.state}, {file.rows_quarantined:,} rows in quarantine")
    decided(console, landing, settings)


def _warned(console: Console, warnings: list[str]) -> None:
    for warning in warnings:
        console.print(f"[yellow]Warning:[/yellow] {escape(warning)}", soft_wrap=True)


def _held(console: Console, held: list[str]) -> None:
    if held:
        console.print(f"[yellow]{len(held)} file(s) held[/yellow], nothing of them counts:")
        for sentence in held:
            console.print(f"  {escape(sentence)}", soft_wrap=True)
        console.print(
            "To decide by the id in brackets: regulars release ID, regulars reject ID; after a change of a profile: regulars retry"
        )


def _withheld(console: Console, withheld: list[str]) -> None:
    if withheld:
        console.print(f"[bold red]{len(withheld)} list(s) withheld[/bold red], in no file and not to be written to:")
        for sentence in withheld:
            console.print(f"  {escape(sentence)}", soft_wrap=True)


def status(console: Console, settings: Settings) -> None:
    """What is published, what waits, what is held or in quarantine."""
    published = current(settings.home)
    ledger = lake.ledger_of(settings)
    try:
        profiles = {source: profile.fingerprint for source, profile in profiles_in_use(settings).items()}
        news = waiting(settings, ledger, profiles)
        live, held, rejected = ledger.files("live"), ledger.files("held"), ledger.files("rejected")
        retry = affected(settings, ledger)
        apart = sum(len(ids) for ids in ledger.apart().values())
    finally:
        ledger.close()
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row("Home", str(settings.home))
    table.add_row("Published", f"as of {published['as_of']}, run {published['run_id']}" if published else "nothing yet")
    if look_backs := sorted(path.parent.name for path in settings.look_backs.glob("*/published")):
        table.add_row("Looked back to", f"{', '.join(look_backs)}, in {settings.look_backs}")
    table.add_row("Live files", f"{len(live):,} with {sum(file.rows_clean for file in live):,} rows")
    table.add_row("In quarantine", f"{sum(file.rows_quarantined for file in live):,} rows, see {settings.quarantine}")
    if left_out := sum((Counter(file.left_out) for file in live), Counter()):
        table.add_row("Left out", "  ".join(f"{rule} {rows:,}" for rule, rows in sorted(left_out.items())) + "  (rules of the profiles)")
    table.add_row("Waiting", f"{len(news.ready):,} file(s) in {settings.inbox}")
    table.add_row("Rejected", f"{len(rejected):,} file(s)")
    known = last_report(settings)
    if known:
        table.add_row("Customers", f"{known.persons:,} persons under {known.ids:,} ids; set apart by a person: {apart:,}")
    console.print(table)
    told = [*held_orders.of_publication(settings.home), *(known.sentences(settings) if known else [])]
    if refused := [file.file_id for file in live if file.rows_quarantined]:
        for reason, rows in quarantine.counted(settings.quarantine, refused).items():
            console.print(f"In quarantine as {reason}, {rows:,} row(s): {escape(quarantine.in_words(reason))}.", soft_wrap=True)
    _warned(console, [*news.unfinished, *_drifted(live), *told])
    if retry:
        console.print(f"{len(retry):,} file(s) were read under a profile that was changed since: regulars retry", soft_wrap=True)
    _held(console, [held_sentence(file) for file in held])
    _withheld(console, approval.withheld(approval.waiting(settings)))


def _drifted(live: list[File]) -> list[str]:
    """New columns among the live files, a sentence each."""
    landing = Landing()
    for file in live:
        if file.new_columns:
            landing.add(file)
    return landing.warnings()
