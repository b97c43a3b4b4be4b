"""Orders that the broker shows and the journal does not know: of other clients, of a lost record, or a second time."""

from __future__ import annotations

from datetime import datetime

from core.domain.orders import Order, OrderState
from core.domain.reports import OpenOrderReport

_OVER = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})


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


def is_second(order: Order, report: OpenOrderReport) -> bool:
    """True if the report shows another live order under the reference of one that is known by another number."""
    return (
        report.order_ref == order.order_ref
        and order.perm_id is not None
        and report.perm_id not in (0, order.perm_id)
        and report.status not in _OVER
    )
