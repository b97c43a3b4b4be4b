"""Core's state held against the gateway's ledger, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from core.domain.events import Snapshot
from core.domain.orders import Order, OrderState
from core.practice.account import cents
from core.practice.ledger import Ledger
from core.practice.orders import Order as Booked
from core.practice.orders import Status

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
        elif _facts(order) != _booked_facts(booked):
            yield f"order {order.order_ref}: core has {_facts(order)}, the gateway {_booked_facts(booked)}"
    left = [*ours.values(), *(order for order in snapshot.orders if order.perm_id is None)]
    yield from (
        f"the gateway does not know {o.order_ref}: {o.text} {o.state}" for o in left if o.state not in _NEVER_THERE
    )


def _facts(order: Order) -> tuple[object, ...]:
    average = None if order.average_price is None else order.average_price.quantize(_EIGHT_PLACES)
    live = order.limit_price if order.is_live else None
    return order.order_ref, order.order_id, order.state, order.quantity, order.filled, average, live


def _booked_facts(booked: Booked) -> tuple[object, ...]:
    average = booked.average.quantize(_EIGHT_PLACES) if booked.filled else None
    limit = booked.terms.limit
    live = booked.instrument.price(limit) if limit is not None and booked.is_live else None
    state = _STATES.get(booked.status)
    return booked.sent.text("orderRef"), booked.order_id, state, booked.quantity, booked.filled, average, live


def _executions(ledger: Ledger, snapshot: Snapshot) -> Iterator[str]:
    ours = {
        one.exec_id: (one.order_ref, one.con_id, one.quantity, one.price, one.commission, one.realized_pnl)
        for one in snapshot.executions
    }
    theirs = {
        one.exec_id: (
            one.order_ref,
            one.con_id,
            Decimal(one.shares),
            one.price,
            one.commission,
            None if one.realized is None else cents(one.realized),
        )
        for one in ledger.executions
    }
    for exec_id in ours.keys() | theirs.keys():
        mine = ours.get(exec_id)
        if mine is not None and mine[-1] is not None:
            mine = (*mine[:-1], cents(mine[-1]))
        if mine != theirs.get(exec_id):
            yield f"execution {exec_id}: core has {mine}, the gateway {theirs.get(exec_id)}"


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
