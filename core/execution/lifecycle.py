"""What a report proves about an order. Pure: an order and a report in, the order as it is now known out.

Evidence ranks: execution > terminal status > completed order > open order > error code; the transition table holds
the ranks, and this module only names what each message of the broker is evidence of.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from core.domain.events import Incident, Severity
from core.domain.orders import Order, OrderState, Pending, Terms, Trigger, transition
from core.domain.reports import (
    CompletedOrderReport,
    ErrorClass,
    ErrorReport,
    OpenOrderReport,
    OrderStatusReport,
    RequestKind,
)

_LIVE_STATUSES = frozenset(
    {"ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "PreCancelled"}
)
_ENDED_STATUSES = frozenset({"Cancelled", "ApiCancelled"})
_FILLED_STATUS = "Filled"
_INACTIVE_STATUS = "Inactive"


class Conclusion(Struct, frozen=True):
    """What follows from one report."""

    order: Order
    incident: Incident | None = None
    """None when nobody has to be told beyond the order's own row."""
    ask: bool = False
    """True when the broker's books should be read again, because this report alone does not settle the matter."""


def from_status(order: Order, report: OrderStatusReport, now: datetime) -> Conclusion:
    """An orderStatus. Its fill figures are never used; an unknown word changes nothing and is told."""
    seen = _with_identity(order, report.perm_id)
    trigger = _trigger_of(report.status, report.why_held)
    if report.status == _FILLED_STATUS:
        return Conclusion(seen, ask=order.filled < order.quantity)
    if trigger is None:
        return Conclusion(seen, _incident(f"{_name(order)}: unknown status {report.status!r}.", now, order), ask=True)
    note = report.why_held if trigger is Trigger.HELD else None
    return _apply(seen, trigger, now, note=note)


def from_open_order(order: Order, report: OpenOrderReport, now: datetime) -> Conclusion:
    """An openOrder: the broker holds the order with these terms."""
    seen = _with_identity(order, report.perm_id)
    terms = Terms(quantity=report.quantity, limit_price=report.limit_price)
    ours = Terms(quantity=order.quantity, limit_price=order.limit_price)
    if terms == ours:
        if seen.pending is Pending.MODIFY:
            seen = replace(seen, pending=Pending.NONE, previous=None)
    elif seen.pending is not Pending.MODIFY and order.is_live:
        seen = replace(
            seen, quantity=terms.quantity, limit_price=terms.limit_price, note="terms as the broker holds them"
        )
    trigger = _trigger_of(report.status, "")
    if trigger is None or report.status == _FILLED_STATUS:
        return Conclusion(seen)
    return _apply(seen, trigger, now)


def from_completed(order: Order, report: CompletedOrderReport, now: datetime) -> Conclusion:
    """A completedOrder: the order has ended. Filled ones are settled by their executions, never by this."""
    seen = _with_identity(order, report.perm_id)
    if report.status == _FILLED_STATUS:
        return Conclusion(seen, ask=order.filled < order.quantity)
    if report.status in _ENDED_STATUSES:
        trigger = Trigger.CANCELLED
    elif report.status == _INACTIVE_STATUS:
        trigger = Trigger.REJECTED
    else:
        return Conclusion(seen, _incident(f"{_name(order)}: completed as {report.status!r}.", now, order))
    return _apply(seen, trigger, now, note=report.status_text or None)


def from_fills(order: Order, filled: Decimal, average: Decimal | None, now: datetime) -> Conclusion:
    """The sum of the executions that stand, after one was added or corrected."""
    seen = replace(order, filled=filled, average_price=average)
    if filled > order.quantity:
        over = filled - order.quantity
        told = _incident(
            f"{_name(order)}: filled {filled:f} of {order.quantity:f}, {over:f} too many. Check the position in TWS.",
            now,
            order,
            Severity.ALARM,
        )
        return Conclusion(_apply(seen, Trigger.FILLED, now).order, told)
    if filled <= 0:
        return Conclusion(seen)
    concluded = _apply(seen, Trigger.FILLED if filled == order.quantity else Trigger.PART_FILLED, now)
    if not order.is_live and order.state is not OrderState.FILLED:
        told = _incident(
            f"{_name(order)}: filled {filled:f} after it was {order.state.lower()}.", now, order, Severity.ALARM
        )
        return Conclusion(concluded.order, told)
    return concluded


