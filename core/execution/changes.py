"""Why a command about a known order is refused, and what a modification makes of one."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode, ModifyOrder
from core.domain.orders import Order, OrderRequest, OrderState, Pending, Side

_CHANGEABLE = (OrderState.WORKING, OrderState.HELD)


def why_not(order: Order, command: ModifyOrder) -> Denial | None:
    """Why `command` can't be carried out on the order as it stands; None if it can."""
    if order.external:
        return _deny(DenialCode.EXTERNAL, f"{order.text} belongs to another client. Change it where it was placed.")
    if not order.is_live:
        return ended(order)
    if order.state not in _CHANGEABLE or order.pending is not Pending.NONE:
        text = f"{order.text} waits for an answer of IBKR. Change it when the answer is there."
        return _deny(DenialCode.NOT_LIVE, text)
    if command.revision != order.revision:
        text = f"{order.text} was changed at another screen meanwhile. Look at it, then change it again."
        return _deny(DenialCode.REVISION, text)
    if command.quantity is not None and command.quantity.is_finite() and command.quantity <= order.filled:
        text = f"{order.filled:f} of {order.text} is filled already. Type a larger quantity, or cancel the rest."
        return _deny(DenialCode.QUANTITY, text)
    return None


def overtaken(pending: Order) -> Denial | None:
    """Why a modification that was recorded must not be sent after all: what was heard while it was; None if nothing."""
    if not pending.is_live:
        return ended(pending)
    if pending.state not in _CHANGEABLE or pending.previous is None or pending.pending is not Pending.MODIFY:
        text = f"The change of {pending.text} was not sent: a cancel or news of IBKR came first. Look at the order."
        return _deny(DenialCode.NOT_LIVE, text)
    if pending.filled >= min(pending.quantity, pending.previous.quantity):
        text = f"The change of {pending.text} was not sent: {pending.filled:f} filled meanwhile. Look at the order."
        return _deny(DenialCode.NOT_LIVE, text)
    return None


def too_late(recorded: Order) -> Denial | None:
    """Why a new order must not be sent after all, now that its intent is durable; None if nothing came between."""
    if recorded.pending is Pending.CANCEL:
        return _deny(DenialCode.NOT_LIVE, f"Not sent: {recorded.text} was cancelled while it was being recorded.")
    if recorded.state is not OrderState.INTENT:
        text = f"Not sent: recording {recorded.text} took too long. Look at the market, then send it anew."
        return _deny(DenialCode.NOT_LIVE, text)
    return None


def not_repeated(known: Order | None, order_ref: str, account: str, con_id: int, side: Side | None) -> Denial | None:
    """Why a used reference can't stand for this request; None if it is the same order again. `side` None fits both."""
    if known is None:
        text = f"The reference {order_ref} stands for an order of an earlier day. Not sent; mint a new one."
        return _deny(DenialCode.DUPLICATE_REF, text)
    same = (known.account, known.con_id) == (account, con_id) and known.side is (side or known.side)
    if known.external or not same:
        text = f"The reference {order_ref} stands for {known.text}. Not sent; mint a new one."
        return _deny(DenialCode.DUPLICATE_REF, text)
    return ended(known) if known.state is OrderState.DENIED else None


def with_terms(order: Order, command: ModifyOrder) -> Order:
    """The order with the terms that `command` wants."""
    return replace(
        order,
        quantity=order.quantity if command.quantity is None else command.quantity,
        limit_price=order.limit_price if command.limit_price is None else command.limit_price,
    )


def request_of(order: Order) -> OrderRequest:
    """What would have to be asked for to get the order as it stands: what the controls judge."""
    return OrderRequest(
        order_ref=order.order_ref,
        account=order.account,
        con_id=order.con_id,
        side=order.side,
        quantity=order.quantity,
        order_type=order.order_type,
        limit_price=order.limit_price,
        tif=order.tif,
        outside_rth=order.outside_rth,
    )


def ended(order: Order) -> Denial:
    """A command came too late."""
    filled = f", {order.filled.normalize():f} filled" if order.filled > Decimal(0) else ""
    note = f" ({order.note})" if order.note else ""
    text = f"#{order.number} {order.text} has ended: {order.state.lower()}{filled}{note}."
    return _deny(DenialCode.NOT_LIVE, text)


def _deny(code: DenialCode, message: str) -> Denial:
    return Denial(code=code, message=message)
