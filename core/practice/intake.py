"""The way in: what happens to placeOrder, cancelOrder and reqGlobalCancel between the socket and the exchange.

Without latency, faults or a lost line they go straight to the desk. A client's orders never overtake each other, and
its cancels never overtake its orders.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.practice import tables_in, wire
from core.practice.orders import Status
from core.practice.tables import Message, Record
from core.practice.tables_order import PLACE_ORDER
from core.practice.terms import RefusedError
from core.practice.timers import Timers

if TYPE_CHECKING:
    from core.practice.hub import Hub
    from core.practice.session import Session

Call = Callable[[], None]

#: The requests that go to the exchange.
ORDER_REQUESTS: Final = frozenset({PLACE_ORDER.id, tables_in.CANCEL_ORDER.id, tables_in.GLOBAL_CANCEL.id})

_ORDER_TEXTS: Final = {
    399: "Order Message:\nWarning: your order will not be placed at the exchange until the market opens.",
    404: "Order held while securities are located.",
    2109: "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the order type.",
    10147: "OrderId {} that needs to be cancelled is not found.",
    10148: "OrderId {} that needs to be cancelled cannot be cancelled, state: PendingSubmit.",
    161: "Cancel attempted when order is not in a cancellable state. Order permId = 0",
}


def _text(code: int, order_id: int) -> str:
    return _ORDER_TEXTS.get(code, "The practice gateway was told to say this about order {}.").format(order_id)


class Intake:
    """Carries orders and cancels to the desk, late or in other ways if that was asked for."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        #: When the last order of a client arrives, for those that are still on their way.
        self._arrivals: dict[int, float] = {}
        self._timers = Timers()
        #: The highest order id of a client that is on its way.
        self._highest: dict[int, int] = {}

    def take(self, session: Session, message: Message, fields: list[str], record: Record) -> None:
        """Take a request of a started client. Raises RefusedError."""
        hub, client_id = self._hub, session.client_id
        if client_id is None:
            return
        if hub.faults:
            if message is PLACE_ORDER:
                self._place_with_faults(session, client_id, fields, record)
                return
            if message is tables_in.CANCEL_ORDER and self._cancel_with_faults(client_id, record):
                return
        self._send(client_id, message, fields, record)

    def next_id(self, client_id: int) -> int:
        """Return the next order id of a client, orders on their way counted; lower if it was told to roll back."""
        following = max(self._hub.ledger.next_id(client_id), self._highest.get(client_id, 0) + 1)
        lower = self._hub.faults.take("next-id-rollback")
        return following if lower is None else max(following - int(lower), 1)

    def stop(self) -> None:
        """Lose what is on its way, as a gateway that ends does."""
        self._timers.stop()

    def _send(
        self, client_id: int, message: Message, fields: list[str], record: Record, after: Sequence[Call] = ()
    ) -> None:
        """Carry a request to the desk; `after` is said once it is there."""
        latency = self._hub.latency

        def perform() -> None:
            self._perform(client_id, message, fields, record)
            for call in after:
                call()

        if not latency:
            self._hub.link.carry(perform)
            return
        loop = asyncio.get_running_loop()
        seconds = latency.order() if message is PLACE_ORDER else latency.cancel()
        # Timers of the very same moment may run in any order.
        at = max(loop.time() + seconds, math.nextafter(self._arrivals.get(client_id, 0.0), math.inf))
        if message is PLACE_ORDER:
            self._arrivals[client_id] = at
            self._highest[client_id] = max(self._highest.get(client_id, 0), record.integer("orderId"))

        def arrive() -> None:
            self._hub.link.carry(perform)
            self._hub.end_turn()

        self._timers.at(at, arrive)

    def _perform(self, client_id: int, message: Message, fields: list[str], record: Record) -> None:
        desk = self._hub.desk
        try:
            if message is PLACE_ORDER:
                desk.place(client_id, fields, record)
            elif message is tables_in.CANCEL_ORDER:
                desk.cancel(client_id, record.integer("orderId"))
            else:
                desk.cancel_all()
        except RefusedError as refusal:
            order_id = record.integer("orderId") if "orderId" in record else -1
            self._hub.to_client(client_id, wire.error(order_id, refusal.code, refusal.text))

    def _place_with_faults(self, session: Session, client_id: int, fields: list[str], record: Record) -> None:
        hub, order_id = self._hub, record.integer("orderId")
        faults = hub.faults
        if record.flag("whatIf"):
            if faults.take("lost-what-if") is None:
                self._send(client_id, PLACE_ORDER, fields, record)
            return
        dropped = faults.take("drop-mid-order")
        if dropped is not None:
            session.abort()
        if dropped == "before" or faults.take("lost-order") is not None:
            return
        known = hub.ledger.find(client_id, order_id)
        changes = known is not None and known.is_live and known.status is not Status.HELD_BACK
        if changes and known is not None and faults.take("modify-refused") is not None:
            hub.to_client(client_id, wire.error(order_id, 201, "Order rejected - reason:The change was refused."))
            hub.to_client(client_id, wire.open_order(known) + wire.order_status(known))
            return
        if known is not None and faults.take("duplicate-live" if changes else "id-reuse") is not None:
            hub.ledger.forget_id(client_id, order_id)
        if record.integer("parentId") and faults.take("child-refused") is not None:
            hub.to_client(client_id, wire.error(order_id, 10006, "Missing parent order."))
            return
        held = faults.take("inactive")
        if held is not None:
            hub.reports.held[client_id, order_id] = held
        if faults.take("silent-order") is not None:
            hub.reports.silence(client_id, order_id)
        after: list[Call] = []
        fields = self._altered(client_id, fields, record, after) if known is None else fields
        if not record.text("tif") and faults.take("tif-preset") is not None:
            self._say_later(after, client_id, order_id, 10349, "Order TIF was set to DAY based on order preset.")
        said = faults.take("order-error")
        if said is not None:
            self._say_later(after, client_id, order_id, int(said), _text(int(said), order_id))
        self._send(client_id, PLACE_ORDER, fields, record, after)

    def _say_later(self, after: list[Call], client_id: int, order_id: int, code: int, text: str) -> None:
        after.append(lambda: self._hub.to_client(client_id, wire.error(order_id, code, text)))

    def _altered(self, client_id: int, fields: list[str], record: Record, after: list[Call]) -> list[str]:
        """Return a new order as it came, or smaller or further from the market, and a warning to say after it."""
        return self._capped(client_id, self._reduced(client_id, fields, record, after), record, after)

    def _reduced(self, client_id: int, fields: list[str], record: Record, after: list[Call]) -> list[str]:
        """Return the order as it came, or with a smaller size and a warning to say after it."""
        quantity = record.number("totalQuantity")
        if quantity is None or not 1 < quantity < 10**12:
            return fields
        percent = self._hub.faults.take("size-reduced")
        if percent is None:
            return fields
        smaller = max(quantity * int(percent) // 100, Decimal(1))
        record["totalQuantity"] = smaller
        text = f"Order size was reduced to {smaller}."
        self._say_later(after, client_id, record.integer("orderId"), 481, text)
        return PLACE_ORDER.fields(record).split("\0")[:-1]

    def _capped(self, client_id: int, fields: list[str], record: Record, after: list[Call]) -> list[str]:
        """Return the order as it came, or with a limit further from the market and a warning to say after it."""
        limit = record.number("lmtPrice")
        if limit is None or record.text("orderType") != "LMT":
            return fields
        percent = self._hub.faults.take("price-capped")
        if percent is None:
            return fields
        away = -int(percent) if record.text("action") == "BUY" else int(percent)
        capped = (limit * (100 + away) / 100).quantize(Decimal("0.01"))
        record["lmtPrice"] = capped
        self._say_later(after, client_id, record.integer("orderId"), 202, f"Order price capped at {capped}.")
        return PLACE_ORDER.fields(record).split("\0")[:-1]

    def _cancel_with_faults(self, client_id: int, record: Record) -> bool:
        """Do what a fault makes of a cancel; False if there is none."""
        hub, order_id = self._hub, record.integer("orderId")
        order = hub.ledger.find(client_id, order_id)
        if order is None or not order.is_live:
            return False
        refused = hub.faults.take("cancel-refused")
        if refused is not None:
            hub.to_client(client_id, wire.error(order_id, int(refused), _text(int(refused), order_id)))
            return True
        if order.status is Status.HELD_BACK or hub.faults.take("fill-after-cancel") is None:
            return False
        hub.to_client(client_id, wire.order_status(order, Status.PENDING_CANCEL))
        hub.to_client(client_id, wire.order_status(order, Status.CANCELLED))
        hub.to_client(client_id, wire.error(order_id, 202, "Order Canceled - reason:"))
        hub.desk.fill_now(order)
        return True
