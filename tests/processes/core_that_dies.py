"""`python -m tests.processes.core_that_dies`: core, but SIGKILL strikes when an order is to be handed to the wire.

The intent is durable at that moment and no byte of the frame has left: the gap between the two that no code can close.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable

from core.bootstrap.main import main
from core.broker.adapter import IbBroker
from core.clock import Clock
from core.domain.orders import OrderRequest
from core.ports import Approved, Broker, BrokerListener


class _DyingBroker(IbBroker):
    """The real adapter, except that placing an order is the last thing that this process does."""

    def place(
        self,
        approved: Approved[OrderRequest],
        order_id: int,
        *,
        modify: bool,
        parent_id: int = 0,
        transmit: bool = True,
    ) -> Awaitable[None]:
        """SIGKILL to ourselves."""
        os.kill(os.getpid(), signal.SIGKILL)
        return super().place(approved, order_id, modify=modify, parent_id=parent_id, transmit=transmit)


def _make(listener: BrokerListener, clock: Clock, pace: int) -> Broker:
    return _DyingBroker(listener, clock, messages_per_second=pace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _make))
