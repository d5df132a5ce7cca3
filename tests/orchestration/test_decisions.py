"""What a person does about held files, through the commands."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.errors import RegularsError
from tests.orchestration.dumps.conftest import ORDERS_HEADER, Home, order

PROFILE = (
    "version: {version}\ntitle: t\nfeeds:\n  orders:\n    files: orders*\n    columns:\n"
    "      status: {{source: status, map: {{{words}}}}}\n"
    "      order_id: {order_id}\n      customer_id: customer_id\n      ordered_at: ordered_at\n      quantity: quantity\n"
    "      unit_price: unit_price\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "regulars.yaml").write_text("time_zone: UTC\nsources: {shop: {profile: own}}\n")
    made = Home(tmp_path)
    use_profile(made)
    return made


def use_profile(home: Home, version: int = 1, order_id: str = "order_id", words: str = "") -> None:
    (home.folder / "profiles").mkdir(exist_ok=True)
    (home.folder / "profiles" / "own.yaml").write_text(PROFILE.format(version=version, order_id=order_id, words=words))


def orders(*rows: str, header: str = ORDERS_HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def regulars(home: Home, *arguments: str) -> str:
    """What the command prints, in one line."""
    answer = CliRunner().invoke(cli.app, [*arguments, "--home", str(home.folder)], catch_exceptions=False)
    return re.sub(r"\s+", " ", answer.output)


def test_a_held_file_is_shown_with_its_id_and_counts_once_it_is_released(home: Home) -> None:
    home.deliver("orders_1.csv", orders(*(order(n, unit_price="?") for n in range(30)), order(40)))
    (held,) = home.land().held
    shown = regulars(home, "status")
    assert f"shop/orders_1.csv [{held.file_id}] (too_many_refused: 30 of 31 rows can't be read" in shown
    assert "regulars release ID" in shown
    answer = regulars(home, "release", held.file_id[:6])
    assert "shop/orders_1.csv: 1 rows clean, 30 in quarantine." in answer
    assert home.clean("order_id") == [("O40",)]
    ledger = home.ledger()
    assert ("released", held.file_id) in [(change.action, change.file_id) for change in ledger.changes()]
    assert home.land().files == 0


def test_damage_cannot_be_released(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1))[:-20])
    (held,) = home.land().held
    with pytest.raises(RegularsError, match=r"can't be released: line 2, the last, ends in the middle of a row"):
        regulars(home, "release", held.file_id)


def test_a_rejected_file_is_never_asked_about_again(home: Home) -> None:
    home.deliver("orders_1.csv", orders())
    (held,) = home.land().held
    assert "is rejected" in regulars(home, "reject", held.file_id)
    home.deliver("orders_2.csv", orders())
    use_profile(home, version=2)
    assert home.land().held == []
    assert "held" not in regulars(home, "status").replace("rejected", "")
    with pytest.raises(RegularsError, match="is rejected, not held"):
        regulars(home, "reject", held.file_id)


def test_an_unknown_id_is_answered_with_those_that_are_held(home: Home) -> None:
    home.deliver("orders_1.csv", orders())
    (held,) = home.land().held
    with pytest.raises(RegularsError, match=rf"No file has the id 'zzz'. Expected: .*{held.file_id} \(shop/orders_1.csv\)"):
        regulars(home, "release", "zzz")


def test_an_older_version_counts_once_it_is_released_and_stays_so(home: Home) -> None:
    import os

    home.deliver("orders_1.csv", orders(order(1)))
    home.land()
    path = home.deliver("orders_1.csv", orders(order(2)))
    os.utime(path, (1_000_000, 1_000_000))
    (late,) = home.land().late
    answer = regulars(home, "release", late.file_id)
    assert "It counts instead of 1 rows that came under its name before." in answer
    assert home.clean("order_id") == [("O2",)]


def test_retry_reads_again_only_what_a_corrected_profile_can_mend_even_when_the_inbox_is_empty(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1, status="done"), order(2)))
    home.deliver("orders_2.csv", orders(order(3), header=ORDERS_HEADER.replace("order_id", "order_no", 1)))
    home.deliver("orders_3.csv", orders(order(4)))
    landing = home.land()
    assert (landing.rows_clean, landing.rows_quarantined, len(landing.held)) == (2, 1, 1)
    assert "Nothing to retry" in regulars(home, "retry")
    shutil.rmtree(home.folder / "inbox")
    use_profile(home, version=2, order_id="[order_id, order_no]", words="done: completed")
    assert "2 file(s) were read under a profile that was changed since: regulars retry" in regulars(home, "status")
    answer = regulars(home, "retry")
    assert "2 file(s) read again from the bytes kept" in answer
    assert "shop/orders_1.csv was live, 1 rows in quarantine" in answer
    assert home.clean("order_id, status") == [("O1", "completed"), ("O2", "completed"), ("O3", "completed"), ("O4", "completed")]
    ledger = home.ledger()
    untouched = next(file for file in ledger.files("live") if file.file_name == "orders_3.csv")
    assert (untouched.reading, untouched.profile_version) == (0, 1)
    assert {(change.action, change.clean_before, change.clean_after) for change in ledger.changes()} == {
        ("retried", 1, 2),
        ("retried", 0, 1),
    }
    assert "Nothing to retry" in regulars(home, "retry")


def test_retry_reads_again_what_a_rule_left_out_by_mistake(home: Home) -> None:
    profile = home.folder / "profiles" / "own.yaml"
    rule = "    rules: [{rule: done, when: {status: {equals: WORD}}, leave_out: true}]\n"
    use_profile(home)
    profile.write_text(profile.read_text() + rule.replace("WORD", "completed"))
    home.deliver("orders_1.csv", orders(order(1), order(2, status="paid")))
    assert home.land().left_out_by_rule == {"shop/done": 1}
    profile.write_text(profile.read_text().replace("{equals: completed}", "{equals: done}"))
    assert "1 file(s) read again from the bytes kept" in regulars(home, "retry")
    assert home.clean("order_id") == [("O1",), ("O2",)]


def test_a_retry_that_would_make_things_worse_leaves_what_counts(home: Home) -> None:
    home.deliver("orders_1.csv", orders(order(1, status="done"), order(2)))
    home.land()
    use_profile(home, version=2, order_id="order_number")
    assert "1 file(s) held" in regulars(home, "retry")
    assert home.clean("order_id") == [("O2",)]


def test_a_file_of_an_archive_is_read_again_from_the_archive(home: Home) -> None:
    import io
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("orders_1.csv", orders(order(1, status="done")))
        archive.writestr("orders_2.csv", orders(order(2, status="done")))
    path = home.deliver("march.zip", content.getvalue())
    home.land()
    path.unlink()
    use_profile(home, version=2, words="done: completed")
    regulars(home, "retry")
    assert home.clean("order_id") == [("O1",), ("O2",)]


def test_two_contents_of_one_name_are_read_again_each_for_itself(home: Home) -> None:
    """The one that counts has a row in quarantine, the later one is held; both came packed under the same name."""
    home.deliver("orders_1.csv.gz", gzip.compress(orders(order(1, status="done"), order(3)).encode()))
    home.land()
    home.deliver("orders_1.csv.gz", gzip.compress(orders(order(2, status="done"), header=ORDERS_HEADER.replace("order_id", "no")).encode()))
    assert len(home.land().held) == 1
    use_profile(home, version=2, order_id="[order_id, 'no']", words="done: completed")
    regulars(home, "retry")
    assert home.clean("order_id, status") == [("O2", "completed")]
    (former,) = (file for file in home.ledger().files("superseded") if file.reading == 1)
    assert former.rows_clean == 2
