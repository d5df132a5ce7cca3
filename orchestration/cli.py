"""The command line: ``regulars``. Each command imports what it needs when it runs, so that ``--help`` and a run without news are quick."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from orchestration.errors import RegularsError
from orchestration.platforms import NAMES

app = typer.Typer(
    help="Order and review dumps in; who your regulars are, who is slipping away, and whom to write to today, out.\n\n"
    "Example: regulars sample && regulars run",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
lists_app = typer.Typer(
    help="The lists of regulars.yaml: are they valid, which customers would one choose, which columns may a filter use. Needs no run.\n\n"
    "Example: regulars lists check && regulars lists preview win_back",
    no_args_is_help=True,
)
app.add_typer(lists_app, name="lists")
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

Home = Annotated[Path | None, typer.Option(help="Folder of dumps, settings and results. Default: REGULARS_HOME, else ./data.")]


def main() -> None:
    """Entry point: a user's mistake ends in one sentence and exit code 1, never in a traceback."""
    try:
        app()
    except RegularsError as error:
        errors.print(f"[red]Error:[/red] {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        errors.print("Stopped. What was published before is unchanged; the next run finishes the work.")
        sys.exit(130)


@app.command()
def run(
    home: Home = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Score as of this day (ISO); a past one apart, in as_of/. Default: the last day with an order."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Build every table anew, not only what changed since the last run.")] = False,
) -> None:
    """Everything new in the inbox through to published lists. Exit code 0 only if what readers see is up to date.

    A list that fails its checks is withheld and named, and the rest is published: also exit code 0.

    Example: regulars run --as-of 2026-10-31
    """
    from orchestration import report, settings
    from orchestration import run as runs

    loaded = settings.load(home)
    figures = runs.run(loaded, as_of, report.progress(console), full)
    report.summary(console, figures, loaded)


@app.command()
def approve(
    name: Annotated[str, typer.Argument(metavar="LIST", help="A list that waits because of its size, from `regulars status`.")],
    home: Home = None,
) -> None:
    """Let the next run publish a list that is much longer or shorter than usual: these people on this day, and nothing else.

    Example: regulars approve win_back && regulars run
    """
    from orchestration import settings
    from orchestration.lists import approval
    from orchestration.lock import run_lock

    loaded = settings.load(home)
    with run_lock(loaded.state):
        entry = approval.approve(loaded, name)
    console.print(f"{name} is approved with {entry['size']['people']:,} people.", soft_wrap=True)
    console.print(f"Next: regulars run --home {loaded.home}", soft_wrap=True)


@app.command()
def backtest(
    cut: Annotated[str, typer.Option(help="The last day that the scores may know (ISO).")],
    home: Home = None,
    horizon: Annotated[int, typer.Option(min=1, max=3650, help="How many days after it to look at.")] = 90,
) -> None:
    """Do the scores predict? Scores as of a past day, beside what the published orders say of the days after it.

    Figures, picture and pages in backtests/<cut>_<horizon>/. What is published stays as it is.

    Example: regulars backtest --cut 2026-07-31 --horizon 90
    """
    from orchestration import report, settings
    from orchestration import run as runs

    loaded = settings.load(home)
    report.backtest(console, runs.backtest(loaded, cut, horizon, report.progress(console)), loaded.language)


@app.command()
def results(
    list_name: Annotated[str | None, typer.Argument(metavar="LIST", help="A list by its name: its days one by one.")] = None,
    home: Home = None,
) -> None:
    """Did the lists work? Who bought of those written to, beside those held out by chance, with an interval and a verdict.

    Example: regulars results win_back
    """
    from orchestration import settings
    from orchestration.lists import results_table

    results_table.show(console, settings.load(home), list_name)


@lists_app.command()
def check(home: Home = None) -> None:
    """Is every list valid? One that is not would be withheld, with the sentence shown here. Exit code 1 if one is not.

    Example: regulars lists check --home /srv/regulars
    """
    from orchestration import settings
    from orchestration.lists import overview

    if not overview.show_check(console, settings.load(home)):
        raise typer.Exit(1)


