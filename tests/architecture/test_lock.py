"""Dependencies: what we import is asked for in pyproject.toml; requirements.lock is made from that, complete, hashed, without addresses."""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import PACKAGES, ROOT, TESTS, Module

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
# One entry: a requirement and its continuation lines. A requirement begins a line; options, hashes and comments do not.
ENTRIES = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", LOCK, re.M | re.S)
LOCKED = {canonicalize_name(locked.name): locked for entry in ENTRIES for locked in [Requirement(entry.split("\\")[0].strip())]}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUN = [Requirement(line) for line in PROJECT["dependencies"]]
DEVELOP = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]


def not_asked_for(modules: Iterable[Module], asked_for: list[Requirement]) -> list[str]:
    """``path: package`` for each import of a package that comes with none of the distributions asked for."""
    names = {canonicalize_name(requirement.name) for requirement in asked_for}
    distributions = packages_distributions()
    ours_or_python = sys.stdlib_module_names | {*PACKAGES, *TESTS, ""}
    return sorted(
        f"{module.path}: {package}"
        for module in modules
        for package in {name.split(".")[0] for name in module.imports} - ours_or_python
        if not names & {canonicalize_name(distribution) for distribution in distributions.get(package, [])}
    )


def test_the_product_imports_only_what_it_asks_for(modules: list[Module]) -> None:
    assert not_asked_for(modules, RUN) == []


def test_the_tests_import_only_what_is_asked_for(modules_of_tests: list[Module]) -> None:
    assert not_asked_for(modules_of_tests, RUN + DEVELOP) == []


def test_every_package_is_pinned_and_has_hashes() -> None:
    unsure = [entry.splitlines()[0] for entry in ENTRIES if "==" not in entry.splitlines()[0] or "--hash=sha256:" not in entry]
    assert ENTRIES
    assert unsure == []


def test_the_lock_names_no_address() -> None:
    address = re.compile(r"://|\bfile:|\s@\s|^\s*(?:-[if]|--(?:extra-)?index|--find-links)|/(?:tmp|root|home)/")
    assert [line for line in LOCK.splitlines() if address.search(line)] == []


@pytest.mark.parametrize("wanted", RUN + DEVELOP, ids=lambda wanted: wanted.name)
def test_the_lock_holds_every_dependency_at_a_version_that_was_asked_for(wanted: Requirement) -> None:
    locked = LOCKED.get(canonicalize_name(wanted.name))
    assert locked is not None, f"{wanted.name} is in pyproject.toml, not in requirements.lock: make lock"
    version = next(iter(locked.specifier)).version
    assert wanted.specifier.contains(version, prereleases=True), f"the lock has {locked}, pyproject.toml wants {wanted}: make lock"
