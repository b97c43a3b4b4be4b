"""`ibdesk`: the front door. Core is started before anything slow is imported."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.link.launch import PendingCore

COMPLETING = "_IBDESK_COMPLETE"
"""The variable with which a shell asks for completions (`ibdesk completion`); no word stands behind the name then."""
LONGEST_ARGUMENT = 4000
"""Characters: as long as a path can be."""

UNCLEAN = (
    "An argument has characters that no setting and no name may have: control codes, or ones that hide or turn text "
    "around. Nothing was done. Type it again instead of pasting it."
)
NEEDS_TERMINAL = (
    "ibdesk draws a screen and reads keys: standard input, output and error must be a terminal. Run it in one, "
    "without redirection. `ibdesk --help` lists what works without a screen."
)


def main() -> None:
    """The console script; ends the process with the exit status."""
    if len(sys.argv) == 1 and COMPLETING not in os.environ:
        # By far the most frequent start needs no parser.
        sys.exit(open_desk({}, None))
    from core.last_words import install
    from core.text import is_clean

    install()
    if not all(is_clean(word, LONGEST_ARGUMENT) for word in sys.argv):
        print(UNCLEAN, file=sys.stderr)
        sys.exit(2)
    from tui.options import cli

    cli(prog_name="ibdesk")


def open_desk(arguments: Mapping[str, str], theme: str | None) -> int:
    """Start core, then show the desk until it is closed.

    Args:
        arguments: Settings that were given, by key; everything else is core's to find.
        theme: Name of the theme; None for the default.

    Returns:
        The exit status: 2 without a terminal.
    """
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.__stderr__)):
        print(NEEDS_TERMINAL, file=sys.stderr)
        return 2
    # Nothing that the imports below make is garbage; the desk turns the collector on after its first frame.
    gc.disable()
    begun = _begin(arguments)

    from core.last_words import install

    install()
    from tui.run import run_desk

    return run_desk(arguments, begun, theme, lambda profile: _log(profile, debug="debug" in arguments))


def _log(profile: str, *, debug: bool) -> None:
    """Log what this desk does into a file of the profile; one that can't be had is no reason to show no desk."""
    from core.errors import DeskError
    from core.link.paths import state_dir
    from core.logs import DESK, log_to

    with contextlib.suppress(DeskError):
        log_to(state_dir(profile) / DESK, debug=debug)


def _begin(arguments: Mapping[str, str]) -> PendingCore | None:
    """Start core now; None where that fails, for the desk to try again and show why."""
    from core.errors import DeskError
    from core.link.launch import begin_launch

    try:
        return begin_launch(arguments, arguments.get("profile", "practice"))
    except DeskError:
        return None
