"""Once more what an order did not fill: a ticket with its rest and its terms, which waits for Enter as every other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderState, OrderType, Side
from core.domain.sizes import Size
from tui.hands.accounts import account_words
from tui.hands.order_kinds import KINDS, TIFS
from tui.hands.pricing import PriceStyle
from tui.hands.ticket import VERBS, OrderTicket

_AT_OPEN = {OrderType.MOO: OrderType.MKT, OrderType.LOO: OrderType.LMT}


def why_no_rest(order: Order | None, instrument: Instrument | None, accounts: tuple[str, ...]) -> str:
    """Why there is no ticket for the rest of an order, and what to do; empty if there can be one."""
    if order is None:
        return "o places what the selected order did not fill. Go to ORDERS ( w ) and select one that has ended."
    words = order.name + account_words(order.account, accounts)
    if order.state is OrderState.UNKNOWN:
        return f"{words} may still work: nobody knows its outcome. Space says what is known."
    if order.is_live:
        return f"{words} still works. Del cancels it; o then places what it has not filled."
    if order.external:
        return f"{words} is not of this profile. Its own program places it again."
    if order.quantity <= order.filled:
        return f"{words} has filled: nothing is left of it."
    if instrument is None:
        return f"{words}: its contract is not known any more. / finds it."
    if beyond_tickets(order):
        return f"{words} has instructions that no ticket can say. A script places its rest: Desk.place_remainder."
    return ""


def rest_ticket(
    order: Order, instrument: Instrument, *, desk_account: str, presets: tuple[Size, ...], accounts: tuple[str, ...]
) -> OrderTicket:
    """The ticket, where `why_no_rest` has nothing to say; `desk_account` is what tickets begin with that name none."""
    kind = _AT_OPEN.get(order.order_type, order.order_type)
    market = kind is OrderType.MKT
    limit = order.limit_price if order.trail is None else order.trail.limit_offset
    ticket = OrderTicket(
        verb=VERBS["buy" if order.side is Side.BUY else "sell"],
        instrument=instrument,
        account=order.account,
        accounts=accounts,
        opened_for="" if order.account == desk_account else order.account,
        quantity_text=f"{(order.quantity - order.filled).normalize():f}",
        presets=presets,
        style=PriceStyle.MARKET if market else None,
        kind=OrderType.LMT if market else kind,
        price_text=_text(limit),
        trigger_text=_trigger(order),
        tif=order.tif,
        till_text=_till(order.good_till, instrument.time_zone),
        outside_rth=order.outside_rth,
    )
    return replace(ticket, field=ticket.fields[0])


def beyond_tickets(order: Order) -> bool:
    """True for an order with instructions that a ticket has no field for."""
    said = (order.algo, order.oca, order.conditions, order.display_size, order.good_after)
    kind = _AT_OPEN.get(order.order_type, order.order_type)
    return (
        any(one is not None for one in said)
        or order.hidden
        or order.all_or_none
        or kind not in KINDS
        or order.tif not in TIFS
    )


def _trigger(order: Order) -> str:
    trail = order.trail
    if trail is None:
        return _text(order.offset if order.stop_price is None else order.stop_price)
    return f"{_text(trail.percent)}%" if trail.amount is None else _text(trail.amount)


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def _till(moment: datetime | None, time_zone: str) -> str:
    """The day of a GTD order as a ticket writes it."""
    if moment is None:
        return ""
    try:
        zone = ZoneInfo(time_zone or "America/New_York")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("America/New_York")
    return f"{moment.astimezone(zone):%Y-%m-%d}"
