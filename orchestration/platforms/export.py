"""``regulars export``: the people of a published list as files for one platform, with what became of each of them.

The files hold addresses, so they stand apart from what is published, in a folder that only its owner can open. It is put in place as a
whole: a file of an earlier export, with somebody who has opted out since, never lies beside those of a later one.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.errors import RegularsError
from orchestration.exports.csv_file import write_csv
from orchestration.io import disk_errors_told, fsync, fsync_tree, write_json
from orchestration.lists.masking import without_personal_ids
from orchestration.lists.recipients import Recipients, recipients
from orchestration.lock import run_lock
from orchestration.platforms import NAMES
from orchestration.platforms.platform import Platform
from orchestration.platforms.registry import form_of, platform_of
from orchestration.platforms.words import EXPLANATIONS
from orchestration.publication import current
from orchestration.settings import Settings
from transforms.platform_ids import contacts
from transforms.platform_rows import REASONS, Rows, rows_of

MANIFEST_ENDING = ".manifest.json"
REFUSED_FILE = "refused.csv"


@dataclass(frozen=True)
class Exported:
    """What an export did. ``files``: rows of each. ``refused``, ``left_out``, ``dropped``: people by reason.

    ``unread``: files of the inbox in which more people may have opted out.
    """

    list_name: str
    platform: Platform
    form: str
    as_of: date
    folder: Path
    files: dict[str, int]
    people: int
    refused: dict[str, int]
    left_out: dict[str, int]
    dropped: dict[str, int]
    unread: tuple[str, ...]

    @property
    def written(self) -> int:
        return sum(self.files.values())


def export(
    settings: Settings,
    list_name: str,
    platform_name: str,
    is_hashed: bool | None = None,
    digest: str | None = None,
    out: Path | None = None,
    is_general: bool = False,
) -> Exported:
    """Writes the files of a published list for a platform, as ``write`` does, in the form asked for or the platform's default.

    ``is_general``: not those chosen, but everybody who may get the same message, chosen by no personal trait.
    Raises ``RegularsError`` for an unknown list or platform and for a form that the platform doesn't take, and as ``write`` does.
    """
    platform = platform_of(platform_name)
    form = form_of(platform, is_hashed, digest)
    with run_lock(settings.state):
        return write(settings, recipients(settings, list_name, is_general=is_general), platform, form, out)


def write(settings: Settings, found: Recipients, platform: Platform, form: str, out: Path | None = None) -> Exported:
    """Writes the files of a list's recipients into ``out``, default ``<home>/platform_files/<as of>/<list>/<platform>/``.

    Beside each file stands ``<file>.manifest.json``, and ``refused.csv`` has who is in none, by customer id and reason, without an address.
    Raises ``RegularsError`` for a channel that the platform doesn't take and for a folder that holds something else.
    """
    _check_channel(platform, found)
    list_name = found.definition.name + ("_general" if found.is_general else "")
    people = platform.enriched(settings, found.people) if platform.enriched else found.people
    columns = platform.columns(found.definition.channel, form)
    rows = rows_of(contacts(people, settings.region).with_columns(list_name=pl.lit(list_name)), columns, form)
    folder = (out or settings.home / "platform_files" / found.as_of.isoformat() / list_name / platform.name).expanduser().absolute()
    about: dict[str, Any] = {
        "list": list_name,
        "platform": platform.name,
        "form": form,
        "as_of": found.as_of.isoformat(),
        "run_id": (current(settings.home) or {}).get("run_id"),
        "headers": [column.header for column in columns],
        "people": people.height,
        "written": rows.written.height,
        "refused": {reason: count for reason in REASONS if (count := rows.refused.filter(reason=reason).height)},
        "left_out": rows.left_out,
        "dropped_at_download": dict(found.dropped),
        "unread": list(found.unread),
    }
    try:
        _check_folder(folder)
        with disk_errors_told(folder):
            files = _put_in_place(folder, platform, rows, about, settings)
    except OSError as error:
        raise RegularsError(
            f"The files can't be put there: {error.strerror}.", where=folder, do="choose a folder that you may write, with --out"
        ) from None
    refused, dropped = about["refused"], about["dropped_at_download"]
    return Exported(list_name, platform, form, found.as_of, folder, files, people.height, refused, rows.left_out, dropped, found.unread)


def _check_channel(platform: Platform, found: Recipients) -> None:
    definition = found.definition
    if definition.channel not in platform.channels:
        raise RegularsError(
            f"List '{definition.name}' is for {definition.channel}, and that is what its people agreed to; "
            f"{NAMES[platform.name]} takes lists for {' or '.join(platform.channels)}.",
            do=f"choose a list of that channel, or make one: lists.<name>.channel: {platform.channels[0]} in regulars.yaml",
        )


def _check_folder(folder: Path) -> None:
    """Only an earlier export is ever replaced."""
    if not folder.exists():
        return
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
    manifests = {name for name in names if name.endswith(MANIFEST_ENDING)}
    if names - manifests != {name.removesuffix(MANIFEST_ENDING) for name in manifests}:
        raise RegularsError(
            "The folder holds something else than an earlier export.",
            where=folder,
            expected="a new or an empty folder",
            do="choose another with --out",
        )


def _put_in_place(folder: Path, platform: Platform, rows: Rows, about: dict[str, Any], settings: Settings) -> dict[str, int]:
    building, removing = (folder.with_name(f".{folder.name}{ending}") for ending in (".building", ".removing"))
    _make_private(folder.parent, settings.home / "platform_files")
    for leftover in (building, removing):  # of an export that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    building.mkdir(mode=0o700)
    try:
        files = _write(building, platform, rows, about, settings)
        fsync_tree(building)
        if folder.exists():
            os.rename(folder, removing)
        try:
            os.rename(building, folder)
        except OSError:
            if removing.exists():
                os.rename(removing, folder)
            raise
        fsync(folder.parent)
    finally:
        for leftover in (building, removing):
            shutil.rmtree(leftover, ignore_errors=True)
    return files


def _make_private(folder: Path, root: Path) -> None:
    """Makes missing folders; those below ``root``, and it, are its owner's alone."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700 if each.is_relative_to(root) else 0o777, exist_ok=True)


