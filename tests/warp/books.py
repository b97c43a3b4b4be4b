"""Core's state held against the gateway's ledger, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core.domain.events import Snapshot
from core.domain.executions import Execution
from core.domain.orders import Order, OrderState, Pending, Side
from core.practice.account import cents
from core.practice.ledger import Ledger
from core.practice.orders import Execution as BookedExecution
from core.practice.orders import Order as Booked
from core.practice.orders import Status

Facts = dict[str, object]
"""What one of the two says, by the name of the field."""

_STATES = {
    Status.PRE_SUBMITTED: OrderState.WORKING,
    Status.SUBMITTED: OrderState.WORKING,
    Status.FILLED: OrderState.FILLED,
    Status.CANCELLED: OrderState.CANCELLED,
}
_NEVER_THERE = frozenset({OrderState.DENIED, OrderState.REJECTED})
_EIGHT_PLACES = Decimal("1e-8")


def differences(ledger: Ledger, snapshot: Snapshot) -> list[str]:
    """Everything in which the two disagree, in words; empty when they are equal.

    Money is told by the gateway every few seconds: look when nothing has traded for so long.
    """
    return [
        *_orders(ledger, snapshot),
        *_executions(ledger, snapshot),
        *_held(ledger, snapshot),
        *_money(ledger, snapshot),
    ]


def _orders(ledger: Ledger, snapshot: Snapshot) -> Iterator[str]:
    ours = {order.perm_id: order for order in snapshot.orders if order.perm_id is not None}
    for booked in ledger.orders.values():
        order = ours.pop(booked.perm_id, None)
        if order is None:
            yield f"core does not know the gateway's order {booked.perm_id} ({booked.sent.text('orderRef')})"
        else:
            yield from _unlike(f"order {order.order_ref}", _facts(order), _booked_facts(booked))
    left = [*ours.values(), *(order for order in snapshot.orders if order.perm_id is None)]
    yield from (
        f"the gateway does not know {o.order_ref}: {o.text} {o.state}" for o in left if o.state not in _NEVER_THERE
    )


def _unlike(what: str, ours: Facts, theirs: Facts) -> Iterator[str]:
    for name, mine in ours.items():
        if mine != theirs[name]:
            yield f"{name} of {what}: core has {mine}, the gateway {theirs[name]}"


def _facts(order: Order) -> Facts:
    return {
        "reference": order.order_ref,
        "id": order.order_id,
        "client": order.client_id,
        "account": order.account,
        "contract": order.con_id,
        "side": order.side.value,
        "type": order.type_text,
        "time in force": order.tif.value,
        "outside hours": order.outside_rth,
        "limit": order.limit_price,
        "stop": order.stop_price,
        "state": order.state,
        "what is asked": order.pending,
        "quantity": order.quantity,
        "filled": order.filled,
        "remaining": order.remaining,
        "average": None if order.average_price is None else order.average_price.quantize(_EIGHT_PLACES),
    }


def _booked_facts(booked: Booked) -> Facts:
    terms, price = booked.terms, booked.instrument.price
    return {
        "reference": booked.sent.text("orderRef"),
        "id": booked.order_id,
        "client": booked.client_id,
        "account": booked.sent.text("account"),
        "contract": booked.instrument.con_id,
        "side": terms.action,
        "type": terms.order_type,
        "time in force": terms.tif,
        "outside hours": terms.outside_rth,
        "limit": None if terms.limit is None else price(terms.limit),
        "stop": None if terms.stop is None else price(terms.stop),
        "state": _STATES.get(booked.status),
        "what is asked": Pending.NONE,
        "quantity": booked.quantity,
        "filled": booked.filled,
        "remaining": booked.remaining if booked.is_live else 0,
        "average": booked.average.quantize(_EIGHT_PLACES) if booked.filled else None,
    }


def _executions(ledger: Ledger, snapshot: Snapshot) -> Iterator[str]:
    ours = {one.exec_id: _fill_facts(one) for one in snapshot.executions}
    theirs = {one.exec_id: _booked_fill_facts(one) for one in ledger.executions}
    for exec_id in ours.keys() ^ theirs.keys():
        yield f"execution {exec_id}: only {'core' if exec_id in ours else 'the gateway'} has it"
    for exec_id in ours.keys() & theirs.keys():
        yield from _unlike(f"execution {exec_id}", ours[exec_id], theirs[exec_id])


def _fill_facts(one: Execution) -> Facts:
    return {
        "order": (one.order_ref, one.perm_id, one.order_id, one.client_id),
        "account": one.account,
        "contract": one.con_id,
        "side": one.side,
        "quantity": one.quantity,
        "price": one.price,
        "second": one.time.timestamp(),
        "venue": one.exchange,
        "commission": one.commission,
        "currency": one.commission_currency,
        "realised": None if one.realized_pnl is None else cents(one.realized_pnl),
    }


def _booked_fill_facts(one: BookedExecution) -> Facts:
    return {
        "order": (one.order_ref, one.perm_id, one.order_id, one.client_id),
        "account": one.account,
        "contract": one.con_id,
        "side": {"BOT": Side.BUY, "SLD": Side.SELL}.get(one.side),
        "quantity": one.shares,
        "price": one.price,
        "second": one.epoch,
        "venue": one.venue,
        "commission": one.commission,
        "currency": one.currency,
        "realised": None if one.realized is None else cents(one.realized),
    }


def _held(ledger: Ledger, snapshot: Snapshot) -> Iterator[str]:
    ours = {
        one.con_id: (one.quantity, one.average_price.quantize(_EIGHT_PLACES))
        for one in snapshot.positions or ()
        if one.quantity
    }
    theirs = {
        con_id: (Decimal(one.quantity), (one.average_cost / one.instrument.multiplier).quantize(_EIGHT_PLACES))
        for con_id, one in ledger.account.positions.items()
        if one.quantity
    }
    for con_id in ours.keys() | theirs.keys():
        if ours.get(con_id) != theirs.get(con_id):
            yield f"position {con_id}: core has {ours.get(con_id)}, the gateway {theirs.get(con_id)}"


def _money(ledger: Ledger, snapshot: Snapshot) -> Iterator[str]:
    totals = ledger.account.totals()
    theirs = cents(totals.cash), cents(totals.realized)
    ours = [(one.cash, one.realized_pnl) for one in snapshot.accounts]
    if ours != [theirs]:
        yield f"cash and realised profit: core has {ours}, the gateway {theirs}"
