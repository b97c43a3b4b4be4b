"""Why a command about a known order is refused, and what a modification makes of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode, ModifyOrder
from core.domain.instructions import Trail
from core.domain.instruments import Instrument
from core.domain.order_types import AUCTIONS, RULES, Need, TypeRule, at_open
from core.domain.orders import Order, OrderRequest, OrderState, Pending, Side, Terms, TimeInForce, terms_of
from core.domain.prices import as_written
from core.domain.quotes import Quote
from core.execution.refusals import deny
from core.risk.circumstances import Circumstances

_CHANGEABLE = (OrderState.WORKING, OrderState.HELD)


def why_not(order: Order, command: ModifyOrder) -> Denial | None:
    """Why `command` can't be carried out on the order as it stands; None if it can."""
    if order.external:
        return deny(DenialCode.EXTERNAL, f"{order.text} belongs to another client. Change it where it was placed.")
    if not order.is_live:
        return ended(order)
    if order.state not in _CHANGEABLE or order.pending is not Pending.NONE:
        text = f"{order.text} waits for an answer of IBKR. Change it when the answer is there."
        return deny(DenialCode.NOT_LIVE, text)
    if command.revision != order.revision:
        text = f"{order.text} was changed at another screen meanwhile. Look at it, then change it again."
        return deny(DenialCode.REVISION, text)
    if command.quantity is not None and command.quantity.is_finite() and command.quantity <= order.filled:
        text = f"{order.filled:f} of {order.text} is filled already. Type a larger quantity, or cancel the rest."
        return deny(DenialCode.QUANTITY, text)
    return None


def unchangeable(order: Order, terms: Terms, attached: Sequence[Order]) -> Denial | None:
    """Why an order can't get `terms` although they may be right for a new one; None if it can.

    `attached` are the orders that change with it.
    """
    was, will = at_open(order.order_type, order.tif), at_open(terms.order_type, terms.tif)
    if (was in AUCTIONS) is not (will in AUCTIONS):
        text = f"{order.text} can't go into an auction or out of one. Cancel it, then send another. [329]"
        return deny(DenialCode.ORDER_TYPE, text)
    for child in attached:
        if child.state not in _CHANGEABLE or child.pending is not Pending.NONE:
            text = f"{child.text}, attached to {order.text}, waits for an answer of IBKR. Change both when it is there."
            return deny(DenialCode.NOT_LIVE, text)
    return None


def unattached(child: OrderRequest, parent: OrderRequest | Order) -> Denial | None:
    """Why an order can't be attached to `parent`; None if it can."""
    if child.parent_ref != parent.order_ref:
        return deny(DenialCode.PARENT, f"The order {child.order_ref} does not name the one it comes with. Not sent.")
    if (child.account, child.con_id, child.side) != (parent.account, parent.con_id, parent.side.opposite):
        text = "An attached order is for the same account and instrument, on the other side. Not sent."
        return deny(DenialCode.PARENT, text)
    if child.quantity > parent.quantity:
        text = f"An attached order for {child.quantity:f} would do more than close {parent.quantity:f}. Not sent."
        return deny(DenialCode.PARENT, text)
    return None


def entry_price(parent: OrderRequest | Order, circumstances: Circumstances) -> Decimal | None:
    """Where an order that has not traded is expected to: its limit, its stop, else the market; None if unknown."""
    for price in (parent.limit_price, parent.stop_price):
        if price is not None:
            return price
    quote = circumstances.quote
    if quote is None:
        return None
    other = quote.ask if parent.side is Side.BUY else quote.bid
    return other if other is not None else quote.mark


def overtaken(pending: Order) -> Denial | None:
    """Why a modification that was recorded must not be sent after all: what was heard while it was; None if nothing."""
    if not pending.is_live:
        return ended(pending)
    if pending.state not in _CHANGEABLE or pending.previous is None or pending.pending is not Pending.MODIFY:
        text = f"The change of {pending.text} was not sent: a cancel or news of IBKR came first. Look at the order."
        return deny(DenialCode.NOT_LIVE, text)
    if pending.filled >= min(pending.quantity, pending.previous.quantity):
        text = f"The change of {pending.text} was not sent: {pending.filled:f} filled meanwhile. Look at the order."
        return deny(DenialCode.NOT_LIVE, text)
    return None


