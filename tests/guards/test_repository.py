"""What is committed: no path of somebody's machine, no large files, requirements as installed."""

import re
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LARGEST_TEXT, LARGEST_OTHER = 300_000, 1_500_000
TOP = {
    ".ci", ".gitignore", ".streamlit", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile",
    "README.md", "app.py", "assets", "benchmarks", "dlkit", "docs", "pages", "pyproject.toml",
    "requirements-dev.txt", "requirements-gpu.txt", "requirements.txt", "tests",
}  # fmt: skip
# Letters in brackets keep these patterns from finding themselves.
MACHINE = re.compile(r"(?<![\w.\-/])/(?:wor[k]|roo[t]|hom[e]/\w+|tm[p]/pla[n]|op[t]/wheels)\b")
HOSTS = re.compile(r"\b(?:artifactor[y]|nexu[s]\.|devp[i]|inde[x]-url)\b", re.IGNORECASE)


@cache
def committed() -> tuple[Path, ...]:
    """The files that git knows, or would take: ignored ones left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    paths = [ROOT / line for line in found.stdout.splitlines()]
    return tuple(path for path in paths if path.is_file())


def text_of(path: Path) -> str | None:
    """The text of a file, None for a binary one."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def test_no_path_of_a_machine() -> None:
    texts = {path: text_of(path) or "" for path in committed()}
    found = {str(p.relative_to(ROOT)): MACHINE.findall(t) for p, t in texts.items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_registry_host() -> None:
    texts = {path: text_of(path) or "" for path in committed()}
    found = {str(p.relative_to(ROOT)): HOSTS.findall(t) for p, t in texts.items()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_large_files() -> None:
    for path in committed():
        limit = LARGEST_OTHER if text_of(path) is None else LARGEST_TEXT
        assert path.stat().st_size <= limit, path.relative_to(ROOT)


def test_binary_files_are_pictures_and_fonts() -> None:
    kinds = {path.suffix for path in committed() if text_of(path) is None}
    assert kinds <= {".png", ".woff2", ".ico", ".npz"}


def test_top_level_is_what_was_agreed() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in committed()} <= TOP


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_installed_versions_are_the_required_ones(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and line[0] not in "#-"]
    wrong = [
        f"{one}: {version(one.name)}" for one in wanted if version(one.name) not in one.specifier
    ]
    assert wrong == []
    assert [str(one) for one in wanted if not one.specifier] == []
