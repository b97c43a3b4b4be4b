"""`python -m tests.processes.core_that_dies`: core, but SIGKILL strikes when an order is to be handed to the wire.

The intent is durable at that moment and no byte of the frame has left: the gap between the two that no code can close.
"""

from __future__ import annotations

import os
import signal
import sys

from core.bootstrap.main import main
from tests.placing_broker import PlacingBroker


class _DyingBroker(PlacingBroker):
    """The real adapter, except that placing an order is the last thing that this process does."""

    def before_place(self, *, modify: bool) -> None:
        """SIGKILL to ourselves."""
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _DyingBroker.make))