def too_late(recorded: Order) -> Denial | None:
    """Why a new order must not be sent after all, now that its intent is durable; None if nothing came between."""
    if recorded.pending is Pending.CANCEL:
        return deny(DenialCode.NOT_LIVE, f"Not sent: {recorded.text} was cancelled while it was being recorded.")
    if recorded.state is not OrderState.INTENT:
        text = f"Not sent: recording {recorded.text} took too long. Look at the market, then send it anew."
        return deny(DenialCode.NOT_LIVE, text)
    return None


def not_repeated(known: Order | None, order_ref: str, account: str, con_id: int, side: Side | None) -> Denial | None:
    """Why a used reference can't stand for this request; None if it is the same order again. `side` None fits both."""
    if known is None:
        text = f"The reference {order_ref} stands for an order of an earlier day. Not sent; mint a new one."
        return deny(DenialCode.DUPLICATE_REF, text)
    same = (known.account, known.con_id) == (account, con_id) and known.side is (side or known.side)
    if known.external or not same:
        text = f"The reference {order_ref} stands for {known.text}. Not sent; mint a new one."
        return deny(DenialCode.DUPLICATE_REF, text)
    return ended(known) if known.state is OrderState.DENIED else None


def changed(order: Order, command: ModifyOrder) -> Terms:
    """The terms that `command` makes of the order's: the one builder of modifications.

    Prices that a new type does not have are dropped unless the command names them, which the controls then refuse.
    """
    kind = order.order_type if command.order_type is None else command.order_type
    tif = order.tif if command.tif is None else command.tif
    rule = RULES.get(kind)
    kept = terms_of(order)
    if rule is not None and kind is not order.order_type:
        kept = replace(
            kept,
            limit_price=None if rule.limit is Need.NONE else kept.limit_price,
            stop_price=None if rule.stop is Need.NONE else kept.stop_price,
            trail=_kept_trail(kept.trail, rule),
            offset=None if rule.offset is Need.NONE else kept.offset,
        )
    if tif is not TimeInForce.GTD:
        kept = replace(kept, good_till=None)
    shown = kept.display_size if command.display_size is None else command.display_size
    return Terms(
        quantity=kept.quantity if command.quantity is None else command.quantity,
        order_type=kind,
        limit_price=kept.limit_price if command.limit_price is None else command.limit_price,
        stop_price=kept.stop_price if command.stop_price is None else command.stop_price,
        trail=kept.trail if command.trail is None else command.trail,
        offset=kept.offset if command.offset is None else command.offset,
        tif=tif,
        good_till=kept.good_till if command.good_till is None else command.good_till,
        outside_rth=kept.outside_rth if command.outside_rth is None else command.outside_rth,
        display_size=shown or None,
    )


def _kept_trail(trail: Trail | None, rule: TypeRule) -> Trail | None:
    if trail is None or rule.trail is Need.NONE:
        return None
    return replace(trail, limit_offset=None) if rule.limit_offset is Need.NONE else trail


def drafted(
    request: OrderRequest,
    instrument: Instrument,
    now: datetime,
    *,
    number: int,
    order_id: int,
    client_id: int,
    quote: Quote | None = None,
) -> Order:
    """The order that a request becomes, as an intent; its prices written as the instrument's are.

    `quote` is the market that it arrives in, None if there is none.
    """
    bands = instrument.price_bands
    asked = {name: getattr(request, name) for name in OrderRequest.__struct_fields__}
    written = {name: as_written(asked[name], bands) for name in ("limit_price", "stop_price")}
    if request.arrival_price is None and quote is not None and quote.tradable:
        written["arrival_price"] = quote.middle
    return Order(
        **(asked | written),
        number=number,
        label=instrument.label,
        type_text=request.order_type.value,
        state=OrderState.INTENT,
        order_id=order_id,
        client_id=client_id,
        created=now,
        changed=now,
    )


def ended(order: Order) -> Denial:
    """A command came too late."""
    filled = f", {order.filled.normalize():f} filled" if order.filled > Decimal(0) else ""
    note = f" ({order.note})" if order.note else ""
    text = f"#{order.number} {order.text} has ended: {order.state.lower()}{filled}{note}."
    return deny(DenialCode.NOT_LIVE, text)
