"""Texts are shown as literal text only: no way into Textual's or rich's markup stays open for what comes from outside.

Markup in a text of the broker's would crash the desk, or put an action behind a click.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import nodes

WIDGETS = {"Static", "Input"}
"""What may be taken from `textual.widgets`; another one needs a look at how it shows text, and a rule below."""

UNMARKED = {"Static"}
"""They read their text as markup unless they are told not to."""

LITERAL = {"Content", "Text", "assemble", "styled", "from_text", "join", "cheat_sheet"}
"""Calls that make text which is no markup."""

TITLES = {"border_title", "border_subtitle", "tooltip"}
"""Properties that read a plain text as markup."""

MARKUP = {"from_markup", "render_markup", "to_content", "from_rich_markup", "escape"}
"""Names of what reads markup, or would be needed if something did."""

RENDERED = {"Content", "Text", "Strip"}
"""What `render` may give; a plain text would be read as markup."""


def _is_literal(node: ast.expr | None) -> bool:
    """True for a text of ours, and for one that was made literal."""
    match node:
        case ast.Constant(value=str(text)):
            return "[" not in text
        case ast.Constant(value=None):
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in LITERAL
    return False


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((one.value for one in node.keywords if one.arg == name), None)


def _is_off(node: ast.Call) -> bool:
    given = _keyword(node, "markup")
    return isinstance(given, ast.Constant) and given.value is False


def _wrong_call(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in UNMARKED and not _is_off(node):
        yield f"{name} without markup=False"
    if name == "notify" and not _is_off(node):
        yield "notify without markup=False"
    markup = _keyword(node, "markup")
    if markup is not None and not _is_off(node):
        yield f"markup={ast.unparse(markup)}"
    for title in TITLES:
        if not _is_literal(_keyword(node, title) or ast.Constant(None)):
            yield f"{title} of a text that may be markup"
    if name in {"panic", "Toast"} and not all(map(_is_literal, node.args)):
        yield f"{name} of a text that may be markup"
    if name in {"Hit", "DiscoveryHit"} and _keyword(node, "help") is not None:
        yield f"{name} with a help, which is read as markup"


def _wrong_import(node: ast.ImportFrom) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module="textual.widgets", names=names):
            yield from (f"textual.widgets.{one.name}" for one in names if one.name not in WIDGETS)
        case ast.ImportFrom(module=str(module), names=names) if module.startswith(("textual.widgets", "rich.markup")):
            yield f"{module}"
        case ast.ImportFrom(names=names) if any(one.name in MARKUP for one in names):
            yield f"import of {', '.join(one.name for one in names)}"


def _wrong_class(node: ast.ClassDef) -> Iterator[str]:
    bases = {ast.unparse(base) for base in node.bases}
    if bases & UNMARKED:
        yield f"{node.name} is a {'/'.join(UNMARKED)}: hold one instead"
    own = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    if "Input" in bases and not own & {"validate_value", "_on_paste"}:
        yield f"{node.name} takes a paste as it comes: give it validate_value, or _on_paste that refuses"


def _wrong(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call():
            yield from _wrong_call(node)
        case ast.ImportFrom():
            yield from _wrong_import(node)
        case ast.ClassDef():
            yield from _wrong_class(node)
        case ast.Attribute(attr=name) if name in MARKUP:
            yield name
        case ast.Assign(targets=[ast.Attribute(attr=name)], value=value) if name in TITLES and not _is_literal(value):
            yield f"{name} = a text that may be markup"
        case ast.Assign(targets=[ast.Attribute(attr="placeholder")], value=value):
            if not _is_literal(value) and "clean(" not in ast.unparse(value):
                yield "placeholder = a text that nobody has cleaned"
        case ast.FunctionDef(name="render", returns=returns) if getattr(returns, "id", "") not in RENDERED:
            yield "render gives something else than Content"


def test_every_text_of_the_desk_is_shown_as_literal_text() -> None:
    wrong = [f"{file}:{getattr(node, 'lineno', 0)} {one}" for file, node in nodes("tui") for one in _wrong(node)]

    assert wrong == []


def test_fields_are_of_a_kind_that_cleans_or_refuses_a_paste() -> None:
    plain = [
        f"{file}:{node.lineno}"
        for file, node in nodes("tui")
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Input"
    ]

    assert plain == []


def test_commands_speak_through_one_way() -> None:
    """`core.cli.output` cleans and masks; help and usage are click's own."""
    spoken = [
        f"{file}:{node.lineno}"
        for file, node in nodes("core/cli")
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write"}
    ]

    assert {place.partition(":")[0] for place in spoken} == {"core/cli/output.py"}


@pytest.mark.parametrize(
    "code",
    [
        "Static(text)",
        "Static(f'{text}', id='x')",
        "Static(text, markup=True)",
        "Static(text, markup=on)",
        "self.notify(text)",
        "self.app.notify('done', markup=True)",
        "self.border_title = text",
        "field.placeholder = text",
        "self.border_subtitle = f'{text}'",
        "frame.border_title = '[b]x'",
        "Pane(tooltip=text)",
        "self.tooltip = text",
        "self.panic(text)",
        "Content.from_markup(text)",
        "Hit(1.0, prompt, run, help=text)",
        "from textual.widgets import Label",
        "from textual.widgets import Static, DataTable",
        "from textual.widgets.option_list import Option",
        "from rich.markup import render",
        "from textual.markup import escape",
        "class Line(Static): pass",
        "class Field(Input): pass",
        "def render(self): return text",
        "def render(self) -> str: return text",
        "def render(self) -> RenderResult: return text",
    ],
)
def test_what_is_refused(code: str) -> None:
    assert [one for node in ast.walk(ast.parse(code)) for one in _wrong(node)]


@pytest.mark.parametrize(
    "code",
    [
        "Static(text, markup=False)",
        "self.notify(text, markup=False)",
        "self.border_title = 'KEYS'",
        "self.border_title = NO_PASTE",
        "field.placeholder = mask_accounts(clean(text))",
        "self.border_title = Content(text)",
        "self.panic(Text(text))",
        "from textual.widgets import Input, Static",
        "class Field(Input):\n    def validate_value(self, value): return clean(value)",
        "def render(self) -> Content: return Content(text)",
    ],
)
def test_what_is_let_through(code: str) -> None:
    assert not [one for node in ast.walk(ast.parse(code)) for one in _wrong(node)]


def test_texts_are_cleaned_before_they_are_masked() -> None:
    """A character that is dropped can make an account number whole."""
    turned = [
        f"{file}:{node.lineno}"
        for file, node in nodes("core", "tui")
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "").startswith("clean")
        and any("mask_account" in ast.unparse(argument) for argument in node.args)
    ]

    assert turned == []
