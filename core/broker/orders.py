"""Orders on their way out: the one place that places, and the cancels."""

from __future__ import annotations

import asyncio

from ib_async.client import Client

from core.broker.client import WireClient
from core.broker.outgoing import wire_contract
from core.broker.pacer import Pacer
from core.broker.registry import Registry
from core.broker.wire_order import wire_order
from core.domain.orders import OrderRequest
from core.domain.reports import RequestKind
from core.ports import Approved


class Orders:
    """Writes order frames of one connection."""

    def __init__(self, client: WireClient, pacer: Pacer, registry: Registry) -> None:
        self._client = client
        self._writer: Client = client
        self._pacer = pacer
        self._registry = registry

    def place(
        self,
        approved: Approved[OrderRequest],
        order_id: int,
        *,
        modify: bool,
        parent_id: int = 0,
        transmit: bool = True,
    ) -> asyncio.Future[None]:
        """Queue an order, or with `modify` its complete new terms under the same id.

        Raises UnsendableError, with nothing queued, for what can't stand in a frame.
        """
        contract = wire_contract(approved.instrument)
        order = wire_order(approved.value, parent_id=parent_id, transmit=transmit)
        self._registry.ordered(order_id, RequestKind.MODIFY if modify else RequestKind.NEW_ORDER)
        with self._client.tracking(order_id, is_first=not modify) as sent:
            self._writer.placeOrder(order_id, contract, order)
        return sent

    def cancel(self, order_id: int) -> asyncio.Future[None]:
        """Queue a cancel ahead of everything. Frames of the order that still wait are withdrawn.

        If its placement was among them, the order never existed at the broker and there is nothing to cancel there.
        """
        if self._pacer.withdraw(order_id):
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done
        self._registry.ordered(order_id, RequestKind.CANCEL)
        with self._client.tracking(order_id) as sent:
            self._writer.cancelOrder(order_id, "")
        return sent
