"""What one landing did, for people and for the run's record."""

from collections import Counter
from dataclasses import dataclass, field

from orchestration.dumps.held import shortened
from orchestration.dumps.ledger import Change, File
from orchestration.dumps.row_rules import REPEATED_ORDER


def held_sentence(file: File) -> str:
    """Which file is held, by the id to decide it by, and why."""
    return f"{file.source}/{file.file_name} [{file.file_id}] ({file.reason})"


@dataclass
class Landing:
    """``files`` counts what was looked at, files of archives included; every one of them is in exactly one of ``live``, ``held``,
    ``ignored``, ``late`` and ``already_loaded``. ``late``: read, but something newer counts under its name. ``unfinished``: left for the
    next run, a sentence each."""

    files: int = 0
    live: list[File] = field(default_factory=list)
    held: list[File] = field(default_factory=list)
    ignored: list[File] = field(default_factory=list)
    late: list[File] = field(default_factory=list)
    archives: list[File] = field(default_factory=list)
    already_loaded: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    new_columns: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    """Source, feed and new column → the files that brought it."""
    rows_delivered: int = 0
    rows_clean: int = 0
    rows_quarantined: int = 0
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Source and rule → how many rows it left out."""

    @property
    def rows_left_out(self) -> int:
        return self.left_out.total()

    @property
    def left_out_by_rule(self) -> dict[str, int]:
        """Rule, named with its source → how many rows it left out."""
        return {f"{source}/{rule}": rows for (source, rule), rows in sorted(self.left_out.items())}

    def counts(self) -> dict[str, int]:
        """The figures, without names."""
        return {
            "files": self.files,
            "files_live": len(self.live),
            "files_held": len(self.held),
            "files_ignored": len(self.ignored),
            "files_late": len(self.late),
            "files_already_loaded": len(self.already_loaded),
            "archives": len(self.archives),
            "files_unfinished": len(self.unfinished),
            "rows_delivered": self.rows_delivered,
            "rows_clean": self.rows_clean,
            "rows_quarantined": self.rows_quarantined,
            "rows_left_out": self.rows_left_out,
        }

    def add(self, file: File) -> None:
        """Put a file where its state says."""
        place = {"live": self.live, "superseded": self.late, "held": self.held, "ignored": self.ignored, "unpacked": self.archives}
        place[file.state].append(file)
        self.files += file.state != "unpacked"
        if file.state == "live":
            self.rows_delivered += file.rows_delivered
            self.rows_clean += file.rows_clean
            self.rows_quarantined += file.rows_quarantined
            self.left_out.update({(file.source, rule): rows for rule, rows in file.left_out.items()})
            for name in (file.new_columns or "").splitlines():
                self.new_columns.setdefault((file.source, file.feed or "", name), []).append(file.file_name)

    def add_known(self, name: str) -> None:
        self.already_loaded.append(name)
        self.files += 1

    def warnings(self) -> list[str]:
        """What a person should know, a sentence each."""
        said = [f"{sentence}; left for the next run." for sentence in self.unfinished]
        for (source, feed, name), files in self.new_columns.items():
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            where = f"{source}/{files[0]}{more}"
            said.append(
                f"New column '{shortened(name)}' in {where}: kept in raw, not read. To read it, map it in the profile's feed '{feed}'."
            )
        for (source, rule), rows in sorted(self.left_out.items()):
            if rule == REPEATED_ORDER:
                said.append(f"{source}: {rows:,} row(s) left out, for their orders come again further down in the same file.")
        for file in self.late:
            why = "has no rows, and what came before has" if not file.rows_delivered else "is older than what counts under its name"
            said.append(f"{file.source}/{file.file_name} {why}: kept, not counted. If it is right: regulars release {file.file_id}")
        gone = (change for change in self.changes if change.action == "withdrawn")
        said += [f"{each.source}/{each.file_name} is no longer delivered: its {each.clean_before} rows don't count." for each in gone]
        return said
