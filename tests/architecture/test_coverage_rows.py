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


def marked() -> dict[str, list[str]]:
    """The rows that `covers` marks name, each with the places of its marks; what is no plain text stands as it is."""
    found: dict[str, list[str]] = {}
    for file, node in nodes("tests"):
        if isinstance(node, ast.Call) and last_name(node.func) == "covers":
            for row in node.args:
                name = str(row.value) if isinstance(row, ast.Constant) else ast.unparse(row)
                found.setdefault(name, []).append(f"{file}:{node.lineno}")
    return found


def test_covers_marks_name_rows() -> None:
    known = set(rows())

    assert {name: places for name, places in marked().items() if name not in known} == {}


def test_every_row_has_a_test() -> None:
    proven = marked()

    assert [row for row in rows() if row not in proven] == []
