"""`python -m tests.processes.core_that_fails`: core, one part of which raises soon after the first order."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable

from core.bootstrap.main import main
from core.broker.adapter import IbBroker
from core.clock import Clock
from core.domain.orders import OrderRequest
from core.ports import Approved, Broker, BrokerListener


class _FailingBroker(IbBroker):
    """The real adapter, except that the first order makes a timer of its own raise, as a broken pacer would."""

    def place(
        self,
        approved: Approved[OrderRequest],
        order_id: int,
        *,
        modify: bool,
        parent_id: int = 0,
        transmit: bool = True,
    ) -> Awaitable[None]:
        """Send it, then raise where nobody catches it."""
        sent = super().place(approved, order_id, modify=modify, parent_id=parent_id, transmit=transmit)
        asyncio.get_running_loop().call_later(0.2, _raise)
        return sent


def _raise() -> None:
    raise RuntimeError("the timer broke for DU1234567")


def _make(listener: BrokerListener, clock: Clock, pace: int) -> Broker:
    return _FailingBroker(listener, clock, messages_per_second=pace)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], _make))
