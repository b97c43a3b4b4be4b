"""What a report proves about an order. Pure: an order and a report in, the order as it is now known out.

Evidence ranks: execution > terminal status > completed order > open order > error code; the transition table holds
the ranks, and this module only names what each message of the broker is evidence of.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from core.domain.alerts import AlertKind
from core.domain.effects import Effect, effect_of
from core.domain.events import Incident, Severity
from core.domain.instructions import Trail
from core.domain.order_types import RULES, at_open
from core.domain.orders import Order, OrderState, OrderType, Pending, Terms, TimeInForce, terms_of, with_terms
from core.domain.reports import (
    CompletedOrderReport,
    ErrorReport,
    OpenOrderReport,
    OrderStatusReport,
    RequestKind,
)
from core.domain.transitions import Trigger, transition
from core.execution.protection import naked_cause
from core.text import mask_accounts

_LIVE_STATUSES = frozenset(
    {"ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "PreCancelled"}
)
_ENDED_STATUSES = frozenset({"Cancelled", "ApiCancelled"})
_FILLED_STATUS = "Filled"
_INACTIVE_STATUS = "Inactive"
_NOT_TAKEN = frozenset({Effect.REFUSED, Effect.REFUSED_CHECK, Effect.DOUBT})
_REFUSALS = frozenset({Effect.REFUSED, Effect.REFUSED_CHECK, Effect.OLD_TERMS, Effect.STILL_LIVE})
_RESTRICTIONS = frozenset({203, 321, 404, 460, 2137})
"""IBKR's codes for what the account, the gateway or a locate does not allow: permissions, read-only, short sales."""
_OUTSIDE = "cancelled outside ibdesk"
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class Conclusion(Struct, frozen=True):
    """What follows from one report."""

    order: Order
    incident: Incident | None = None
    """None when nobody has to be told beyond the order's own row."""
    ask: bool = False
    """True when the broker's books should be read again, because this report alone does not settle the matter."""
    distrusted: str = ""
    """Why only what reduces a position should leave from now on; empty when nothing speaks against orders."""


def from_status(order: Order, report: OrderStatusReport, now: datetime, *, expected: bool = False) -> Conclusion:
    """An orderStatus. Its fill figures are never used; an unknown word changes nothing and is told.

    `expected` says that the order goes with another one, as for `from_error`.
    """
    seen = _with_identity(order, report.perm_id)
    trigger = _trigger_of(order, report.status, report.why_held)
    if report.status == _FILLED_STATUS:
        return Conclusion(seen, ask=order.filled < order.quantity)
    if trigger is None:
        return Conclusion(seen, _incident(f"{_name(order)}: unknown status {report.status!r}.", now, order), ask=True)
    if trigger is Trigger.CANCELLED and not expected and _is_unasked(order):
        concluded = _apply(seen, trigger, now, note=_OUTSIDE)
        told = _incident(f"{_name(order)} was {_OUTSIDE}: in TWS, or by IBKR.", now, order)
        return Conclusion(concluded.order, concluded.incident or told, ask=concluded.ask)
    note = report.why_held if trigger is Trigger.HELD else ""
    return _apply(seen, trigger, now, note=note or None)


def from_open_order(order: Order, report: OpenOrderReport, now: datetime) -> Conclusion:
    """An openOrder: the broker holds the order with these terms."""
    seen = _with_identity(order, report.perm_id)
    if order.is_live:
        seen = _with_held(seen, terms_of(report))
        # Of a stranger's order the broker alone knows what its type is called.
        seen = replace(seen, type_text=report.type_text) if seen.external else seen
    trigger = _trigger_of(order, report.status, "")
    if trigger is None or report.status == _FILLED_STATUS:
        return settle_fills(seen, now)
    concluded = _apply(seen, trigger, now)
    return concluded if concluded.incident is not None else settle_fills(concluded.order, now)


