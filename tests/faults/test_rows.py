"""Marks name rows that exist, and every row is either proven by a test or has its reason not to be."""

from __future__ import annotations

import ast

from tests.architecture.sources import ROOT, last_name, nodes
from tests.faults.mutations import MUTATIONS
from tests.faults.proving import broken
from tests.faults.rows import NOT_HERE, ROWS


def marked() -> dict[int, list[str]]:
    """Where each row is marked, by its number. Fails for a mark that is no plain number."""
    found: dict[int, list[str]] = {}
    for file, node in nodes("tests"):
        if isinstance(node, ast.Call) and last_name(node.func) == "row" and "mark" in ast.unparse(node.func):
            for argument in node.args:
                assert isinstance(argument, ast.Constant), f"{file}:{node.lineno}: {ast.unparse(node)}"
                found.setdefault(int(str(argument.value)), []).append(f"{file}:{node.lineno}")
    return found


def test_there_are_seventy_five_rows() -> None:
    assert list(ROWS) == list(range(1, 76))
    assert set(NOT_HERE) <= set(ROWS)


def test_marks_name_rows() -> None:
    assert set(marked()) <= set(ROWS)


def test_every_guarded_line_stands_where_it_is_said_to() -> None:
    for mutation in MUTATIONS:
        assert mutation.row in ROWS
        broken((ROOT / mutation.file).read_text(encoding="utf-8"), mutation)
    assert len({mutation.row for mutation in MUTATIONS}) >= 20
