"""What a person does to a proposed profile: each edit replaces a text, answers a mark, or both."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """``old`` becomes ``new``, once; ``mark``: words of the mark that is deleted with it."""

    old: str = ""
    new: str = ""
    mark: str = ""


def apply(edits: tuple[Edit, ...], path: Path) -> None:
    """Raises ``ValueError`` for an edit that finds nothing to do."""
    for edit in edits:
        text = path.read_text(encoding="utf-8")
        lines = [_without_mark(line) if edit.mark and edit.mark in line else line for line in text.split("\n")]
        edited = "\n".join(line for line in lines if line is not None)
        edited = edited.replace(edit.old, edit.new, 1) if edit.old else edited
        if edited == text or (edit.old and edit.old not in text):
            raise ValueError(f"{edit} has nothing to do in\n{text}")
        path.write_text(edited, encoding="utf-8")


def _without_mark(line: str) -> str | None:
    """The line without its mark; None where it is nothing else."""
    return line.split("   # CHECK:")[0] if "   # CHECK:" in line and not line.lstrip().startswith("#") else None