def from_completed(order: Order, report: CompletedOrderReport, now: datetime) -> Conclusion:
    """A completedOrder: the order has ended. Filled ones are settled by their executions, never by this."""
    seen = _with_identity(order, report.perm_id)
    if report.status == _FILLED_STATUS:
        return Conclusion(seen)
    if report.status in _ENDED_STATUSES or (report.status == _INACTIVE_STATUS and order.tif in _AT_ONCE):
        trigger = Trigger.CANCELLED
    elif report.status == _INACTIVE_STATUS:
        trigger = Trigger.REJECTED
    else:
        return Conclusion(seen, _incident(f"{_name(order)}: completed as {report.status!r}.", now, order))
    return _apply(seen, trigger, now, note=mask_accounts(report.status_text) or None)


def from_fills(order: Order, filled: Decimal, average: Decimal | None, now: datetime) -> Conclusion:
    """The sum of the executions that stand, after one was added or corrected.

    While a modification is pending, whichever quantity is larger may fill: less than that is a part.
    """
    seen = replace(order, filled=filled, average_price=average)
    if filled < order.filled:
        text = (
            f"{_name(order)}: IBKR corrected its fills from {order.filled:f} to {filled:f}. Check the position in TWS."
        )
        return Conclusion(seen, _incident(text, now, order, Severity.ALARM), ask=True)
    if filled > order.whole:
        over = filled - order.whole
        text = f"OVERFILL: {_name(order)} filled {filled:f} of {order.whole:f}, {over:f} too many. Look into TWS."
        told = _incident(text, now, order, Severity.ALARM)
        return Conclusion(_apply(seen, Trigger.FILLED, now).order, told, distrusted=text)
    if filled <= 0:
        return Conclusion(seen)
    concluded = _apply(seen, Trigger.FILLED if filled == order.whole else Trigger.PART_FILLED, now)
    if not order.is_live and order.state is not OrderState.FILLED:
        told = _incident(
            f"{_name(order)}: filled {filled:f} after it was {_word(order.state)}.", now, order, Severity.ALARM
        )
        return Conclusion(concluded.order, told)
    return concluded


def settle_fills(order: Order, now: datetime) -> Conclusion:
    """The order once its terms are certain: what has filled may be all of it."""
    if not order.is_live or order.previous is not None or order.filled < order.quantity:
        return Conclusion(order)
    return from_fills(order, order.filled, order.average_price, now)


def with_old_terms(order: Order) -> Order:
    """The order as it was before the modification that is pending; a cancel stays pending."""
    if order.previous is None:
        return order
    pending = Pending.NONE if order.pending is Pending.MODIFY else order.pending
    return replace(with_terms(order, order.previous), pending=pending, previous=None)


def from_error(order: Order, report: ErrorReport, now: datetime, *, expected: bool = False) -> Conclusion:
    """An error for an order's id. What it means depends on what was asked: a refused modify leaves the order live.

    `expected` says that the order goes with another one, which has ended or filled: its cancel surprises nobody.
    """
    effect = effect_of(report.error_class, report.kind, acknowledged=_was_taken(order))
    if effect is Effect.NOTHING:
        return Conclusion(order)
    text = mask_accounts(report.text)
    if effect is Effect.ENDED:
        return _cancelled(order, text, report.code, now, expected=expected)
    words = _refusal(order, report.kind, effect, f"{text} [{report.code}]")
    told = _incident(words, now, order, kind=_kind_of(report.code, effect), cause=f"{report.kind} {report.code}")
    if order.parent_ref and order.is_live and effect in _NOT_TAKEN:
        words = f"UNPROTECTED: {words} The order that it was attached to may work without it: look at that now."
        cause = naked_cause(order.account, order.con_id)
        told = _incident(words, now, order, Severity.ALARM, kind=AlertKind.POSITION, cause=cause)
    noted = replace(order, note=text, code=report.code)
    match effect:
        case Effect.NOTE:
            return Conclusion(noted, told)
        case Effect.OLD_TERMS:
            return Conclusion(settle_fills(with_old_terms(noted), now).order, told, ask=True)
        case Effect.STILL_LIVE:
            pending = Pending.NONE if order.pending is Pending.CANCEL else order.pending
            return Conclusion(replace(noted, pending=pending), told, ask=True)
        case Effect.HELD:
            trigger = Trigger.HELD
        case Effect.REFUSED | Effect.REFUSED_CHECK if order.is_live and order.filled == 0:
            trigger = Trigger.REJECTED
        case Effect.DOUBT if order.state in (OrderState.INTENT, OrderState.SENT):
            trigger = Trigger.LOST_TOUCH
        case _:
            return Conclusion(noted, told, ask=True)
    concluded = _apply(order, trigger, now, note=text, code=report.code)
    ask = concluded.ask or effect is not Effect.REFUSED or order.state not in (OrderState.INTENT, OrderState.SENT)
    return Conclusion(concluded.order, concluded.incident or told, ask=ask)


