"""What `regulars inspect` prints: a look at a dump, the profiles side by side, the first rows as they would land, the first problems."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.dumps import inspection
from orchestration.dumps.held import listed
from orchestration.dumps.inspection import Inspection, Trial, without_addresses
from orchestration.dumps.looks import BLANKS, Look
from orchestration.dumps.matching import Match
from orchestration.dumps.proposal.draft import Draft, draft
from orchestration.settings import Settings

MOST_PROFILES = 4
MOST_COLUMNS = 200
MOST_CHARACTERS = 40
"""Of one value on the screen."""


def show(
    console: Console, path: Path, settings: Settings, rows: int, show_personal_data: bool, profile: str | None, write_profile: str | None
) -> bool:
    """Print it; write the proposed profile, if one is asked for, and print what that makes of it. Returns whether a profile reads it."""
    if write_profile:
        looked = inspection.look_to_propose(path, settings, rows, profile)
        _look(console, looked)
        written, found = inspection.propose(looked, settings, write_profile, show_personal_data=show_personal_data)
        console.print(f"\nWrote {_inert(str(written))}.", soft_wrap=True)
    else:
        found = inspection.inspect(path, settings, rows, show_personal_data=show_personal_data, profile=profile)
        _look(console, found.look)
    _ranking(console, found)
    for note in dict.fromkeys(found.notes):
        console.print(f"[yellow]Note:[/yellow] {_inert(note)}", soft_wrap=True)
    if found.best and found.trial:
        _trial(console, found.best, found.trial, show_personal_data)
    elif not found.best and not profile:
        made = draft(found.look)
        likely = f"It looks like {made.feed} ({len(made.columns)} columns recognised). " if isinstance(made, Draft) else ""
        console.print(f"\n{likely}Next: regulars inspect {_inert(str(path))} --write-profile NAME", soft_wrap=True)
    return found.best is not None


def _look(console: Console, look: Look) -> None:
    delimiter = {"\t": "tab", " ": "blank"}.get(look.delimiter, look.delimiter.replace(" ", "␠") if look.delimiter != BLANKS else BLANKS)
    console.print(f"[bold]{_inert(look.path.name)}[/bold]", soft_wrap=True)
    console.print(
        f"  compression {look.compression} · format {look.format} · encoding {look.encoding} · delimiter {_inert(delimiter)} · "
        f"quote {look.quote} · {len(look.columns)} columns · {look.rows:,} rows looked at{'' if look.is_whole else ', the file goes on'}",
        soft_wrap=True,
    )
    columns = listed(look.columns, MOST_COLUMNS)
    console.print(f"  columns: {_inert(columns if look.has_header else without_addresses(columns))}", soft_wrap=True)
    if not look.has_header:
        console.print(
            "[yellow]Note:[/yellow] Its first row looks like data; a dump has to begin with the names of its columns.", soft_wrap=True
        )


def _ranking(console: Console, found: Inspection) -> None:
    best = found.best
    if best:
        verdict = f"\nProfile [bold]{best.profile.name}[/bold] reads it, as {best.feed}: {_inert(best.profile.title)}"
    else:
        verdict = "\n[bold]No profile reads it.[/bold]" + (" The nearest:" if found.ranking else "")
    console.print(verdict, soft_wrap=True)
    if not found.ranking:
        return
    table = Table("profile", "feed", "its columns found", "the dump's read", "missing", box=None, pad_edge=True)
    for match in found.ranking[:MOST_PROFILES]:
        missing = "; ".join(f"{column} ({' or '.join(names)})" for column, names in match.missing.items())
        used = match.columns - len(match.unused)
        table.add_row(
            match.profile.name, match.feed, f"{len(match.found)} of {match.wanted}", f"{used} of {match.columns}", _inert(missing) or "–"
        )
    console.print(table)
    if best and best.unused:
        console.print(f"  not read: {_inert(listed(best.unused, MOST_COLUMNS))}", soft_wrap=True)


def _trial(console: Console, best: Match, trial: Trial, show_personal_data: bool) -> None:
    if trial.held:
        console.print(f"\n[red]It would be held as a whole:[/red] {_inert(trial.held)}", soft_wrap=True)
        return
    if trial.preview:
        mask = "" if show_personal_data else "; personal data masked, --show-personal-data shows it"
        console.print(f"\nFirst rows as they would land (times in UTC{mask})")
        lines = trial.preview["line"]
        table = Table("column", "from", *(f"line {line}" for line in lines), box=None, pad_edge=True)
        for column, values in trial.preview.items():
            if column != "line":
                table.add_row(column, _inert(best.found.get(column, "(constant)").strip()), *(_inert(_short(value)) for value in values))
        console.print(table)
    left_out = "".join(f", {rows:,} left out as {rule}" for rule, rows in trial.left_out.items())
    console.print(
        f"\n{trial.rows_delivered:,} rows looked at: {trial.rows_clean:,} clean, {trial.rows_quarantined:,} to quarantine{left_out}",
        soft_wrap=True,
    )
    for problem in trial.problems:
        where = f" in {problem.column}" if problem.column else ""
        value = f": {_inert(_short(problem.value))}" if problem.value else ""
        console.print(f"  line {problem.line}: {problem.reason}{where}{value}", soft_wrap=True)


def _short(value: str) -> str:
    return value if len(value) <= MOST_CHARACTERS else f"{value[: MOST_CHARACTERS - 1]}…"


def _inert(text: str) -> str:
    """Text of a dump as one harmless piece of a line: no markup, no control characters, no line breaks."""
    return escape("".join(character if character.isprintable() else " " for character in text))
