"""Orders on their way out: the one place that places, and the cancels."""

from __future__ import annotations

import asyncio
from typing import Any

from ib_async.client import Client
from ib_async.order import Order

from core.broker.client import WireClient
from core.broker.outgoing import UnsendableError, wire_contract, wire_number, wire_text
from core.broker.pacer import Pacer
from core.broker.registry import Registry
from core.domain.orders import OrderRequest, OrderType, TimeInForce
from core.domain.reports import RequestKind
from core.ports import Approved


class Orders:
    """Writes order frames of one connection."""

    def __init__(self, client: WireClient, pacer: Pacer, registry: Registry) -> None:
        self._client = client
        self._writer: Client = client
        self._pacer = pacer
        self._registry = registry

    def place(self, approved: Approved[OrderRequest], order_id: int, *, modify: bool) -> asyncio.Future[None]:
        """Queue an order, or with `modify` its complete new terms under the same id.

        Raises UnsendableError, with nothing queued, for what can't stand in a frame.
        """
        contract = wire_contract(approved.instrument)
        order = _wire_order(approved.value)
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


def _wire_order(request: OrderRequest) -> Order:
    """The order with every field that must not be left to a preset of TWS.

    Without a time in force TWS takes the one of its presets and says so with code 10349.
    """
    if request.order_type is OrderType.OTHER or request.tif is TimeInForce.OTHER:
        raise UnsendableError(f"ibdesk does not send {request.order_type} orders with {request.tif}. Nothing was sent.")
    if (request.limit_price is None) is (request.order_type is OrderType.LMT):
        raise UnsendableError(f"{request.order_type} with limit price {request.limit_price}. Nothing was sent.")
    # ib_async types these as floats; texts go out as they are, so that 0.3 is never 0.30000000000000004.
    exact: dict[str, Any] = {"totalQuantity": wire_number(request.quantity)}
    if request.limit_price is not None:
        exact["lmtPrice"] = wire_number(request.limit_price)
    return Order(
        action=request.side.value,
        orderType=request.order_type.value,
        tif=request.tif.value,
        account=wire_text(request.account),
        orderRef=wire_text(request.order_ref),
        outsideRth=request.outside_rth,
        transmit=True,
        **exact,
    )
