"""What a person decides about files that are held or came late. Every decision is a row of the ledger's changes."""

from uuid import uuid4

from orchestration.dumps.held import JUDGEMENTS
from orchestration.dumps.landing import land_again, profiles_in_use
from orchestration.dumps.ledger import Change, File, Ledger
from orchestration.dumps.summary import Landing
from orchestration.errors import RegularsError
from orchestration.settings import Settings


def release(settings: Settings, ledger: Ledger, start: str) -> Landing:
    """Let a file count in spite of what it looks like. ``start``: its id, or as much of it as no other begins with.

    Raises ``RegularsError`` for a file that counts already and for one that is damaged: there is nothing in it to let count.
    """
    file = _the_one(ledger, start)
    if file.state not in ("held", "rejected", "superseded"):
        raise RegularsError(
            f"{_named(file)} is {file.state}: there is nothing to release.", do="see `regulars status` for files that are held"
        )
    code, _, why = (file.reason or "").partition(": ")
    if file.state != "superseded" and code not in JUDGEMENTS:
        raise RegularsError(
            f"{_named(file)} can't be released: {why} ({code}). That is not a matter of opinion: it can't be read as it is.",
            do=f"mend the file or its profile; only {', '.join(sorted(JUDGEMENTS))} can be released",
        )
    if file.state == "superseded" and ledger.deliveries_of(file.file_id) == []:
        raise RegularsError(f"{_named(file)} was read anew since.", do="release its latest reading")
    run_id = _run("release")
    with ledger.transaction():
        ledger.release(file.file_id)
        ledger.log(_decision("released", file), run_id)
    return _settled(ledger, file, run_id) if file.state == "superseded" else land_again(settings, ledger, run_id, [file.file_id])


def reject(ledger: Ledger, start: str) -> File:
    """Never ask about a held file again, whatever name it comes under. Its bytes stay in raw. Returns the file."""
    file = _the_one(ledger, start)
    if file.state != "held":
        raise RegularsError(f"{_named(file)} is {file.state}, not held: there is nothing to reject.", do="see `regulars status`")
    run_id = _run("reject")
    with ledger.transaction():
        ledger.reject(file.file_id)
        ledger.log(_decision("rejected", file), run_id)
    return file


def affected(settings: Settings, ledger: Ledger) -> list[File]:
    """Files that another reading may do better by: held, or live with rows in quarantine or left out by a rule, under a profile that was
    changed since."""
    profiles = profiles_in_use(settings, ledger.sources())
    wanting = [*ledger.files("held"), *(file for file in ledger.files("live") if file.rows_quarantined or file.rows_left_out)]
    return [file for file in wanting if file.profile != profiles[file.source].fingerprint]


def retry(settings: Settings, ledger: Ledger) -> tuple[list[File], Landing]:
    """Read the affected files again, from the bytes kept. Returns them as they were, and what the landing did."""
    files = affected(settings, ledger)
    return files, land_again(settings, ledger, _run("retry"), [file.file_id for file in files])


def _settled(ledger: Ledger, file: File, run_id: str) -> Landing:
    summary = Landing()
    with ledger.transaction():
        summary.changes += ledger.settle(file.source, {delivery.file_name for delivery in ledger.deliveries_of(file.file_id)}, run_id)
    summary.add(ledger.file(file.file_id) or file)
    return summary


def _the_one(ledger: Ledger, start: str) -> File:
    found = ledger.like(start)
    if len(found) == 1:
        return found[0]
    if found:
        raise RegularsError(f"{len(found)} files have an id that begins with '{start}'.", do="give more of it: " + _listed(found))
    held = ledger.files("held")
    raise RegularsError(
        f"No file has the id '{start}'.", expected="the id of a held file" + (f": {_listed(held)}" if held else "; none is held"),
        do="copy it from `regulars status`",
    )  # fmt: skip


def _listed(files: list[File]) -> str:
    return ", ".join(f"{file.file_id} ({file.source}/{file.file_name})" for file in files[:10])


def _named(file: File) -> str:
    return f"{file.source}/{file.file_name} [{file.file_id}]"


def _decision(action: str, file: File) -> Change:
    return Change(action, file.source, file.file_name, file.file_id, note=file.reason)


def _run(command: str) -> str:
    """Decisions are made outside of runs; each gets an id of its own, so that what it changed can be told."""
    return f"{command}-{uuid4()}"
