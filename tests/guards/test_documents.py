"""The documents say what is there: algorithms, settings, targets, folders, links."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dlkit.algorithms import catalogue

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *ROOT.glob("docs/**/*.md"),
    ROOT / "benchmarks" / "README.md",
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, flags=re.MULTILINE)
INTERNAL = {"DLKIT_LOCK_FD"}
COMMANDS = "list describe train runs show control play worker app".split()


def used_settings() -> set[str]:
    """Every DLKIT_ variable that the program reads, those between its own processes left out."""
    sources = [*ROOT.glob("dlkit/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return set(re.findall(r"\bDLKIT_[A-Z_]+\b", text)) - INTERNAL


def test_readme_names_every_algorithm() -> None:
    missing = [name for name in catalogue() if f"`{name}`" not in README]
    assert not missing


def test_hosting_names_every_setting() -> None:
    text = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
    assert {name for name in used_settings() if f"`{name}`" not in text} == set()


def test_documents_name_only_settings_that_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    assert set(re.findall(r"\bDLKIT_[A-Z_]+\b", text)) <= used_settings()


def test_readme_names_every_make_target() -> None:
    assert TARGETS
    assert [target for target in TARGETS if f"`make {target}`" not in README] == []


def test_documents_name_only_make_targets_that_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text, flags=re.MULTILINE))
    assert named <= set(TARGETS)


def test_readme_shows_every_command() -> None:
    assert [one for one in COMMANDS if f"python -m dlkit {one}" not in README] == []


def test_readme_tree_lists_what_exists() -> None:
    tree = README.split("## What lies where")[1].split("```")[1]
    top: list[str] = []
    inside: list[str] = []
    for line in filter(None, tree.splitlines()):
        (inside if line.startswith("  ") else top).append(line.split()[0])
    assert [name for name in top if not (ROOT / name).exists()] == []
    assert [name for name in inside if not (ROOT / "dlkit" / name).is_dir()] == []
    rooms = {path.parent.name + "/" for path in ROOT.glob("dlkit/*/__init__.py")}
    assert rooms <= set(inside)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", text)
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    form = r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}"
    assert [version for version in versions[1:] if not re.fullmatch(form, version)] == []
    kinds = set(re.findall(r"^### (.+)$", text, flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_decisions_are_numbered_and_whole() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for page in pages:
        heads = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences"], page.name


def test_the_benchmark_table_is_made_from_the_results(tmp_path: Path) -> None:
    page = ROOT / "benchmarks" / "README.md"
    make = "import sys; from pathlib import Path; from benchmarks import results;"
    make += "results.TABLE = Path(sys.argv[1]); results.write_table()"
    made = tmp_path / "README.md"
    subprocess.run([sys.executable, "-c", make, made], cwd=ROOT, check=True)
    assert page.read_text(encoding="utf-8") == made.read_text(encoding="utf-8")
