"""`python -m benchmarks list | run ID [--seeds N] [--json] | table`."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

from benchmarks import results
from benchmarks.listed import BENCHMARKS, find
from benchmarks.registry import Benchmark, Measured

HOLDS, MISSED, WRONG = 0, 1, 2


def main() -> int:
    """Run one command: 0 all floors met, 1 a floor was missed, 2 wrong words."""
    args = _parser().parse_args()
    if args.command == "list":
        for benchmark in BENCHMARKS:
            _say(f"{benchmark.id:18} {benchmark.what} [{benchmark.unit}]")
        return HOLDS
    if args.command == "table":
        results.write_table()
        return HOLDS
    if args.seeds is not None and args.seeds < 1:
        return _wrong("--seeds must be 1 or more.")
    try:
        chosen = list(BENCHMARKS) if args.id == "all" else [find(args.id)]
    except KeyError as error:
        return _wrong(str(error.args[0]))
    return max(_run(one, one.seeds if args.seeds is None else args.seeds, args) for one in chosen)


def _run(benchmark: Benchmark, seeds: int, args: argparse.Namespace) -> int:
    module, _, name = benchmark.measure.partition(":")
    measure: Callable[[int], Measured] = getattr(import_module(module), name)
    began = time.monotonic()
    measured = measure(seeds)
    row = results.row(benchmark, measured, seconds=time.monotonic() - began)
    results.keep(benchmark, measured, row)
    if args.json:
        _say(json.dumps(row))
    else:
        _say(results.sentence(benchmark, row))
    return HOLDS if row["holds"] else MISSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    verbs.add_parser("list", help="what can be measured")
    verbs.add_parser("table", help="write benchmarks/README.md from the results")
    run = verbs.add_parser("run", help="measure one, or all")
    run.add_argument("id")
    run.add_argument("--seeds", type=int, help="how many repetitions")
    run.add_argument("--json", action="store_true", help="the last line is one JSON object")
    return parser


def _wrong(text: str) -> int:
    sys.stderr.write(text + "\n")
    return WRONG


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
