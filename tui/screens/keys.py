"""Every key of the desk, drawn from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import commands
from tui.commands import UserCommand
from tui.hands.keys import PANES, TICKET
from tui.keymap import keys_of

KEY_CELLS = 12
HELP_CELLS = 54
"""What stays for the words beside a key in the frame, at 80 columns and wider."""
MOVING = (
    UserCommand("grid.up", "up,k", "", "Row up"),
    UserCommand("grid.down", "down,j", "", "Row down"),
    UserCommand("grid.page_up", "pageup", "", "Page up"),
    UserCommand("grid.page_down", "pagedown", "", "Page down"),
    UserCommand("grid.home", "home", "", "First row"),
    UserCommand("grid.end", "end", "", "Last row"),
)
"""The grid's own keys, under its own ids."""


def cheat_sheet(keymap: Mapping[str, str]) -> Content:
    """Groups of commands with their keys as they are bound now."""
    parts: list[str | tuple[str, str]] = []
    for title, group in (("DESK", commands.DESK), ("PANES", PANES), ("TICKET", TICKET), ("ROWS", MOVING)):
        parts.append((f"{title}\n", "bold $primary"))
        parts += _group(group, keymap)
        parts.append("\n")
    return Content.assemble(*parts[:-1])


def _group(group: Iterable[UserCommand], keymap: Mapping[str, str]) -> list[str | tuple[str, str]]:
    parts: list[str | tuple[str, str]] = []
    for command in group:
        keys = " ".join(keys_of(command, keymap)) or "^P"
        first, *rest = wrap(command.help, HELP_CELLS)
        parts += [(f"  {keys:<{KEY_CELLS}}", "bold $footer-key-foreground"), f"{first}\n"]
        parts += [f"{'':<{KEY_CELLS + 2}}{line}\n" for line in rest]
    return parts


class KeysScreen(ModalScreen[None]):
    """The cheat-sheet. A letter that is pressed here does nothing to the desk."""

    DEFAULT_CSS = """
    KeysScreen {
        align: center middle;
        background: $background 30%;
        & > #frame {
            width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 0 2;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
            scrollbar-color: $text-muted;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss", "Close", show=False, id="keys.close"),
    ]

    def __init__(self, keymap: Mapping[str, str]) -> None:
        """`keymap` holds the user's own keys by command id."""
        super().__init__()
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """One scrolling list."""
        frame = VerticalScroll(Static(cheat_sheet(self._keymap), markup=False), id="frame")
        frame.border_title = "KEYS"
        frame.border_subtitle = "Esc closes · ^P finds a command by name"
        yield frame
