"""What the tests of the house look at: our own modules, read as text and syntax trees, never imported."""

import ast
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("orchestration", "transforms", "portal")
TESTS = ("tests",)


@dataclass(frozen=True)
class Module:
    """One Python file of ours: its path from the root, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/")[0]

    @property
    def imports(self) -> set[str]:
        """Full names of what it imports anywhere in the file, inside functions too."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add("." * node.level + (node.module or ""))
        return names


def modules_in(folders: tuple[str, ...]) -> list[Module]:
    """Every module below the folders; one that is not there yet has none."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return [Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text)) for path, text in texts]


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Our packages."""
    return modules_in(PACKAGES)


@pytest.fixture(scope="session")
def modules_of_tests() -> list[Module]:
    return modules_in(TESTS)


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    """Every text file that git tracks or would track. Skips where the checkout is not a git repository."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listing, capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip(f"not a git checkout: {found.stderr.strip()}")
    return [path for name in found.stdout.split("\0") if name and (path := ROOT / name).is_file() and not path.is_symlink()]
