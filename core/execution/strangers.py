"""Orders that the broker shows and the journal does not know: of other clients, of a lost record, or a second time."""

from __future__ import annotations

from datetime import datetime

from core.domain.orders import Order, OrderState
from core.domain.reports import OpenOrderReport
from core.execution.book import OrderBook

OVER = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})
"""Statuses of an open order that works no more."""


def order_of(
    report: OpenOrderReport, now: datetime, *, order_ref: str, number: int, parent_ref: str, twin_of: str = ""
) -> Order:
    """The order that an open order of the broker's describes; `number` 0 for one that is not ours."""
    external = number == 0
    return Order(
        order_ref=order_ref,
        number=number,
        account=report.account,
        con_id=report.instrument.con_id,
        label=report.instrument.label,
        side=report.side,
        quantity=report.quantity,
        order_type=report.order_type,
        type_text=report.type_text,
        limit_price=report.limit_price,
        stop_price=report.stop_price,
        trail=report.trail,
        offset=report.offset,
        tif=report.tif,
        good_till=report.good_till,
        outside_rth=report.outside_rth,
        display_size=report.display_size,
        hidden=report.hidden,
        all_or_none=report.all_or_none,
        good_after=report.good_after,
        oca=report.oca,
        parent_ref=parent_ref,
        conditions=report.conditions,
        algo=report.algo,
        state=OrderState.WORKING,
        order_id=report.order_id,
        client_id=report.client_id,
        perm_id=report.perm_id or None,
        external=external,
        twin_of=twin_of,
        note=f"other client ({report.client_id})" if external else "one order too many" if twin_of else "",
        created=now,
        changed=now,
    )


def parent_ref_of(report: OpenOrderReport, book: OrderBook) -> str:
    """The reference of what a reported order is attached to; empty where it stands alone or that is not known."""
    parent = book.find(client_id=report.client_id, order_id=report.parent_id) if report.parent_id else None
    return "" if parent is None else parent.order_ref


def is_other(order: Order, perm_id: int) -> bool:
    """True if `perm_id` (0 for none) is not the number by which the broker knows the order."""
    return order.perm_id is not None and perm_id not in (0, order.perm_id)


def second_ref(perm_id: int) -> str:
    """What an order is called here that lives, or has filled, under a reference of ours a second time."""
    return f"dup-{perm_id}"


def second_words(order: Order, perm_id: int, what: str) -> str:
    """What a person is told of a second order, `perm_id`, under the reference of `order`."""
    return (
        f"DUPLICATE: a second order under the reference of #{order.number} {order.text} {what}, as {perm_id}; "
        f"#{order.number} is {order.perm_id}. Look into TWS."
    )


def twice_words(first: Order, second: Order) -> str:
    """What a person is told of two live orders under one reference."""
    return (
        f"DUPLICATE: #{first.number} {first.text} is live twice at IBKR, as {first.perm_id} and {second.perm_id}; "
        f"that one is shown as #{second.number}. Both count. Cancel the one too many."
    )
