"""Run benchmarks by name: `python -m tests.bench startup --json`, `--all`, `--short` for CI.

A benchmark NAME is a module `bench_NAME.py` beside this file with `run(short: bool) -> BenchResult`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.result import BenchResult, machine

_PREFIX = "bench_"


def names() -> list[str]:
    """The benchmarks that exist, in alphabetical order."""
    return sorted(path.stem.removeprefix(_PREFIX) for path in Path(__file__).parent.glob(f"{_PREFIX}*.py"))


def load(name: str) -> Callable[[bool], BenchResult]:
    """The `run` function of benchmark `name`; only this benchmark's imports are paid for."""
    run: Callable[[bool], BenchResult] = importlib.import_module(f"tests.bench.{_PREFIX}{name}").run
    return run


def as_json(name: str, result: BenchResult) -> str:
    """One line: `{"bench": NAME, "values": {...}, "baseline": {...}, "machine": {...}}`."""
    figures = {
        kind: {key: round(value, 3) for key, value in one.items()}
        for kind, one in (("values", result.values), ("baseline", result.baseline))
    }
    return json.dumps({"bench": name, **figures, "machine": machine()})


def as_table(name: str, result: BenchResult) -> str:
    """A small table for people: ours first, then what it was measured against."""
    rows = [(key, value, "") for key, value in result.values.items()]
    rows += [(key, value, "baseline") for key, value in result.baseline.items()]
    width = max(len(key) for key, _, _ in rows)
    lines = [f"{key:<{width}}  {value:>12,.3f}  {note}".rstrip() for key, value, note in rows]
    return "\n".join([name, *(f"  {line}" for line in lines)])


def main() -> int:
    """Run what was asked for, one after another; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure ibdesk on this machine.")
    parser.add_argument("name", nargs="?", choices=names(), help="which benchmark")
    parser.add_argument("--all", action="store_true", help="every benchmark")
    parser.add_argument("--short", action="store_true", help="few runs: shows that it works, not how fast it is")
    parser.add_argument("--json", action="store_true", help="one JSON object a benchmark, each on its own line")
    options = parser.parse_args()
    if options.all == (options.name is not None):
        parser.error("give one name, or --all")
    for name in names() if options.all else [options.name]:
        result = load(name)(options.short)
        print(as_json(name, result) if options.json else as_table(name, result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
