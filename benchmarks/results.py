"""What was measured, kept as one JSON file per benchmark, and the table made from the files."""

import contextlib
import datetime
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.listed import BENCHMARKS
from benchmarks.registry import Benchmark, Measured

FOLDER = Path(__file__).parent / "results"
TABLE = Path(__file__).parent / "README.md"
PACKAGES = ("tensorflow", "keras", "torch", "gensim", "streamlit", "plotly", "numpy")
HEAD = """# Benchmarks

Every target of the project has a name here. `python -m benchmarks list` names them,
`python -m benchmarks run ID [--seeds N] [--json]` measures one, `python -m benchmarks run all` all
of them, and `python -m benchmarks table` writes this page from `results/`. A run ends with exit
code 1 where the floor is missed. Peers are measured in the same call, turn and turn about; what
they need stands in `requirements.txt` beside this page.

"""


def row(benchmark: Benchmark, measured: Measured, *, seconds: float) -> dict[str, Any]:
    """The one object that `--json` prints."""
    peer, ratio = measured.peer, measured.ratio
    if peer and ratio is None:
        ratio = measured.value / peer
    return {
        "id": benchmark.id,
        "value": _short(measured.value),
        "spread": _short(measured.spread),
        "floor": benchmark.floor,
        "aim": benchmark.aim,
        "peer": None if peer is None else _short(peer),
        "ratio": None if ratio is None else _short(ratio),
        "seconds": round(seconds, 1),
        "holds": benchmark.holds(measured.value, measured.beside),
    }


def keep(benchmark: Benchmark, measured: Measured, row: dict[str, Any]) -> None:
    """Write the result with its date, the kind of machine and the versions."""
    beside = {name: _rounded(value) for name, value in measured.beside.items()}
    found = {
        **row,
        "unit": benchmark.unit,
        "beside": beside,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": _machine(),
        "versions": {"python": platform.python_version(), **_versions()},
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{benchmark.id}.json"
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def sentence(benchmark: Benchmark, row: dict[str, Any]) -> str:
    """The result for a person."""
    verdict = "holds" if row["holds"] else "FLOOR MISSED"
    limits = f"floor {row['floor']:g}, aim {row['aim']:g}"
    value = f"{row['value']:g} {benchmark.unit} (spread {row['spread']:g})"
    return f"{benchmark.id}: {value}; {limits}; {verdict}"


def write_table() -> None:
    """`benchmarks/README.md` from the registry and the kept results."""
    lines = [
        "| id | what | value | spread | aim | floor | holds | beside | date | machine |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(benchmark) for benchmark in BENCHMARKS]
    peers = [f"- `{b.id}`: {b.peer}" for b in BENCHMARKS if b.peer]
    sources = [f"- `{b.id}`: {b.source}" for b in BENCHMARKS]
    parts = ["\n".join(lines), "## Peers\n\n" + "\n".join(peers)]
    parts.append("## Where the targets come from\n\n" + "\n".join(sources))
    TABLE.write_text(HEAD + "\n\n".join(parts) + "\n", encoding="utf-8")


def _line(benchmark: Benchmark) -> str:
    path = FOLDER / f"{benchmark.id}.json"
    limits = f"{benchmark.aim:g} | {benchmark.floor:g}"
    if not path.exists():
        return f"| `{benchmark.id}` | {benchmark.what} | not yet measured | | {limits} | | | | |"
    found = json.loads(path.read_text(encoding="utf-8"))
    beside = ", ".join(f"{name} {value}" for name, value in found["beside"].items())
    value = f"{found['value']:g} {benchmark.unit} | {found['spread']:g}"
    holds = "yes" if found["holds"] else "no"
    rest = f"{holds} | {beside} | {found['date']} | {found['machine']}"
    return f"| `{benchmark.id}` | {benchmark.what} | {value} | {limits} | {rest} |"


def _versions() -> dict[str, str]:
    """The versions of what takes part; a peer may not be installed."""
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _machine() -> str:
    memory = round(psutil.virtual_memory().total / (1 << 30))
    return f"{os.cpu_count()} cores, {memory} GiB, {platform.system()} {platform.machine()}"


def _rounded(value: Any) -> Any:
    return _short(value) if isinstance(value, float) else value


def _short(value: float) -> float:
    return float(f"{value:.4g}")
