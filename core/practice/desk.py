"""The way of an order through the gateway: checked, placed, changed, cancelled, filled, and what its client hears.

The order of the messages follows captures of real gateways: an order is opened and has a status before it fills; a
fill is execDetails, openOrder, orderStatus, commissionReport; a cancel is PendingCancel, Cancelled, then error 202; a
refused change is the error, then openOrder and orderStatus of the order that still lives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.practice import revisions
from core.practice.directory import Catalogue
from core.practice.exchange import Exchange
from core.practice.floor import Floor, Outbox
from core.practice.groups import share_of
from core.practice.holding import Regular
from core.practice.ledger import Ledger
from core.practice.orders import Order, Status, Ticket
from core.practice.tables import Record
from core.practice.terms import RefusedError, invalid, resolve

#: Where the transmit flag stands in placeOrder; clients that leave it out mean yes.
_TRANSMIT: Final = 27

_NO_PARENT: Final = "Missing parent order."


class Desk:
    """Places, changes and cancels orders; the only one that changes the ledger."""

    def __init__(
        self,
        catalogue: Catalogue,
        ledger: Ledger,
        outbox: Outbox,
        now: Callable[[], float],
        *,
        cancels_foreign: bool = True,
        regular: Regular | None = None,
    ) -> None:
        """Take over the working orders; `regular` tells an instrument's regular hours, None is a market always on."""
        self._catalogue = catalogue
        self._ledger = ledger
        self._outbox = outbox
        self._now = now
        self._cancels_foreign = cancels_foreign
        self._floor = Floor(ledger, outbox, now, regular)

    @property
    def busy(self) -> bool:
        """Whether any order needs the market's clock."""
        return self._floor.busy

    @property
    def exchange(self) -> Exchange:
        """Where the orders work."""
        return self._floor.exchange

    def place(self, client_id: int, fields: list[str], sent: Record) -> None:
        """Take a placeOrder: a new order, a change of a working one, or a what-if."""
        order_id = sent.integer("orderId")
        known = self._ledger.find(client_id, order_id)
        transmit = sent.flag("transmit") or fields[_TRANSMIT : _TRANSMIT + 1] == [""]
        try:
            if not 0 < order_id < 1 << 31:
                raise invalid("Order id must be a positive number of 31 bits")
            instrument = resolve(self._catalogue, sent)
            ticket = self._ledger.ticket(instrument, sent, "\0".join(fields), self._now())
            self._check_conditions(ticket)
            if sent.flag("whatIf"):
                if not transmit:
                    raise RefusedError(413, "What-if order should have the transmit flag set to true.")
                order = Order(0, client_id, order_id, ticket)
                self._outbox.to_client(client_id, self._floor.margins.preview(order))
            elif known is None:
                self._open(client_id, order_id, ticket, transmit=transmit)
            elif not known.is_live:
                raise revisions.ended(known)
            else:
                self._change(known, ticket, transmit=transmit)
        except RefusedError as refusal:
            self._floor.error(client_id, order_id, refusal)
            if known is not None and known.is_live and known.status is not Status.HELD_BACK:
                self._floor.tell(known)
        self._floor.settle()

    def _check_conditions(self, ticket: Ticket) -> None:
        for condition in ticket.terms.conditions:
            if condition.con_id and self._floor.holding.quote(condition.con_id) is None:
                raise RefusedError(147, "The conditional contract info is incomplete.")

    def _open(self, client_id: int, order_id: int, ticket: Ticket, *, transmit: bool) -> None:
        parent_id = ticket.terms.parent_id
        parent = self._ledger.find(client_id, parent_id) if parent_id else None
        if parent_id and (parent is None or not parent.is_live):
            raise RefusedError(10006, _NO_PARENT)
        order = self._ledger.open_order(client_id, order_id, ticket)
        order.placed = self._now()
        order.oca_name = ticket.terms.oca_group
        if parent is not None:
            # What is attached to one order cancels each other, in a group that is named after it.
            order.parent_perm_id, order.oca_name = parent.perm_id, str(parent.perm_id)
            order.released = share_of(order, parent)
        order.status = Status.HELD_BACK
        self._floor.groups.add(order)
        self._ledger.save_order(order)
        if transmit:
            self._transmit(order)

    def _transmit(self, order: Order) -> None:
        """Send an order on, and before it what it hangs on: its parents, and what was attached to the same before."""
        parent = self._ledger.orders.get(order.parent_perm_id)
        if parent is not None:
            self._transmit(parent)
            for sibling in self._floor.groups.children(parent):
                if sibling.perm_id < order.perm_id:
                    self._send_on(sibling)
        self._send_on(order)

    def _send_on(self, order: Order) -> None:
        # The refusal of a parent ends its children.
        if order.is_live and order.status is Status.HELD_BACK:
            self._floor.activate(order)

    def _change(self, order: Order, ticket: Ticket, *, transmit: bool) -> None:
        before = order.ticket
        revisions.check(order, ticket)
        worked = self.exchange.works(order)
        keeps_place = worked and revisions.keeps_place(before.terms, ticket.terms)
        self.exchange.remove(order)
        undo = revisions.apply(order, ticket)
        if order.parent_perm_id:
            parent = self._ledger.orders.get(order.parent_perm_id)
            order.released = order.terms.quantity if parent is None else share_of(order, parent)
        if order.status is Status.HELD_BACK:
            self._ledger.save_order(order)
            if transmit:
                self._transmit(order)
            return
        try:
            if not order.parent_perm_id:
                self._floor.margins.check(order)
        except RefusedError:
            undo()
            if worked:
                self.exchange.restore(order)
            raise
        self._floor.resume(order, keeps_place=keeps_place)

    def cancel(self, client_id: int, order_id: int) -> None:
        """Take a cancelOrder; another client's order may be cancelled by its id, as real gateways allow."""
        order = self._ledger.find(client_id, order_id)
        if order is None and self._cancels_foreign:
            order = self._ledger.find_foreign(order_id)
        if order is None:
            text = f"OrderId {order_id} that needs to be cancelled is not found."
            self._floor.error(client_id, order_id, RefusedError(10147, text))
        elif not order.is_live:
            text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status.value}."
            self._floor.error(client_id, order_id, RefusedError(10148, text))
        else:
            self._floor.end(order, "Cancelled by Trader", client_id, pending=True, told=True)
        self._floor.settle()

    def cancel_all(self) -> None:
        """Cancel every live order of every client."""
        for order in self._ledger.live_orders():
            # The cancel of a parent may have taken its children along.
            if order.is_live:
                self._floor.end(order, "Cancelled by Trader", pending=True, told=True)
        self._floor.settle()

    def fill_now(self, order: Order) -> None:
        """Fill what is left of an order at the market, whatever its state: what may happen to one just cancelled."""
        self.exchange.remove(order)
        quote = self._ledger.market.quotes[order.instrument.con_id]
        if order.remaining > 0:
            self._floor.fill(order, quote.ask if order.is_buy else quote.bid, order.remaining, waited=False)
        self._floor.settle()

    def step(self) -> None:
        """Match what works against the market's new step, after what time and conditions started or ended."""
        self._floor.step()

    def start_day(self) -> None:
        """Begin a trading day: DAY orders end, the day's figures start anew."""
        for order in self._ledger.start_day(self._now()):
            if order.is_live:
                self._floor.end(order, "Cancelled by System: end of the trading day", told=True)
