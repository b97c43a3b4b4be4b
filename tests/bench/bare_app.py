"""The smallest Textual application there is: what any start must at least cost."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """The line that the benchmark waits for."""
        yield Static("bare")


if __name__ == "__main__":
    Bare().run()