def _kind_of(code: int, effect: Effect) -> AlertKind:
    """What an error about an order alerts of."""
    if code in _RESTRICTIONS or effect is Effect.HELD:
        return AlertKind.RESTRICTION
    return AlertKind.REJECTION if effect in _REFUSALS else AlertKind.ORDER


def _is_unasked(order: Order) -> bool:
    """True for an order of ours that nobody here wanted to end, and that does not end by its own terms."""
    wanted = order.pending is Pending.CANCEL or order.tif in _AT_ONCE or order.external
    return order.is_live and not wanted


def _was_taken(order: Order) -> bool:
    """True if the broker has shown that it has the order: a refusal then contradicts what is known."""
    doubted = order.state is OrderState.UNKNOWN and order.perm_id is not None
    return order.filled > 0 or doubted or order.state is OrderState.WORKING


def _cancelled(order: Order, text: str, code: int, now: datetime, *, expected: bool) -> Conclusion:
    """Code 202. IBKR cancels by itself too: then a person is told."""
    _, named, reason = text.partition("reason:")
    note = reason.strip() if named else text
    concluded = _apply(order, Trigger.CANCELLED, now, note=note or None, code=code)
    if concluded.incident is None and order.is_live and order.pending is not Pending.CANCEL and not expected:
        told = f"IBKR cancelled {_name(order)}{f': {note}' if note else ''} [{code}]"
        cause = f"{RequestKind.CANCEL} {code}"
        return Conclusion(concluded.order, _incident(told, now, order, kind=AlertKind.REJECTION, cause=cause))
    return concluded


def _trigger_of(order: Order, status: str, why_held: str) -> Trigger | None:
    if status in _LIVE_STATUSES:
        return Trigger.HELD if why_held == "locate" else Trigger.ACCEPTED
    if status in _ENDED_STATUSES:
        return Trigger.CANCELLED
    if status == _INACTIVE_STATUS:
        # What must fill at once and did not is over: IBKR says so with this word.
        return Trigger.CANCELLED if order.tif in _AT_ONCE else Trigger.HELD
    return Trigger.ACCEPTED if status == _FILLED_STATUS else None


def _apply(
    order: Order, trigger: Trigger, now: datetime, *, note: str | None = None, code: int | None = None
) -> Conclusion:
    """The order moved by one trigger; a note of None keeps the old one unless the state changes."""
    # A word that an order has ended is no evidence: what the broker shows is taken as if the doubt had gone on.
    by_word = order.by_word and order.state is OrderState.CANCELLED
    state = transition(OrderState.UNKNOWN if by_word else order.state, trigger)
    order = replace(order, by_word=False) if order.by_word else order
    if state is None:
        text = f"{_name(order)}: the broker reports {_word(trigger)} after {_word(order.state)}; the state stays."
        return Conclusion(order, _incident(text, now, order), ask=True)
    if state is order.state:
        return Conclusion(order if note is None else replace(order, note=note, code=code or order.code))
    moved = replace(order, state=state, changed=now, checks=0, note=note or "", code=code)
    if not moved.is_live:
        moved = replace(_as_it_ended(moved), pending=Pending.NONE, previous=None)
    if order.is_live:
        return Conclusion(moved)
    advice = "It may fill: look at it." if moved.is_live else "Check the position in TWS."
    text = f"{_name(order)}: IBKR reports {_word(trigger)} although it was {_word(order.state)}. {advice}"
    return Conclusion(moved, _incident(text, now, order, Severity.ALARM), ask=True)