def from_error(order: Order, report: ErrorReport, now: datetime) -> Conclusion:
    """An error for an order's id. What it means depends on what was asked: a refused modify leaves the order live."""
    told = _incident(_refusal(order, report), now, order)
    noted = replace(order, note=report.text, code=report.code)
    if report.error_class in (ErrorClass.INFO, ErrorClass.DATA_ONLY):
        return Conclusion(order)
    if report.error_class is ErrorClass.WARNING:
        return Conclusion(noted, told)
    if report.error_class is ErrorClass.CANCELLED:
        return _apply(replace(order, code=report.code), Trigger.CANCELLED, now)
    if report.kind is RequestKind.MODIFY and order.previous is not None:
        return Conclusion(_with_old_terms(noted), told, ask=True)
    if report.kind is RequestKind.CANCEL:
        return Conclusion(replace(noted, pending=Pending.NONE), told, ask=True)
    if report.error_class is ErrorClass.HELD:
        return _apply(replace(order, code=report.code), Trigger.HELD, now, note=report.text)
    if report.error_class is ErrorClass.REJECTED and order.filled == 0 and order.is_live:
        concluded = _apply(replace(order, code=report.code), Trigger.REJECTED, now, note=report.text)
        return Conclusion(concluded.order, told)
    return Conclusion(noted, told, ask=True)


def _trigger_of(status: str, why_held: str) -> Trigger | None:
    if status in _LIVE_STATUSES:
        return Trigger.HELD if why_held == "locate" else Trigger.ACCEPTED
    if status in _ENDED_STATUSES:
        return Trigger.CANCELLED
    if status == _INACTIVE_STATUS:
        return Trigger.HELD
    return Trigger.ACCEPTED if status == _FILLED_STATUS else None


def _apply(order: Order, trigger: Trigger, now: datetime, *, note: str | None = None) -> Conclusion:
    """The order moved by one trigger; a note of None keeps the old one unless the state changes to a calm one."""
    state = transition(order.state, trigger)
    if state is None:
        text = f"{_name(order)}: the broker reports {trigger.lower()} after {order.state.lower()}; the state stays."
        return Conclusion(order, _incident(text, now, order), ask=True)
    if state is order.state:
        return Conclusion(order if note is None else replace(order, note=note))
    moved = replace(order, state=state, changed=now, note=note if note is not None else "")
    if not moved.is_live:
        moved = replace(moved, pending=Pending.NONE, previous=None)
    return Conclusion(moved)


def _with_identity(order: Order, perm_id: int) -> Order:
    return replace(order, perm_id=perm_id) if perm_id and order.perm_id is None else order


def _with_old_terms(order: Order) -> Order:
    if order.previous is None:
        return order
    return replace(
        order,
        quantity=order.previous.quantity,
        limit_price=order.previous.limit_price,
        pending=Pending.NONE,
        previous=None,
    )


def _name(order: Order) -> str:
    number = f"#{order.number}" if order.number else "EXT"
    return f"{number} {order.text}"


def _refusal(order: Order, report: ErrorReport) -> str:
    match report.kind:
        case RequestKind.MODIFY:
            what = f"IBKR refused the change of {_name(order)}; it stands at its old terms"
        case RequestKind.CANCEL:
            what = f"IBKR refused to cancel {_name(order)}; its state is being read again"
        case _ if report.error_class is ErrorClass.REJECTED:
            what = f"IBKR refused {_name(order)}"
        case _:
            what = f"IBKR about {_name(order)}"
    return f"{what}: {report.text} [{report.code}]"


def _incident(text: str, now: datetime, order: Order, severity: Severity = Severity.WARNING) -> Incident:
    return Incident(severity=severity, text=text, time=now, order_ref=order.order_ref)
