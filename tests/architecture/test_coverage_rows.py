"""Tests that say which row of the documents they prove name rows that exist."""

from __future__ import annotations

import ast
import tomllib

from tests.architecture.sources import ROOT, last_name, nodes


def rows() -> list[str]:
    """Every row id of rows.toml, in order."""
    tables = tomllib.loads((ROOT / "tests/architecture/rows.toml").read_text(encoding="utf-8"))
    return [row for table in tables.values() for row in table["rows"]]


def test_row_ids_are_unique() -> None:
    assert len(rows()) == len(set(rows())) == 62


def test_covers_marks_name_rows() -> None:
    known = set(rows())
    unknown = [
        f"{file}:{node.lineno} {ast.unparse(node)}"
        for file, node in nodes("tests")
        if isinstance(node, ast.Call)
        and last_name(node.func) == "covers"
        and not all(isinstance(row, ast.Constant) and row.value in known for row in node.args)
    ]

    assert unknown == []
