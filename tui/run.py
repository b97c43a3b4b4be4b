"""The desk as the front door runs it, once core is on its way."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import PendingCore
from tui.app import DeskApp
from tui.reach import Reach
from tui.themes import DEFAULT_THEME


def run_desk(arguments: Mapping[str, str], begun: PendingCore | None, theme: str | None) -> int:
    """Show the desk until it is closed; returns the exit status. `theme` None is the default one."""
    app = DeskApp(Reach(arguments, begun).connect, theme=theme or DEFAULT_THEME)
    app.run()
    return app.return_code or 0