def _as_it_ended(order: Order) -> Order:
    """An order that has ended, with a change that nobody answered only where its fills say that it was made."""
    return order if order.filled == order.quantity else with_old_terms(order)


def _with_identity(order: Order, perm_id: int) -> Order:
    return replace(order, perm_id=perm_id) if perm_id and order.perm_id is None else order


def _with_held(order: Order, held: Terms) -> Order:
    """The order with the terms that the broker holds; the old ones of a pending modification prove nothing yet."""
    order = _with_trail(order, held.trail)
    current = terms_of(order)
    pending = Pending.NONE if order.pending is Pending.MODIFY else order.pending
    if _told(order, held, current) == current:
        return replace(order, pending=pending, previous=None)
    if order.pending is Pending.MODIFY and order.previous and _told(order, held, order.previous) == order.previous:
        return order
    note = order.note if order.external else "terms as the broker holds them"
    moved = with_terms(order, _told(order, held, current))
    return replace(moved, pending=pending, previous=None, note=note)


def _with_trail(order: Order, held: Trail | None) -> Order:
    """The order with its trailing stop where the broker says it stands: that moves without anybody asking."""
    if order.trail is None or held is None or held.stop_price is None:
        return order
    return replace(order, trail=replace(order.trail, stop_price=held.stop_price))


def _told(order: Order, held: Terms, wanted: Terms) -> Terms:
    """What the broker holds, as far as it says something about what was `wanted`.

    The limit of a pegged order and of one that an algorithm works is where it stands now; a market-to-limit order
    comes back as a limit order; an end date is told to the second, or not at all.
    """
    rule = RULES.get(wanted.order_type)
    same_type = at_open(wanted.order_type, wanted.tif) is held.order_type
    if same_type or (rule is not None and rule.pegged and held.order_type is OrderType.LMT):
        held = replace(held, order_type=wanted.order_type)
    if order.algo is not None or (rule is not None and rule.pegged):
        held = replace(held, limit_price=wanted.limit_price)
    if held.trail is not None and wanted.trail is not None:
        held = replace(held, trail=replace(held.trail, stop_price=wanted.trail.stop_price))
    until = wanted.good_till
    if until is not None and held.good_till in (None, until.replace(microsecond=0)):
        held = replace(held, good_till=until)
    return held


def _word(name: OrderState | Trigger) -> str:
    return name.lower().replace("_", " ")


def _name(order: Order) -> str:
    number = f"#{order.number}" if order.number else "EXT"
    return f"{number} {order.text}"


def _refusal(order: Order, kind: RequestKind, effect: Effect, said: str) -> str:
    what = f"IBKR about {_name(order)}"
    if effect is Effect.OLD_TERMS:
        what = f"IBKR refused the change of {_name(order)}; its terms are being read again"
    elif effect is Effect.STILL_LIVE:
        what = f"IBKR refused to cancel {_name(order)}; its state is being read again"
    elif effect in (Effect.REFUSED, Effect.REFUSED_CHECK):
        what = f"IBKR refused {_name(order)}"
    elif kind in (RequestKind.MODIFY, RequestKind.CANCEL) and effect is Effect.ASK:
        asked = "change" if kind is RequestKind.MODIFY else "cancel"
        what = f"IBKR about the {asked} of {_name(order)}, which may or may not be made; it is being read again"
    return f"{what}: {said}"


def _incident(
    text: str,
    now: datetime,
    order: Order,
    severity: Severity = Severity.WARNING,
    *,
    kind: AlertKind = AlertKind.ORDER,
    cause: str = "",
) -> Incident:
    return Incident(
        severity=severity,
        text=text,
        time=now,
        order_ref=order.order_ref,
        kind=kind,
        cause=cause,
        con_id=order.con_id,
    )
