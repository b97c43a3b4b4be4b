"""A question of core that the quantity answers when it is typed once more: in sight, in digits, and for one send."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from core.domain.commands import Denial, DenialCode, PlaceOrder
from core.domain.orders import OrderRequest
from tui.hands.numbers import LONGEST, parse_number

if TYPE_CHECKING:
    from tui.hands.ticket import OrderTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Retype:
    """What core asked about an order, and what was typed since."""

    codes: tuple[DenialCode, ...]
    """Every question that the quantity answers."""
    quantity: Decimal
    """What core wants typed."""
    account: str
    """The account of the order that was asked about."""
    typed: str = ""


def asked(earlier: Retype | None, denied: Denial, account: str) -> Retype | None:
    """The question that a refusal is, with those that were answered before for the same order; None if it is none."""
    if denied.retype is None:
        return None
    kept = () if earlier is None or (earlier.quantity, earlier.account) != (denied.retype, account) else earlier.codes
    codes = tuple(dict.fromkeys((*kept, denied.code)))
    return Retype(codes=codes, quantity=denied.retype, account=account)


def is_answered(ticket: OrderTicket) -> bool:
    """True once the quantity that core wants stands there."""
    given = ticket.retype
    return given is not None and parse_number(given.typed) == given.quantity


def place_command(ticket: OrderTicket, request: OrderRequest) -> PlaceOrder:
    """What sends the ticket's order, with the answer in sight if it was typed for this order."""
    given = ticket.retype
    fits = given is not None and is_answered(ticket) and (given.quantity, given.account) == _of(request)
    if given is None or not ticket.is_asked or not fits:
        return PlaceOrder(request=request, seen=ticket.seen)
    return PlaceOrder(request=request, seen=ticket.seen, confirms=given.codes, typed_quantity=given.quantity)


def _of(request: OrderRequest) -> tuple[Decimal, str]:
    return request.quantity, request.account


def type_more(ticket: OrderTicket, text: str) -> OrderTicket:
    """The ticket with more of the quantity typed, where core asks for it; nothing but digits and points counts."""
    given = ticket.retype
    typed = "".join(character for character in text if character in "0123456789.")
    if given is None or not ticket.is_asked or len(given.typed) + len(typed) > LONGEST:
        return ticket
    return replace(ticket, retype=replace(given, typed=given.typed + typed))


def erase(ticket: OrderTicket, *, whole: bool = False) -> OrderTicket:
    """The ticket with the last character of the typed quantity taken away, or all of it."""
    given = ticket.retype
    if given is None or not ticket.is_asked:
        return ticket
    return replace(ticket, retype=replace(given, typed="" if whole else given.typed[:-1]))


def not_yet(ticket: OrderTicket) -> OrderTicket:
    """The ticket after Enter before the quantity stood there: it says what to type."""
    given = ticket.retype
    if given is None:
        return ticket
    wanted = f"{given.quantity.normalize():f}"
    what = f"{given.typed} is not {wanted}." if given.typed else "Not sent."
    return replace(
        ticket, note=f"{what} Type {wanted} to send {ticket.words}, Esc to go back.", retype=replace(given, typed="")
    )
