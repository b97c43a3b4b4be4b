"""The desk as the front door runs it, once core is on its way."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from threading import Thread

from core.api import PendingCore
from tui.app import DeskApp
from tui.reach import Reach
from tui.themes import DEFAULT_THEME


def run_desk(
    arguments: Mapping[str, str], begun: PendingCore | None, theme: str | None, on_profile: Callable[[str], None]
) -> int:
    """Show the desk until it is closed; returns the exit status.

    `theme` None is the default one. `on_profile` is told the profile's name once core has said it.
    """
    Thread(target=_end_with, args=(sys.stdin.fileno(),), name="terminal", daemon=True).start()
    app = DeskApp(Reach(arguments, begun).connect, theme=theme or DEFAULT_THEME, on_profile=on_profile)
    app.run()
    return app.return_code or 0


def _end_with(terminal: int) -> None:
    """End this process once the terminal has hung up, as SIGHUP does where it is the one that controls us.

    Where it is not, or SIGHUP is ignored, a closed terminal is an endless end of file, read over and over.
    """
    hung_up = select.poll()
    hung_up.register(terminal, 0)
    hung_up.poll()
    os._exit(128 + signal.SIGHUP)
