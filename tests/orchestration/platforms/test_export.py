"""`regulars export`: what stands in the folder, who may open it, what is said, and what is refused."""

import csv
import dataclasses
import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import RegularsError
from orchestration.platforms import NAMES, export, summary
from orchestration.platforms.export import write
from orchestration.platforms.registry import PLATFORMS, form_of, platform_of
from orchestration.settings import Settings
from tests.orchestration.platforms.people import PEOPLE, recipients

GOOGLE = PLATFORMS["google"]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def shown(done: export.Exported, language: str) -> str:
    console = Console(record=True, width=200, file=io.StringIO())
    summary.show(console, done, language)
    return console.export_text()


def personal() -> list[str]:
    """Every address, and every customer id that is one."""
    details = [text for column in ("email", "phone") for text in PEOPLE[column].drop_nulls() if len(text) > 4]
    return [*details, "13500135000", "leading@example.com"]


def test_files_stand_apart_from_what_is_published_and_only_their_owner_opens_them(home: Settings) -> None:
    done = write(home, recipients("email"), GOOGLE, "sha256")
    assert done.folder == home.home / "platform_files" / "2024-06-30" / "win_back" / "google"
    assert {path.name for path in done.folder.iterdir()} == {
        "win_back_google.csv", "win_back_google.csv.manifest.json", "refused.csv", "refused.csv.manifest.json",
    }  # fmt: skip
    for path in [home.home / "platform_files", *(home.home / "platform_files").rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_the_manifest_accounts_for_the_file_and_for_everybody(home: Settings) -> None:
    done = write(home, recipients("email", dropped={"no_consent": 2}), GOOGLE, "sha256")
    content = (done.folder / "win_back_google.csv").read_bytes()
    manifest = json.loads((done.folder / "win_back_google.csv.manifest.json").read_text(encoding="utf-8"))
    assert manifest == {
        "file": "win_back_google.csv", "part": 1, "parts": 1, "rows": 9, "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(), "list": "win_back", "platform": "google", "form": "sha256", "as_of": "2024-06-30",
        "run_id": None, "headers": ["Email", "Phone", "First Name", "Last Name", "Country", "Zip"], "people": 13, "written": 9,
        "refused": {"no_address": 1, "invalid_email": 2, "invalid_phone": 1}, "left_out": {"invalid_email": 2},
        "dropped_at_download": {"no_consent": 2}, "unread": [],
    }  # fmt: skip
    assert content.count(b"\r\n") == manifest["rows"] + 1


@pytest.mark.parametrize(("language", "word"), [("en", "the phone is no valid number"), ("zh", "电话号码无效")])
def test_the_refused_are_named_by_id_and_reason_and_nothing_of_them_is_told(tmp_path: Path, language: str, word: str) -> None:
    home = Settings(home=tmp_path, language=language)
    done = write(home, recipients("email"), GOOGLE, "sha256")
    header, *rows = csv.reader(io.StringIO((done.folder / "refused.csv").read_text(encoding="utf-8-sig"), newline=""))
    assert header == ["customer_id", "reason", "explanation"]
    assert [row[:2] for row in rows][:2] == [["online:C7", "invalid_phone"], ["online:C8", "no_address"]]
    assert rows[0][2] == word
    assert all(re.fullmatch(r"online:masked-[0-9a-f]{16}", customer_id) for customer_id, *_ in rows[2:])
    told = shown(done, language) + "".join(path.read_text(encoding="utf-8") for path in done.folder.glob("*.json"))
    told += (done.folder / "refused.csv").read_text(encoding="utf-8")
    assert [text for text in personal() if text in told] == []


def test_exporting_again_gives_the_same_bytes_and_leaves_nothing_of_the_last_time(home: Settings) -> None:
    small = dataclasses.replace(GOOGLE, layout=dataclasses.replace(GOOGLE.layout, max_rows=2))
    first = write(home, recipients("email"), small, "sha256")
    contents = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert list(first.files.values()) == [2, 2, 2, 2, 1]
    assert next(iter(first.files)) == "win_back_google_part1of5.csv"
    again = write(home, recipients("email"), small, "sha256")
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == contents
    fewer = write(home, recipients("email", PEOPLE.head(2)), small, "sha256")
    assert {path.name for path in fewer.folder.iterdir()} == {"win_back_google.csv", "win_back_google.csv.manifest.json"}
    assert [path.name for path in fewer.folder.parent.iterdir()] == ["google"]


def test_an_export_that_fails_leaves_the_last_one_as_it_was(home: Settings) -> None:
    done = write(home, recipients("email"), GOOGLE, "sha256")
    contents = {path.name: path.read_bytes() for path in done.folder.iterdir()}

    def no_room(path: Path, headers: object, cells: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RegularsError, match="The disk is full"):
        write(home, recipients("email"), dataclasses.replace(GOOGLE, layout=dataclasses.replace(GOOGLE.layout, write=no_room)), "sha256")
    assert {path.name: path.read_bytes() for path in done.folder.iterdir()} == contents
    assert [path.name for path in done.folder.parent.iterdir()] == ["google"]


def test_a_folder_of_ones_own_is_filled_once_and_again_but_never_one_with_other_files(home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    for _ in range(2):
        assert write(home, recipients("email"), GOOGLE, "plain", out).folder == out
    (out / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(RegularsError, match=r"holds something else than an earlier export.*mine.*--out"):
        write(home, recipients("email"), GOOGLE, "plain", out)
    assert (out / "holiday.jpg").exists()


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for out in (tmp_path / "file" / "below", tmp_path / "file"):
        with pytest.raises(RegularsError, match="What to do: choose"):
            write(home, recipients("email"), GOOGLE, "plain", out)


def test_people_who_agreed_to_one_channel_do_not_go_to_a_platform_of_another(home: Settings) -> None:
    with pytest.raises(RegularsError, match=r"List 'win_back' is for email.*takes lists for sms"):
        write(home, recipients("email"), PLATFORMS["aliyun_sms"], "plain")
    assert not (home.home / "platform_files").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gogle", "Unknown platform 'gogle'. Did you mean 'google'\\? Known: google \\(Google Customer Match\\), meta"),
        ("ocean-engine", "Did you mean 'ocean_engine'"),
        ("xyz", "Unknown platform 'xyz'. Known:"),
    ],
)
def test_an_unknown_platform_is_answered_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(RegularsError, match=message):
        platform_of(name)


@pytest.mark.parametrize(
    ("name", "is_hashed", "digest", "form"),
    [
        ("google", None, None, "sha256"),
        ("google", True, None, "sha256"),
        ("google", False, None, "plain"),
        ("tencent", None, None, "md5"),
        ("tencent", True, "sha256", "sha256"),
        ("qianchuan", None, "md5", "md5"),
        ("qianchuan", False, None, "plain"),
        ("klaviyo", None, None, "plain"),
        ("klaviyo", False, None, "plain"),
    ],
)
def test_the_form_is_the_one_asked_for_or_the_platforms_own(name: str, is_hashed: bool | None, digest: str | None, form: str) -> None:
    assert form_of(PLATFORMS[name], is_hashed, digest) == form


@pytest.mark.parametrize(
    ("name", "is_hashed", "digest", "message"),
    [
        ("ocean_engine", False, None, "does not take --plain. Expected: --hash sha256"),
        ("google", None, "md5", "does not take --hash md5. Expected: --hash sha256 or --plain"),
        ("klaviyo", True, None, "Klaviyo does not take --hashed. Expected: --plain"),
        ("tencent", False, "md5", "--plain and --hash md5 exclude each other"),
    ],
)
def test_a_form_that_a_platform_does_not_take_is_refused(name: str, is_hashed: bool | None, digest: str | None, message: str) -> None:
    with pytest.raises(RegularsError, match=message):
        form_of(PLATFORMS[name], is_hashed, digest)


def test_the_summary_says_what_was_written_what_was_refused_and_what_to_do(home: Settings) -> None:
    done = write(home, recipients("email", dropped={"no_consent": 2}), GOOGLE, "sha256")
    text = shown(done, "en")
    for words in (
        "win_back → Google Customer Match (2024-06-30)", "win_back_google.csv  (9)", "2  the e-mail is none that this platform takes",
        "2  did not agree to this channel", "9 people are fewer than the 100", "PIPL, article 23", "Next: In Google Ads",
    ):  # fmt: skip
        assert words in text
    text = shown(done, "zh")
    for words in ("写入行数", "2  邮箱格式不被该平台接受", "2  未同意该渠道", "9 人少于", "单独同意", "下一步: 在 Google Ads"):
        assert words in text


def test_a_list_of_which_nobody_can_be_written_makes_no_file_and_says_so(home: Settings) -> None:
    done = write(home, recipients("email", PEOPLE.filter(customer_id="online:C8")), GOOGLE, "sha256")
    assert done.files == {}
    assert "no file was made" in shown(done, "en")
    assert {path.name for path in done.folder.iterdir()} == {"refused.csv", "refused.csv.manifest.json"}


def test_help_lists_every_platform_with_an_example() -> None:
    text = " ".join(CliRunner().invoke(app, ["export", "--help"]).output.split())
    assert "Example: regulars export win_back --for google" in text
    assert all(f"{name} (" in text for name in NAMES)


def test_before_the_first_run_there_is_nothing_to_export(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["export", "win_back", "--for", "google", "--home", str(tmp_path)])
    assert ended.exit_code == 1
    assert isinstance(ended.exception, RegularsError)
