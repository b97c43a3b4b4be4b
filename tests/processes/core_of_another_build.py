"""`python -m tests.processes.core_of_another_build`: core as an older ibdesk would run it."""

from __future__ import annotations

import sys

from core.link import wire

BUILD = "0.0.9"


def run() -> int:
    """Core's own main, under another version."""
    wire.BUILD = BUILD
    # Imported now: the parts of the link take the version as they are loaded.
    from core.bootstrap.main import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
