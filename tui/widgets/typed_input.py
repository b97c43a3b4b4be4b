"""A field for what a person has to type: nothing can be pasted into it."""

from __future__ import annotations

from textual import events
from textual.widgets import Input


class TypedInput(Input):
    """Takes keys alone."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()

    def action_paste(self) -> None:
        """Textual's own clipboard is no way in either."""
