"""How long files and functions may be. Ruff holds complexity, statements, arguments, columns."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = [*ROOT.glob("dlkit/**/*.py"), *ROOT.glob("benchmarks/*.py")]
PAGES = [ROOT / "app.py", *ROOT.glob("pages/*.py")]
MODEL_LINES, MODULE_LINES, PAGE_LINES, SPEC_LINES = 350, 400, 150, 150
MEDIAN_STATEMENTS, MOST_STATEMENTS = 8, 40


def name(path: Path) -> str:
    """The path as people write it."""
    return str(path.relative_to(ROOT))


def most_lines(path: Path) -> int:
    """How many lines this file may have."""
    if path in PAGES:
        return PAGE_LINES
    return MODEL_LINES if path.name == "model.py" else MODULE_LINES


def statements(node: ast.AST) -> int:
    """Statements below a node, its docstring left out."""
    inside = [n for n in ast.walk(node) if isinstance(n, ast.stmt) and n is not node]
    return len(inside) - (ast.get_docstring(node) is not None)  # type: ignore[arg-type]


def functions() -> Iterator[tuple[str, int]]:
    """Every function of the program with its number of statements."""
    for path in (*MODULES, *PAGES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{name(path)}:{node.name}", statements(node)


@pytest.mark.parametrize("path", [*MODULES, *PAGES], ids=name)
def test_file_fits_its_budget(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most_lines(path)


@pytest.mark.parametrize("path", [*MODULES, *PAGES], ids=name)
def test_file_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_functions_are_short() -> None:
    sizes = dict(functions())
    assert statistics.median(sizes.values()) <= MEDIAN_STATEMENTS
    assert {where: size for where, size in sizes.items() if size > MOST_STATEMENTS} == {}


def test_no_leftovers() -> None:
    for path in (*MODULES, *PAGES):
        text = path.read_text(encoding="utf-8")
        assert not [mark for mark in ("TO" + "DO", "FIX" + "ME", "XX" + "X") if mark in text], path
