"""The last row: the keys that matter most, drawn from the declarations."""

from __future__ import annotations

from tui import commands
from tui.keymap import footer
from tui.panes.line_row import GAP, WIDE, LineRow, Part


class KeyRow(LineRow):
    """Changes only when a user gives commands other keys."""

    DEFAULT_CSS = """
    KeyRow { background: $panel; }
    """

    def left(self, width: int) -> list[Part]:
        """Keys and what they do, as many as fit whole."""
        parts: list[Part] = []
        used = 0
        for keys, word in footer(commands.DESK, self.host.user_keymap, wide=width >= WIDE):
            used += len(keys) + len(word) + 3
            if used - 2 > width:
                break
            parts += [Part(keys, "bold $footer-key-foreground"), Part(f" {word}"), GAP]
        return parts