@lists_app.command()
def preview(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A list by its name, also one that was never run.")], home: Home = None
) -> None:
    """Whom would a list choose, and who may be written to? By what is published, in seconds; nothing is written.

    Counts, the reasons of those who are kept off, and ten customers, masked.

    Example: regulars lists preview win_back
    """
    from orchestration import settings
    from orchestration.lists import preview as previews

    loaded = settings.load(home)
    previews.show(console, previews.preview(loaded, name), loaded.language)


@lists_app.command()
def columns(home: Home = None) -> None:
    """The columns that a filter may use: what each holds, which texts occur in it, what it says.

    Example: regulars lists columns | grep amount
    """
    from orchestration import settings
    from orchestration.lists import overview

    overview.show_columns(console, settings.load(home))


@app.command()
def status(home: Home = None) -> None:
    """What is published, what waits in the inbox, what is held and what is in quarantine.

    Example: regulars status --home /srv/regulars
    """
    from orchestration import report, settings

    report.status(console, settings.load(home))


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A dump, wherever it stands.")],
    home: Home = None,
    rows: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many rows to look at.")] = 1000,
    show_personal_data: Annotated[
        bool, typer.Option("--show-personal-data", help="Show names, e-mails, phones and ids as they are.")
    ] = False,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="Read it with this profile, and as that says.")] = None,
    write_profile: Annotated[str | None, typer.Option(metavar="NAME", help="Write a proposal of a profile for this dump.")] = None,
) -> None:
    """What a dump looks like: encoding, columns, the profile that reads it and why, its first rows typed, its first problems.

    A proposal marks with CHECK what it is not sure of; a run refuses the profile until these marks are answered and deleted.
    Exit code 0 if a profile reads it, 1 if none does.

    Example: regulars inspect orders_export.csv --write-profile my_shop
    Example: regulars inspect orders_export.csv --profile my_shop
    """
    from orchestration import inspection, settings

    loaded = settings.load(home)
    if not inspection.show(console, file, loaded, rows, show_personal_data, profile, write_profile):
        raise typer.Exit(1)


@app.command()
def release(
    file_id: Annotated[str, typer.Argument(help="Id of a held file, from `regulars status`; its beginning is enough.")], home: Home = None
) -> None:
    """Let a held file count in spite of what it looks like: its volume, no rows, too many refused. Damage can't be released.

    Example: regulars release 5e1f09c2
    """
    from orchestration import lake, report, settings
    from orchestration.dumps import decisions
    from orchestration.lock import run_lock

    loaded = settings.load(home)
    with run_lock(loaded.state), lake.open_ledger(loaded) as ledger:
        report.decided(console, decisions.release(loaded, ledger, file_id), loaded)


@app.command()
def reject(
    file_id: Annotated[str, typer.Argument(help="Id of a held file, from `regulars status`; its beginning is enough.")], home: Home = None
) -> None:
    """Never ask about a held file again, whatever name its content comes under. Its bytes stay in lake/raw.

    Example: regulars reject 5e1f09c2
    """
    from orchestration import lake, settings
    from orchestration.dumps import decisions
    from orchestration.lock import run_lock

    loaded = settings.load(home)
    with run_lock(loaded.state), lake.open_ledger(loaded) as ledger:
        file = decisions.reject(ledger, file_id)
    console.print(f"{escape(file.source)}/{escape(file.file_name)} is rejected: nothing of it counts, and it is not asked about again.")


@app.command()
def retry(home: Home = None) -> None:
    """Read again, from the bytes kept, what a corrected profile can mend: held files, and files with rows in quarantine or left out.

    Example: regulars retry --home /srv/regulars
    """
    from orchestration import lake, report, settings
    from orchestration.dumps import decisions
    from orchestration.lock import run_lock

    loaded = settings.load(home)
    with run_lock(loaded.state), lake.open_ledger(loaded) as ledger:
        before, landing = decisions.retry(loaded, ledger)
    report.retried(console, before, landing, loaded)


