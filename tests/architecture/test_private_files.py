"""Files and folders are made private in every place that makes some, whatever the umask: read off the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PRODUCT, nodes

GENERATED = "_page.py"
"""Makers of pages of this project's own documentation."""

TOUCHED = {"core/practice/state.py": {"write_text"}}
"""It writes into a file that it has just made with mode 0600."""


def _modes(node: ast.Call) -> str:
    """How the built-in `open` or `Path.open` is asked to open; `r` where nothing is said."""
    place = 0 if isinstance(node.func, ast.Attribute) else 1
    given = next((one.value for one in node.keywords if one.arg == "mode"), None)
    given = given or (node.args[place] if len(node.args) > place else None)
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else "r"


def _wrong(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    text = ast.unparse(node)
    match ast.unparse(node.func).rpartition(".")[2]:
        case "mkdir" | "makedirs" if "mode=448" not in text or "parents" in text:
            yield "a folder without mode=0o700, or with parents, whose mode nobody sets: core.private.make_folder"
        case "open" if ast.unparse(node.func) == "os.open":
            if "O_CREAT" in text and not ("384" in text and "O_NOFOLLOW" in text):
                yield "a file without mode 0o600 or O_NOFOLLOW: core.private.open_file"
        case "open" if set(_modes(node)) & set("wax"):
            yield "a file with whatever mode the umask leaves: core.private.open_file"
        case "write_text" | "write_bytes" as name:
            yield name
        case "mktemp" | "NamedTemporaryFile" if "tempfile" in text:
            yield "a temporary file: a TemporaryDirectory is private"


def test_every_file_and_folder_is_made_private() -> None:
    wrong = [
        f"{file}:{getattr(node, 'lineno', 0)} {one}"
        for file, node in nodes(*PRODUCT)
        for one in _wrong(node)
        if not file.endswith(GENERATED) and one not in TOUCHED.get(file, set())
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "code",
    [
        "folder.mkdir()",
        "folder.mkdir(mode=0o755)",
        "folder.mkdir(mode=0o700, parents=True)",
        "os.makedirs(folder, mode=0o700, parents=1)",
        "os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW)",
        "os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)",
        "os.open(path, os.O_CREAT | os.O_NOFOLLOW, 0o644)",
        "path.open('w')",
        "open(path, 'a')",
        "path.open(mode='xb')",
        "path.write_text('x')",
        "path.write_bytes(b'x')",
        "tempfile.NamedTemporaryFile()",
    ],
)
def test_what_is_refused(code: str) -> None:
    assert [one for node in ast.walk(ast.parse(code)) for one in _wrong(node)]


@pytest.mark.parametrize(
    "code",
    [
        "folder.mkdir(mode=0o700, exist_ok=True)",
        "os.open(path, os.O_CREAT | os.O_NOFOLLOW, 0o600)",
        "os.open(path, os.O_RDONLY)",
        "path.open('r+b')",
        "open(path)",
        "path.open()",
    ],
)
def test_what_is_let_through(code: str) -> None:
    assert not [one for node in ast.walk(ast.parse(code)) for one in _wrong(node)]
