"""The form of the house: small documented modules, pure transforms, no clock, nothing that names a machine."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, Module

LONGEST_FILE = 400
LONGEST_FUNCTION = 60

TRANSFORMS_MAY_USE = {"numpy", "phonenumbers", "polars", "rjieba", "scipy", "sqlglot", "transforms"}
TRANSFORMS_NEVER_USE = {"io", "logging", "os", "pathlib", "random", "shutil", "socket", "subprocess", "sys", "tempfile", "time"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def test_every_module_says_what_comes_out_of_it(modules: list[Module]) -> None:
    assert [module.path for module in modules if not ast.get_docstring(module.tree)] == []


def test_no_file_is_too_long_to_read(modules: list[Module]) -> None:
    lengths = {module.path: len(module.text.splitlines()) for module in modules}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long_to_read(modules: list[Module]) -> None:
    lengths = {
        f"{module.path}:{function.lineno} {function.name}": (function.end_lineno or function.lineno) - function.lineno + 1
        for module in modules
        for function in functions_of(module.tree)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_every_public_function_of_transforms_is_documented(modules: list[Module]) -> None:
    undocumented = [
        f"{module.path}:{node.lineno} {node.name}"
        for module in modules
        if module.package == "transforms"
        for node in module.tree.body
        if isinstance(node, Function) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert undocumented == []


def test_transforms_touch_neither_files_nor_the_system_nor_an_engine(modules: list[Module]) -> None:
    def is_allowed(name: str) -> bool:
        top = name.split(".")[0]
        return name.startswith(".") or top in TRANSFORMS_MAY_USE or top in sys.stdlib_module_names - TRANSFORMS_NEVER_USE

    strangers = [
        (module.path, name) for module in modules if module.package == "transforms" for name in module.imports if not is_allowed(name)
    ]
    assert strangers == []


def test_the_portal_knows_neither_orchestration_nor_dagster(modules: list[Module]) -> None:
    known = [
        (module.path, name)
        for module in modules
        if module.package == "portal"
        for name in module.imports
        if name.split(".")[0] == "orchestration" or name.startswith("dagster")
    ]
    assert known == []


# ── The clock ────────────────────────────────────────────────────────────────────────────────────────────────────────

# Measuring how long something took is not reading the clock: time.perf_counter, time.monotonic and process_time are free.
CLOCK_OF_TIME = {"time", "time_ns", "ctime", "asctime", "gmtime", "localtime", "strftime"}
CLOCK_OF_DATETIME = {"now", "today", "utcnow"}
SQL_CLOCK = re.compile(
    r"\b(?:(?:current_date|current_time(?:stamp)?|localtime(?:stamp)?)\b|(?:now|today|get_current_timestamp)\s*\()", re.I
)
SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.S)


def clock_reads(tree: ast.AST) -> list[str]:
    """``line: call`` for each place where a syntax tree asks what time it is now."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [f"{node.lineno}: from time import {alias.name}" for alias in node.names if alias.name in CLOCK_OF_TIME]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = ast.unparse(node.func.value), node.func.attr
            of_time = owner == "time" and name in CLOCK_OF_TIME
            of_datetime = owner.split(".")[-1] in {"datetime", "date", "dt", "Timestamp", "pendulum"} and name in CLOCK_OF_DATETIME
            if of_time or of_datetime:
                found.append(f"{node.lineno}: {owner}.{name}()")
    return found


def test_nothing_of_ours_reads_the_clock(modules: list[Module]) -> None:
    assert {module.path: reads for module in modules if (reads := clock_reads(module.tree))} == {}


def test_no_model_reads_the_clock() -> None:
    folders = ["models", "macros", "snapshots", "tests"]
    models = [path for folder in folders for path in sorted((ROOT / "dbt_project" / folder).rglob("*.sql"))]
    reads = {path.relative_to(ROOT).as_posix(): SQL_CLOCK.findall(SQL_COMMENT.sub("", path.read_text("utf-8"))) for path in models}
    assert {path: found for path, found in reads.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        pytest.param("import datetime as dt\ndt.datetime.now()", 1, id="datetime.now"),
        pytest.param("from datetime import date\ndate.today()", 1, id="date.today"),
        pytest.param("from datetime import datetime, UTC\ndatetime.now(UTC)", 1, id="now with a zone"),
        pytest.param("import time\ntime.time()", 1, id="time.time"),
        pytest.param("from time import time_ns", 1, id="import of the clock"),
        pytest.param("import time\ntime.perf_counter(); time.monotonic()", 0, id="a stopwatch"),
        pytest.param("run.time(); row.date.year", 0, id="names alike"),
    ],
)
def test_the_scan_for_clocks_finds_clocks(source: str, reads: int) -> None:
    assert len(clock_reads(ast.parse(source))) == reads


# ── Nothing names a machine ──────────────────────────────────────────────────────────────────────────────────────────

# Written in parts, so that this file does not hold what it looks for.
INDEX_HOSTS = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org"]
HOME_FOLDER = re.compile(r"(?<![\w.}~-])/(?:root|home/[a-z]|Users/[A-Za-z])[\w.-]*/")


def places(paths: list[Path], matches: Callable[[str], bool]) -> list[str]:
    """``path:line`` of every line that matches, binary files left out."""
    found = []
    for path in paths:
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        lines = content.decode("utf-8", errors="replace").splitlines()
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(lines, 1) if matches(line)]
    return found


def test_no_file_names_the_host_of_a_package_index(project_files: list[Path]) -> None:
    assert places(project_files, lambda line: any(host in line for host in INDEX_HOSTS)) == []


def test_no_file_names_a_folder_of_the_machine_it_was_written_on(project_files: list[Path]) -> None:
    # The checkout's own place is looked for too, unless it is so short that it could stand in a sentence (/src).
    checkout = f"{ROOT}/" if len(ROOT.parts) > 2 else None
    assert places(project_files, lambda line: bool(HOME_FOLDER.search(line)) or (checkout is not None and checkout in line)) == []