@app.command()
def unlink(
    ids: Annotated[list[str], typer.Argument(metavar="SOURCE:ID...", help="Ids that are somebody else's; several: together one person's.")],
    home: Home = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the decision back: what the ids share counts again.")] = False,
) -> None:
    """Say that ids are not the person they were linked to, whatever phone, e-mail or membership number they share. Every run respects it.

    Example: regulars unlink online:C1042 shops:M77
    """
    from orchestration import lake, settings
    from orchestration.identity import decisions
    from orchestration.lock import run_lock

    loaded = settings.load(home)
    with run_lock(loaded.state), lake.open_ledger(loaded) as ledger:
        if undo:
            concerned = decisions.relink(ledger, ids)
            console.print(escape(f"Set apart no longer: {', '.join(concerned)}."), soft_wrap=True)
        else:
            parting = decisions.unlink(loaded, ledger, ids)
            told = f"{', '.join(parting.apart)} is set apart from {', '.join(parting.others)}, which were {parting.customer_id} together."
            console.print(escape(told), soft_wrap=True)
    console.print(f"Next: regulars run --home {loaded.home}", soft_wrap=True)


@app.command(
    help="A published list as the files that a platform imports: hashed as it hashes, split at its limits, refused rows reported.\n\n"
    "Only people who may still be written to are in them. Exit code 0 only if a file was written.\n\n"
    "Platforms: " + ", ".join(f"{name} ({title})" for name, title in NAMES.items()) + ".\n\n"
    "Example: regulars export win_back --for google"
)
def export(
    list_name: Annotated[str, typer.Argument(metavar="LIST", help="Name of a list, as its files are called in exports/latest.")],
    platform: Annotated[str, typer.Option("--for", metavar="PLATFORM", help="Platform, from the list above.")],
    home: Home = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the files. Default: platform_files/<day>/<list>/<platform> of the home.")
    ] = None,
    hashed: Annotated[
        bool | None, typer.Option("--hashed/--plain", help="Hashed or not. Default: hashed where the platform takes it.")
    ] = None,
    digest: Annotated[str | None, typer.Option("--hash", metavar="sha256|md5", help="Which hash, where the platform takes both.")] = None,
    general: Annotated[
        bool, typer.Option("--general", help="Everybody who may get this message, chosen by no personal trait (PIPL, article 24).")
    ] = False,
) -> None:
    """A published list as the files that a platform imports."""
    from orchestration import settings
    from orchestration.platforms import summary
    from orchestration.platforms.export import export as write

    loaded = settings.load(home)
    done = write(loaded, list_name, platform, hashed, digest, out, general)
    summary.show(console, done, loaded.language)
    if not done.files:
        raise typer.Exit(1)


@app.command()
def sample(
    home: Home = None,
    customers: Annotated[int | None, typer.Option(min=10, help="How many people buy. Default: 20000, unless --lines is given.")] = None,
    lines: Annotated[int | None, typer.Option(min=100, max=50_000_000, help="About how many order lines instead.")] = None,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many months of daily files.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed makes the same dumps.")] = 7,
    faults: Annotated[bool, typer.Option(help="Plant the faults that real dumps have.")] = True,
) -> None:
    """Write made-up dumps of a merchant with an online shop and a chain of shops, and the truth behind them.

    Example: regulars sample --customers 2000 --home /tmp/trial
    """
    from orchestration import report, settings
    from orchestration.sample import write_sample

    loaded = settings.load(home)
    if loaded.inbox.exists() and any(loaded.inbox.iterdir()):
        raise RegularsError(
            "The inbox already holds dumps.", where=loaded.inbox, do="choose an empty home with --home, or remove the folder"
        )
    if customers is None and lines is None:
        customers = 20_000
    with report.bar(console, "sample") as advance:
        written = write_sample(loaded.home, customers=customers, lines=lines, months=months, seed=seed, faults=faults, on_progress=advance)
    console.print(f"{written.files:,} files with {written.lines:,} order lines of {written.customers:,} customers in {loaded.inbox}.")
    console.print(f"Next: regulars run --home {loaded.home}")


@app.command()
def dagster(home: Home = None, port: Annotated[int, typer.Option(help="Port of the page.")] = 3000) -> None:
    """Open the Dagster UI on this home: the assets, their checks, the schedule and the sensor.

    Example: regulars dagster --port 3001
    """
    from orchestration import settings
    from orchestration.run import dagster_home

    loaded = settings.load(home)
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "DAGSTER_HOME": str(dagster_home(loaded)), "REGULARS_HOME": str(loaded.home)}
    os.chdir(root)
    program = str(Path(sys.executable).with_name("dagster"))
    os.execve(program, [program, "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)], environment)
