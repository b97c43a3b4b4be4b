"""Orders on their way out: the one place that places, what-ifs included, and the cancels."""

from __future__ import annotations

import asyncio

from ib_async.client import Client
from ib_async.order import Order

from core.broker.client import WireClient
from core.broker.outgoing import UnsendableError, wire_contract
from core.broker.pacer import Lane, Pacer
from core.broker.registry import Registry
from core.broker.wire_order import wire_order
from core.domain.orders import OrderRequest
from core.domain.reports import RequestKind
from core.ports import Approved, Preview

_NO_ORDER = 0
"""No order has this id."""


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
        order = wire_order(approved.value, parent_id=parent_id, transmit=transmit)
        return self._write(approved, order, order_id, RequestKind.MODIFY if modify else RequestKind.NEW_ORDER)

    def preview(self, preview: Preview, order_id: int) -> asyncio.Future[None]:
        """Queue a what-if behind everything else. Raises as `place`."""
        order = wire_order(preview.value, parent_id=0, transmit=True)
        order.whatIf = True
        return self._write(preview, order, order_id, RequestKind.WHAT_IF)

    def _write(
        self, token: Approved[OrderRequest] | Preview, order: Order, order_id: int, kind: RequestKind
    ) -> asyncio.Future[None]:
        contract = wire_contract(token.instrument)
        is_question = isinstance(token, Preview)
        if is_question is not (kind is RequestKind.WHAT_IF):
            raise UnsendableError(f"Id {order_id} is no {kind} by what allows it. Nothing was sent.")
        self._registry.ordered(order_id, kind)
        lane = Lane.WHAT_IF if is_question else None
        with self._client.tracking(order_id, is_first=kind is not RequestKind.MODIFY, lane=lane) as sent:
            check_flag(order, token)
            self._writer.placeOrder(order_id, contract, order)
        return sent

    def withdraw_preview(self, order_id: int) -> None:
        """Take back a what-if that waits for its turn; does nothing for one that has left."""
        self._pacer.withdraw(order_id, Lane.WHAT_IF)

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

    def cancel_everything(self) -> asyncio.Future[None]:
        """Queue the word that ends every order of every client, ahead of the cancels too."""
        with self._client.tracking(_NO_ORDER) as sent:
            self._writer.reqGlobalCancel()
        return sent


def check_flag(order: Order, token: Approved[OrderRequest] | Preview) -> None:
    """Raise UnsendableError unless the flag says what the token allows: a what-if is never an order, nor the reverse.

    The flag is all that tells them apart on the wire.
    """
    if order.whatIf is not isinstance(token, Preview):
        raise UnsendableError("The what-if flag of an order is not what it was meant to be. Nothing was sent.")
