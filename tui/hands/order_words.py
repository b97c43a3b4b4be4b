"""From what stands in a ticket to the order that it says, or to why it says none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.order_types import RULES, Need
from core.domain.orders import OrderRequest, OrderType, TimeInForce
from core.domain.sizes import size_of
from tui.hands.numbers import explain_number, parse_number
from tui.hands.order_kinds import DISTANCES, has_price, needs_price, parse_till, parse_trail, price_name, trigger_name
from tui.hands.sizes import unit_of

if TYPE_CHECKING:
    from tui.hands.ticket import OrderTicket


def problem_with(ticket: OrderTicket) -> str:
    """Why no order can be written down from what stands in the ticket, and what to do; empty if one can."""
    label, quantity = ticket.instrument.label, ticket.quantity_text.strip()
    unit = unit_of(ticket.instrument)
    if not ticket.account:
        return "No account is verified yet: nothing can be sent. Wait until the first row shows it."
    if not quantity:
        return f"The quantity is missing. Type the number of {label} {unit}."
    if parse_number(quantity) is None and size_of(quantity) is None:
        return f"Quantity {explain_number(quantity)}. Type {label} {unit}, as in 100 or $10k."
    return _price_problem(ticket) or _trigger_problem(ticket) or _till_problem(ticket)


def size_problem(ticket: OrderTicket) -> str:
    """Why the size of the ticket is no quantity; empty for a number, and once core has said how many it is."""
    if ticket.size is None or ticket.quantity is not None:
        return ""
    if ticket.size_refused is not None:
        return ticket.size_refused.message
    return f"{ticket.size.text}: core has not said yet how many {ticket.instrument.label} that is. Wait, then Enter."


def _price_problem(ticket: OrderTicket) -> str:
    label, price, kind = ticket.instrument.label, ticket.price_text.strip(), ticket.order_type
    name = price_name(kind)
    if not has_price(kind) or (not price and not needs_price(kind)):
        return ""
    if not price:
        computes = ", or ← → computes" if kind is OrderType.LMT else ""
        return f"The {label} {name} is missing. Type it{computes}."
    if parse_number(price) is None:
        return f"Price {explain_number(price)}. Type the {label} price in {ticket.instrument.currency}."
    return ""


def _trigger_problem(ticket: OrderTicket) -> str:
    label, text, name = ticket.instrument.label, ticket.trigger_text.strip(), trigger_name(ticket.order_type)
    if not name:
        return ""
    if not text:
        return f"The {label} {name} is missing: Tab goes to it."
    number = text.removesuffix("%") if ticket.kind in DISTANCES and ticket.kind is not OrderType.REL else text
    if parse_number(number) is None:
        return f"{name.capitalize()} {explain_number(number)}. Type it in {ticket.instrument.currency}."
    return ""


def _till_problem(ticket: OrderTicket) -> str:
    if ticket.tif is not TimeInForce.GTD or parse_till(ticket.till_text, ticket.instrument.time_zone) is not None:
        return ""
    given = ticket.till_text.strip()
    return f"{given} is no date: write 2026-12-31." if given else "GTD needs its last day: Tab goes to it."


def request_of(ticket: OrderTicket, order_ref: str) -> OrderRequest | None:
    """The order that the ticket says, under a new reference; None while there is a problem with it or its size."""
    quantity, kind = ticket.quantity, ticket.order_type
    if quantity is None or problem_with(ticket):
        return None
    price = parse_number(ticket.price_text) if has_price(kind) else None
    rule, trigger = RULES[kind], ticket.trigger_text
    is_offset = rule.limit_offset is Need.NEEDED
    return OrderRequest(
        order_ref=order_ref,
        account=ticket.account,
        con_id=ticket.instrument.con_id,
        side=ticket.side,
        quantity=quantity,
        order_type=kind,
        limit_price=None if is_offset else price,
        stop_price=parse_number(trigger) if rule.stop is Need.NEEDED else None,
        trail=parse_trail(trigger, price if is_offset else None) if rule.trail is Need.NEEDED else None,
        offset=parse_number(trigger) if rule.offset is Need.NEEDED else None,
        tif=ticket.tif,
        good_till=parse_till(ticket.till_text, ticket.instrument.time_zone) if ticket.tif is TimeInForce.GTD else None,
        outside_rth=ticket.outside_rth,
    )
