"""`python -m tests.processes.core_that_fails`: core, one part of which raises soon after the first order."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable

from core.bootstrap.main import main
from core.last_words import install
from tests.placing_broker import PlacingBroker


class _FailingBroker(PlacingBroker):
    """The real adapter, except that the first order makes a timer of its own raise, as a broken pacer would."""

    def after_place(self, sent: Awaitable[None], *, modify: bool) -> Awaitable[None]:
        """Raise a little later where nobody catches it."""
        asyncio.get_running_loop().call_later(0.2, _raise)
        return sent


def _raise() -> None:
    raise RuntimeError("the timer broke for DU1234567")


if __name__ == "__main__":
    install()
    sys.exit(main(sys.argv[1:], _FailingBroker.make))
