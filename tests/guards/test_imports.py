"""Who may import what: import-linter's contracts, and the files that ruff's ban is lifted for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"keras", "tensorflow", "jax", "torch", "spektral", "gymnasium", "ray", "streamlit"}
MAY: tuple[tuple[str, set[str]], ...] = (
    ("dlkit/algorithms/gnn/messages.py", {"keras", "spektral"}),
    ("dlkit/algorithms/*/model.py", {"keras"}),
    ("dlkit/training.py", {"keras"}),
    ("dlkit/feeding.py", {"keras"}),
    ("dlkit/fused.py", {"keras"}),
    ("dlkit/gradients.py", {"keras"}),
    ("dlkit/descent.py", {"keras"}),
    ("dlkit/explain.py", {"keras"}),
    ("dlkit/writing.py", {"keras"}),
    ("dlkit/judge_network.py", {"keras"}),
    ("dlkit/exports/*.py", {"keras"}),
    ("dlkit/engine/ray_cluster.py", {"ray"}),
    ("dlkit/ui/*.py", {"streamlit"}),
    ("dlkit/ui/*/*.py", {"streamlit"}),
    ("pages/*.py", {"streamlit"}),
    ("app.py", {"streamlit"}),
)
SOURCES = [ROOT / "app.py", *ROOT.glob("pages/*.py"), *ROOT.glob("dlkit/**/*.py")]


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def allowed(path: Path) -> set[str]:
    """The heavy packages that this file may import."""
    name = path.relative_to(ROOT)
    return next((packages for pattern, packages in MAY if name.match(pattern)), set())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_right_files_import_heavy_libraries(path: Path) -> None:
    assert imported(path) & HEAVY <= allowed(path)


def test_import_linter_keeps_its_contracts() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_pages_and_app_know_only_their_floor() -> None:
    """Scripts talk to the package; no page imports a page, a test or a benchmark."""
    for path in (ROOT / "app.py", *ROOT.glob("pages/*.py")):
        assert not imported(path) & {"pages", "tests", "benchmarks", "app"}, path


@pytest.mark.parametrize(
    "module",
    ["dlkit", "dlkit.api", "dlkit.cli", "dlkit.engine.supervisor", "dlkit.ui.web"],
)
def test_what_serves_and_supervises_loads_no_keras(module: str) -> None:
    check = f"import sys, {module}; print(*sorted(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in found.stdout.split()}
    assert not loaded & (HEAVY - {"streamlit"})


def test_import_dlkit_is_light() -> None:
    check = "import sys, dlkit; print(*(m for m in sys.modules if m.startswith('dlkit')))"
    found = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["dlkit"]
