"""The project's source files and their syntax trees, as the architecture tests read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PRODUCT = ("core", "tui", "themes")
"""What is installed."""

EVERYTHING = (*PRODUCT, "tests", "screenshots")
"""What is typed, linted and kept short."""


def files(*rooms: str) -> list[Path]:
    """Every file below the named top-level folders, caches apart; raises AssertionError if a folder is missing."""
    found: list[Path] = []
    for room in rooms:
        folder = ROOT / room
        assert folder.is_dir(), f"{room}/ is missing"
        found += [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted(found)


def python_files(*rooms: str) -> list[Path]:
    """Every Python file below the named top-level folders."""
    return [path for path in files(*rooms) if path.suffix == ".py"]


def relative(path: Path) -> str:
    """`path` from the project's root, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of one file, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def nodes(*rooms: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node of every Python file below the named folders, with the file's path from the root."""
    for path in python_files(*rooms):
        name = relative(path)
        for node in ast.walk(tree(path)):
            yield name, node


def last_name(node: ast.expr) -> str:
    """`x` of `x`, `a.x` and `x[T]`; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return last_name(value)
    return ""


def modules(*rooms: str) -> list[str]:
    """The dotted names of every module in folders given by path (`core/domain`), packages and `__main__` apart."""
    return [
        relative(path).removesuffix(".py").replace("/", ".")
        for path in python_files(*rooms)
        if not path.name.startswith("__")
    ]
