"""House rules that can be read off the files: length, silenced checks, prints, Any, docstrings."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from tests.architecture.sources import EVERYTHING, PRODUCT, files, nodes, python_files, relative, tree

MAX_LINES = 400
MAX_SILENCED = 15
UNCOUNTED = {".svg", ".toml", ".png", ".parquet"}

SILENCER = re.compile(r"#\s*(?:type:\s*ignore|noqa)", re.IGNORECASE)
EXPLAINED = re.compile(r"#\s*(?:type:\s*ignore\[[\w\-, ]+\]|noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)\W+(\w.{9,})")
"""A silenced check: its codes, then a reason of at least ten characters on the same line."""


def _silenced() -> Iterator[tuple[str, str]]:
    for path in python_files(*EVERYTHING):
        reader = io.StringIO(path.read_text(encoding="utf-8")).readline
        for token in tokenize.generate_tokens(reader):
            if token.type == tokenize.COMMENT and SILENCER.search(token.string):
                yield f"{relative(path)}:{token.start[0]}", token.string


def test_no_file_is_too_long() -> None:
    lengths = {
        relative(path): len(path.read_bytes().splitlines())
        for path in files(*EVERYTHING)
        if path.suffix not in UNCOUNTED
    }

    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_silenced_checks_are_few() -> None:
    assert len(list(_silenced())) <= MAX_SILENCED


def test_silenced_checks_say_which_and_why() -> None:
    assert [place for place, comment in _silenced() if not EXPLAINED.search(comment)] == []


def test_only_the_command_line_prints() -> None:
    prints = [
        f"{file}:{node.lineno}"
        for file, node in nodes(*PRODUCT)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and not file.startswith("core/cli/")
        and file != "tui/cli.py"
    ]

    assert prints == []


def test_any_stays_in_the_broker() -> None:
    places = [
        f"{file}:{node.lineno}"
        for file, node in nodes(*EVERYTHING)
        if (
            (isinstance(node, ast.Name) and node.id == "Any")
            or (isinstance(node, ast.Attribute) and node.attr == "Any")
            or (isinstance(node, ast.ImportFrom) and any(alias.name == "Any" for alias in node.names))
        )
        and not file.startswith(("core/broker/", "tests/core/broker/"))
    ]

    assert places == []


def _undocumented(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorators = {ast.unparse(decorator) for decorator in child.decorator_list}
        inherits = any(name.split(".")[-1] in {"overload", "override", "setter"} for name in decorators)
        if child.name.startswith("_") or inherits:
            continue
        if not ast.get_docstring(child):
            yield f"{child.lineno} {child.name}"
        if isinstance(child, ast.ClassDef):
            yield from _undocumented(child)


@pytest.mark.parametrize("room", [*PRODUCT, "screenshots"])
def test_every_public_name_has_a_docstring(room: str) -> None:
    missing = [f"{relative(path)}:{name}" for path in python_files(room) for name in _undocumented(tree(path))]

    assert missing == []


def test_every_module_has_a_docstring() -> None:
    missing = [relative(path) for path in python_files(*EVERYTHING) if not ast.get_docstring(tree(path))]

    assert missing == []
