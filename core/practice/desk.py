"""The way of an order through the gateway: checked, placed, changed, cancelled, filled, and what its client hears.

The order of the messages follows captures of real gateways: an order is opened and has a status before it fills; a
fill is execDetails, openOrder, orderStatus, commissionReport; a cancel is PendingCancel, Cancelled, then error 202; a
refused change is the error, then openOrder and orderStatus of the order that still lives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from core.practice import wire
from core.practice.account import Totals, cents, order_commission
from core.practice.exchange import Exchange
from core.practice.instruments import Catalogue
from core.practice.ledger import Ledger
from core.practice.orders import Order, Status, Ticket
from core.practice.tables import Record
from core.practice.terms import RefusedError, invalid, rejected, resolve


class Outbox(Protocol):
    """Where the desk's messages go."""

    def to_client(self, client_id: int, data: bytes) -> None:
        """Queue a message for a client; nothing happens if it is not connected."""

    def position_changed(self, con_id: int) -> None:
        """Note that cash and this position changed."""


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
    ) -> None:
        self._catalogue = catalogue
        self._ledger = ledger
        self._outbox = outbox
        self._now = now
        self._cancels_foreign = cancels_foreign
        #: Stops that were triggered in this step and may not wait.
        self._at_once: list[Order] = []
        self.exchange = Exchange(ledger.market, self._filled, self._triggered)
        for order in ledger.live_orders():
            if order.status is not Status.HELD_BACK:
                self.exchange.restore(order)

    def place(self, client_id: int, fields: list[str], sent: Record) -> None:
        """Take a placeOrder: a new order, a change of a working one, or a what-if."""
        order_id = sent.integer("orderId")
        known = self._ledger.find(client_id, order_id)
        try:
            if not 0 < order_id < 1 << 31:
                raise invalid("Order id must be a positive number of 31 bits")
            instrument = resolve(self._catalogue, sent)
            self._check_account(sent)
            ticket = self._ledger.ticket(instrument, sent, "\0".join(fields))
            if sent.flag("whatIf"):
                self._preview(client_id, order_id, ticket)
            elif known is None:
                self._open(client_id, order_id, ticket)
            elif not known.is_live:
                raise _ended(known)
            else:
                self._change(known, ticket)
        except RefusedError as refusal:
            self._outbox.to_client(client_id, wire.error(order_id, refusal.code, refusal.text))
            if known is not None and known.is_live and known.status is not Status.HELD_BACK:
                self._tell(known)

    def _check_account(self, sent: Record) -> None:
        name = self._ledger.account.name
        account = sent.text("account")
        if account not in {"", name}:
            raise invalid(f"Invalid account code '{account}'.")

    def _open(self, client_id: int, order_id: int, ticket: Ticket) -> None:
        order = self._ledger.open_order(client_id, order_id, ticket)
        if ticket.sent.flag("transmit"):
            self._activate(order)
        else:
            # A gateway says nothing about an order that waits for its transmit flag.
            order.status = Status.HELD_BACK
            self._ledger.save_order(order)

    def _activate(self, order: Order) -> None:
        try:
            self._check_margin(order)
        except RefusedError as refusal:
            self._ledger.finish(order, Status.INACTIVE, f"Rejected by System: {refusal.text}", self._now())
            self._outbox.to_client(order.client_id, wire.error(order.order_id, refusal.code, refusal.text))
            self._tell(order)
            return
        stop = order.waits_for_stop
        if order.terms.tif == "FOK" and not stop and self.exchange.fillable(order) < order.terms.quantity:
            self._ledger.finish(order, Status.INACTIVE, "Cancelled by System: fill or kill", self._now())
            self._tell(order)
            return
        order.status = Status.PRE_SUBMITTED if stop or order.is_buy or order.limit is not None else Status.SUBMITTED
        order.why_held = "trigger" if stop else ""
        self._tell(order)
        self._enter(order)
        if not stop and order.is_live and not order.filled and order.status is Status.PRE_SUBMITTED:
            order.status = Status.SUBMITTED
            self._tell(order)
        self._ledger.save_order(order)

    def _enter(self, order: Order) -> None:
        self.exchange.enter(order)
        if order.remaining and order.is_live and order.terms.tif == "IOC" and not order.waits_for_stop:
            self._end(order, "Cancelled by System: immediate or cancel")

    def _change(self, order: Order, ticket: Ticket) -> None:
        before, terms = order.ticket, ticket.terms
        if ticket.instrument is not order.instrument or terms.action != order.terms.action:
            raise RefusedError(105, "Order being modified does not match the original order.")
        if terms.quantity <= order.filled:
            raise rejected(f"{order.filled} of the order are filled, the quantity can't be {terms.quantity}.")
        # A smaller quantity alone keeps the place in the queue.
        keeps_place = replace(terms, quantity=before.terms.quantity) == before.terms and (
            terms.quantity <= before.terms.quantity
        )
        self.exchange.remove(order)
        order.ticket = ticket
        if order.status is Status.HELD_BACK:
            self._ledger.save_order(order)
            if ticket.sent.flag("transmit"):
                self._activate(order)
            return
        try:
            self._check_margin(order)
        except RefusedError:
            order.ticket = before
            self.exchange.restore(order)
            raise
        self._ledger.save_order(order)
        self._tell(order)
        if keeps_place:
            self.exchange.restore(order)
        else:
            self._enter(order)
            self._ledger.save_order(order)

    def cancel(self, client_id: int, order_id: int) -> None:
        """Take a cancelOrder; another client's order may be cancelled by its id, as real gateways allow."""
        order = self._ledger.find(client_id, order_id)
        if order is None and self._cancels_foreign:
            order = self._ledger.find_foreign(order_id)
        if order is None:
            text = f"OrderId {order_id} that needs to be cancelled is not found."
            self._outbox.to_client(client_id, wire.error(order_id, 10147, text))
        elif not order.is_live:
            text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status.value}."
            self._outbox.to_client(client_id, wire.error(order_id, 10148, text))
        else:
            self._cancel(order, client_id)

    def cancel_all(self) -> None:
        """Cancel every live order of every client."""
        for order in self._ledger.live_orders():
            self._cancel(order, order.client_id)

    def _cancel(self, order: Order, canceller: int) -> None:
        self._end(order, "Cancelled by Trader", canceller)
        told = {order.client_id, canceller}
        for client_id in sorted(told):
            self._outbox.to_client(client_id, wire.error(order.order_id, 202, "Order Canceled - reason:"))

    def _end(self, order: Order, reason: str, canceller: int | None = None) -> None:
        self.exchange.remove(order)
        clients = sorted({order.client_id, order.client_id if canceller is None else canceller})
        pending = wire.order_status(order, Status.PENDING_CANCEL, canceller)
        self._ledger.finish(order, Status.CANCELLED, reason, self._now())
        ended = wire.order_status(order, None, canceller)
        for client_id in clients:
            self._outbox.to_client(client_id, pending)
            self._outbox.to_client(client_id, ended)

    def step(self) -> None:
        """Match what works against the market's new step."""
        self.exchange.step()
        for order in self._at_once:
            if order.is_live:
                self._end(order, "Cancelled by System: immediate or cancel")
        self._at_once.clear()

    def start_day(self) -> None:
        """Begin a trading day: DAY orders end, the day's figures start anew."""
        for order in self._ledger.start_day(self._now()):
            self._end(order, "Cancelled by System: end of the trading day")
            text = "Order Canceled - reason:end of the trading day"
            self._outbox.to_client(order.client_id, wire.error(order.order_id, 202, text))

    def _tell(self, order: Order) -> None:
        self._outbox.to_client(order.client_id, wire.open_order(order) + wire.order_status(order))

    def _triggered(self, order: Order) -> None:
        order.status = Status.SUBMITTED
        order.why_held = ""
        if order.terms.tif in {"IOC", "FOK"}:
            self._at_once.append(order)
        self._ledger.save_order(order)
        self._tell(order)

    def _filled(self, order: Order, units: int, quantity: int, waited: bool) -> None:
        fill = self._ledger.fill(order, units, quantity, waited=waited, now=self._now())
        self._outbox.to_client(
            order.client_id,
            wire.execution(fill, order.instrument)
            + wire.open_order(order)
            + wire.order_status(order)
            + wire.commission(fill),
        )
        self._outbox.position_changed(order.instrument.con_id)

    def _worst(self, order: Order | None) -> dict[int, int]:
        """Return the largest positions that working orders, and this one, may lead to, by contract id."""
        account = self._ledger.account
        con_ids = self.exchange.instruments()
        if order is not None:
            con_ids.add(order.instrument.con_id)
        worst: dict[int, int] = {}
        for con_id in con_ids:
            held = account.positions[con_id].quantity if con_id in account.positions else 0
            bought, sold = self.exchange.open_quantity(con_id)
            if order is not None and con_id == order.instrument.con_id:
                bought += order.remaining if order.is_buy else 0
                sold += 0 if order.is_buy else order.remaining
            worst[con_id] = max(held + bought, held - sold, key=abs)
        return worst

    def _check_margin(self, order: Order) -> None:
        """Refuse an order that could bind more than there is; one that only reduces a position always passes."""
        con_id = order.instrument.con_id
        position = self._ledger.account.positions.get(con_id)
        held = position.quantity if position else 0
        after = held + (order.remaining if order.is_buy else -order.remaining)
        if abs(after) <= abs(held):
            return
        totals = self._ledger.account.totals(self._worst(order))
        if totals.initial > totals.net_liquidation:
            raise rejected(_margin_text(totals))

    def _preview(self, client_id: int, order_id: int, ticket: Ticket) -> None:
        order = Order(0, client_id, order_id, ticket)
        instrument, terms = ticket.instrument, ticket.terms
        account = self._ledger.account
        held = account.positions[instrument.con_id].quantity if instrument.con_id in account.positions else 0
        before = account.totals()
        after = account.totals({instrument.con_id: held + (terms.quantity if order.is_buy else -terms.quantity)})
        quote = self._ledger.market.quotes[instrument.con_id]
        units = terms.limit or (quote.ask if order.is_buy else quote.bid)
        value = instrument.price(units) * terms.quantity * instrument.multiplier
        commission = order_commission(instrument, terms.quantity, value)
        answer = wire.WhatIf(
            initial_before=cents(before.initial),
            initial_after=cents(after.initial),
            maintenance_before=cents(before.maintenance),
            maintenance_after=cents(after.maintenance),
            equity_before=cents(before.net_liquidation),
            equity_after=cents(before.net_liquidation - commission),
            commission=commission,
            currency=instrument.currency,
        )
        self._outbox.to_client(client_id, wire.what_if(order, answer))


def _margin_text(totals: Totals) -> str:
    return (
        "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE "
        f"[{cents(totals.net_liquidation)} USD] MUST EXCEED THE INITIAL MARGIN [{cents(totals.initial)} USD]"
    )


def _ended(order: Order) -> RefusedError:
    if order.status is Status.FILLED:
        return RefusedError(104, "Cannot modify a filled order.")
    return RefusedError(103, "Duplicate order id")
