"""`python -m tests.mutation`: breaks core/risk in thousands of small ways, and tells which of them no test notices.

Names of modules (`margin prices`) break these alone. mutmut works in a copy of the tree that is gone afterwards; what
it mutates, and which tests must notice, stands in pyproject.toml. `tests/risk/survivors.toml` names mutants that no
test can kill and says why; they count as survivors all the same. The exit status is 1 below the score, 2 without one.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ROOM = "core/risk"
LEAST = 95.0
"""Per cent of the mutants that the tests must kill."""
KILLED = frozenset({1, 3, 24, 36, 152, 255, -24})
"""mutmut's records of a test that failed, or of tests that were still running after many times their time."""
_IGNORED = shutil.ignore_patterns("__pycache__", "__snapshots__", ".*_cache")


class Mutant(NamedTuple):
    """One way in which a module was broken."""

    module: str
    function: str
    changes: tuple[str, ...]
    """The lines as they became; `(gone)` where lines are missing."""
    killed: bool

    def is_like(self, known: Survivor) -> bool:
        """True if this is a mutant that no test can kill."""
        return f"{self.module}.{self.function}" == known.function and " ".join(self.changes) in known.becomes


class Survivor(NamedTuple):
    """A mutant that no test can kill."""

    function: str
    """With its module."""
    becomes: tuple[str, ...]
    """The changed lines, stripped and joined, of each such mutant."""
    why: str


def known_survivors() -> tuple[Survivor, ...]:
    """What tests/risk/survivors.toml says."""
    text = (ROOT / "tests/risk/survivors.toml").read_text(encoding="utf-8")
    return tuple(
        Survivor(one["function"], tuple(one["becomes"]), one["why"]) for one in tomllib.loads(text)["survivor"]
    )


def read_results(mutants: Path, modules: Sequence[str] = ()) -> list[Mutant]:
    """Every mutant of these modules (none: of all), of the folder in which mutmut keeps them.

    One that was not tried, because mutmut was stopped or no test reaches it, was not killed.
    """
    found: list[Mutant] = []
    for meta in sorted((mutants / ROOM).glob("*.meta")):
        module = meta.name.removesuffix(".py.meta")
        if modules and module not in modules:
            continue
        records: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        functions = dict(_functions(meta.with_suffix("").read_text(encoding="utf-8")))
        found += [_mutant(module, name.rpartition(".")[2], code, functions) for name, code in records.items()]
    return found


def _mutant(module: str, name: str, code: int | None, functions: dict[str, str]) -> Mutant:
    # mutmut calls the mutants of `f` x_f__mutmut_1, 2, ..., of a method xǁClassǁf__mutmut_1, and keeps `..._orig`.
    whose = name.rpartition("__mutmut_")[0]
    before, after = (functions[one].splitlines() for one in (f"{whose}__mutmut_orig", name))
    function = whose.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    matcher = difflib.SequenceMatcher(a=before[1:], b=after[1:], autojunk=False)
    changed = [after[1:][new:end] for kind, _, _, new, end in matcher.get_opcodes() if kind != "equal"]
    if before[0].partition("(")[2] != after[0].partition("(")[2]:
        changed.insert(0, after[:1])
    lines = tuple(line.strip() for block in changed for line in (block or ["(gone)"]))
    return Mutant(module, function, lines, code in KILLED)


def _functions(source: str) -> Iterator[tuple[str, str]]:
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and "__mutmut_" in node.name:
            yield node.name, "\n".join(lines[node.lineno - 1 : node.end_lineno])


def report(mutants: Sequence[Mutant], known: Sequence[Survivor]) -> Iterator[str]:
    """The score of each module, every survivor, and the score of all."""
    yield f"{'module':18} {'mutants':>7} {'killed':>7} {'survive':>7} {'score':>8}"
    for module in sorted({one.module for one in mutants}):
        yield _score_line(module, [one for one in mutants if one.module == module])
    yield _score_line("all", mutants)
    for one in mutants:
        if not one.killed:
            why = next((known_one.why for known_one in known if one.is_like(known_one)), "a test is missing")
            yield f"\n{one.module}.{one.function}: {why}"
            yield from (f"    {line}" for line in one.changes)


def score(mutants: Sequence[Mutant]) -> float:
    """Per cent killed; 0 of none."""
    return 100 * sum(one.killed for one in mutants) / len(mutants) if mutants else 0.0


def _score_line(name: str, mutants: Sequence[Mutant]) -> str:
    killed = sum(one.killed for one in mutants)
    return f"{name:18} {len(mutants):7,} {killed:7,} {len(mutants) - killed:7,} {score(mutants):7.1f}%"


def mutate(folder: Path, modules: Sequence[str], children: int) -> int:
    """Run mutmut in a copy of the tree in `folder`; returns its status. Raises FileNotFoundError if there is none."""
    mutmut = shutil.which("mutmut", path=Path(sys.executable).parent)
    if mutmut is None:
        raise FileNotFoundError("mutmut is not installed here: pip install -e '.[dev,mutation]'")
    for name in ("core", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=_IGNORED)
    shutil.copy(ROOT / "pyproject.toml", folder)
    names = [f"core.risk.{module}.*" for module in modules]
    command = [mutmut, "run", "--max-children", str(children), *names]
    return subprocess.run(command, cwd=folder, check=False, stdout=sys.stderr).returncode


def main() -> int:
    """Mutate, print what came of it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="of core/risk (default: all)")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ibdesk-mutation-") as folder:
        try:
            status = mutate(Path(folder), options.modules, options.children)
        except FileNotFoundError as error:
            print(error)
            return 2
        mutants = read_results(Path(folder, "mutants"), options.modules)
    if status or not mutants:
        print(f"mutmut ended with {status} and {len(mutants)} results: see what it said above.")
        return 2
    for line in report(mutants, known_survivors()):
        print(line)
    minutes = (time.monotonic() - started) / 60
    print(f"\n{score(mutants):.1f} % killed, at least {LEAST:.0f} % wanted; {minutes:.1f} min.")
    return 0 if score(mutants) >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
