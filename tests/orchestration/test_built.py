from pathlib import Path

from orchestration import built
from orchestration.settings import Settings

VARIABLES = {"currency": "CNY"}


def home(folder: Path) -> Settings:
    settings = Settings(home=folder)
    for file in (settings.warehouse, settings.working):
        file.touch()
    return settings


def test_a_record_knows_which_run_published_what_it_vouches_for_until_something_is_built(tmp_path: Path) -> None:
    settings = home(tmp_path)
    built.write(settings, built.read(settings, VARIABLES).after("2026-03-01", ["a_view"]))
    built.note_publication(settings, "run-1")
    record = built.read(settings, VARIABLES)
    assert record == built.BuildRecord(record.fingerprint, "2026-03-01", ("a_view",), "run-1")
    assert record.after("2026-03-02", []).published == "run-1", "the facts of another day leave the history as it is"
    assert record.unpublished().published == record.emptied().published == ""
    assert built.read(settings, {"currency": "EUR"}).published == ""


def test_without_a_record_a_publication_vouches_for_nothing(tmp_path: Path) -> None:
    settings = home(tmp_path)
    built.note_publication(settings, "run-1")
    assert built.read(settings, VARIABLES).published == ""