def _write(folder: Path, platform: Platform, rows: Rows, about: dict[str, Any], settings: Settings) -> dict[str, int]:
    cells = rows.written.drop("customer_id")
    headers = tuple(about["headers"])
    parts = list(platform.layout.parts(cells, headers))
    files: dict[str, int] = {}
    for number, part in enumerate(parts, start=1):
        numbered = f"_part{number}of{len(parts)}" if len(parts) > 1 else ""
        stem = platform.layout.stem(f"{about['list']}_{platform.name}{numbered}")
        path = folder / f"{stem}.{platform.layout.ending}"
        platform.layout.write(path, headers, part)
        files[path.name] = part.height
        _write_manifest(path, {"part": number, "parts": len(parts), "rows": part.height}, about)
    if rows.refused.height:
        path = folder / REFUSED_FILE
        explained = pl.col("reason").replace_strict(EXPLANATIONS[settings.language], default=None)
        refused = rows.refused.with_columns(
            without_personal_ids(rows.refused["customer_id"], settings.contact.holdout_salt), explanation=explained
        )
        write_csv(refused, path)
        _write_manifest(path, {"rows": refused.height}, about)
    for path in folder.iterdir():
        path.chmod(0o600)
    return files


def _write_manifest(path: Path, of_file: dict[str, Any], about: dict[str, Any]) -> None:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    write_json(
        {"file": path.name, **of_file, "bytes": path.stat().st_size, "sha256": digest, **about}, path.with_name(path.name + MANIFEST_ENDING)
    )
