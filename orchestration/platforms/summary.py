"""What an export did, as a table in the terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.lists.words import DROPPED
from orchestration.platforms import NAMES
from orchestration.platforms.export import REFUSED_FILE, Exported
from orchestration.platforms.words import EXPLANATIONS, LABELS


def show(console: Console, done: Exported, language: str) -> None:
    """Rows written, files, refused by reason, what was left out, warnings, and what to do next on the platform."""
    words, platform = LABELS[language], NAMES[done.platform.name]
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_row(words["people"], f"{done.people:,}")
    table.add_row(words["written"], f"{done.written:,}")
    for name, rows in done.files.items():
        table.add_row(words["files"] if name == next(iter(done.files)) else "", escape(f"{name}  ({rows:,})"))
    table.add_row(words["form"], words["plain"] if done.form == "plain" else done.form.upper())
    in_words = EXPLANATIONS[language]
    reasons = (("refused", done.refused, in_words), ("left_out", done.left_out, in_words), ("dropped", done.dropped, DROPPED[language]))
    for label, counts, explained in reasons:
        texts = [f"{count:,}  {explained.get(reason, reason)}" for reason, count in counts.items()]
        for number, text in enumerate(texts or [words["nobody"]]):
            table.add_row("" if number else words[label], escape(text))
    console.print(f"{done.list_name} → {platform} ({done.as_of.isoformat()})\n{done.folder}", soft_wrap=True, markup=False)
    console.print(table)
    if done.refused:
        console.print(words["refused_file"].format(path=done.folder / REFUSED_FILE), soft_wrap=True, markup=False)
    for warning in _warnings(done, language):
        console.print(f"[yellow]{words['warning']}:[/yellow] {escape(warning)}", soft_wrap=True)
    if done.files:
        console.print(f"{words['next']}: {getattr(done.platform.next_step, language)}", soft_wrap=True, markup=False)


def _warnings(done: Exported, language: str) -> list[str]:
    words, platform = LABELS[language], NAMES[done.platform.name]
    if not done.files:
        return [words["none"].format(platform=platform)]
    warnings = [words["unread"].format(file=file) for file in done.unread]
    if done.platform.minimum and done.written < done.platform.minimum:
        warnings.append(words["too_few"].format(written=done.written, minimum=done.platform.minimum, platform=platform))
    if done.platform.is_for_ads:
        warnings.append(words["consent"].format(platform=platform))
    hashed = "" if done.form == "plain" else words["hashed"]
    return [*warnings, words["personal"].format(hashed=hashed, folder=done.folder)]
