"""What a ticket becomes when core has answered."""

from __future__ import annotations

from dataclasses import replace

from core.domain.commands import Ack, DenialCode, OrderPreview
from core.domain.quotes import Quote
from core.domain.sizes import Sized
from tui.hands.close_ticket import CloseTicket
from tui.hands.order_words import size_problem
from tui.hands.retype import asked
from tui.hands.ticket import OrderTicket, Phase, refused, reprice

NO_REASON = "Not sent: core refused it without a reason. Look at ORDERS before sending it again."


def after_denial(ticket: OrderTicket, ack: Ack, quote: Quote | None) -> OrderTicket:
    """An order ticket that core refused: the text stays; where the market moved the price is computed anew (rule 3)."""
    if ack.denied is None:
        return refused(ticket, NO_REASON)
    if ack.denied.code is DenialCode.PRICE_MOVED:
        repriced = reprice(replace(ticket, phase=Phase.EDITING), quote)
        return refused(repriced, repriced.note or ack.denied.message)
    question = asked(ticket.retype, ack.denied, ticket.account)
    if question is not None:
        return replace(refused(ticket, ack.denied.message), phase=Phase.ASKED, retype=question)
    return refused(ticket, ack.denied.message)


def close_after_denial(ticket: CloseTicket, ack: Ack) -> CloseTicket:
    """A close ticket that core refused: what it takes must be computed anew."""
    note = NO_REASON if ack.denied is None else ack.denied.message
    return replace(ticket, phase=Phase.EDITING, preview=None, note=note)


def close_with_preview(ticket: CloseTicket, ack: Ack) -> CloseTicket:
    """A close ticket with core's answer; what core said instead of an earlier one stands there no more."""
    told = "" if ack.denied is None or isinstance(ack.result, OrderPreview) else ack.denied.message
    note = told if ticket.note in {"", ticket.asked_note} else ticket.note
    preview = ack.result if isinstance(ack.result, OrderPreview) else None
    return replace(ticket, preview=preview, note=note, asked_note=told)


def with_preview(ticket: OrderTicket, ack: Ack) -> OrderTicket:
    """The ticket with core's answer to what it says."""
    if isinstance(ack.result, OrderPreview):
        return replace(ticket, preview=ack.result)
    if ack.denied is not None:
        return replace(ticket, preview=None, note=ticket.note or ack.denied.message)
    return ticket


def with_size(ticket: OrderTicket, ack: Ack) -> OrderTicket:
    """The ticket with what core says that its size comes to, or why to nothing."""
    told = ack.result if isinstance(ack.result, Sized) else ack.denied
    note = "" if ticket.note == size_problem(ticket) else ticket.note
    return replace(ticket, sized=told, sized_for=ticket.size_key, preview=None, note=note)


def looking(ticket: OrderTicket | CloseTicket) -> OrderTicket | CloseTicket:
    """A ticket whose send the link broke under: it waits until its reference can be looked up."""
    note = f"{ticket.words}: sent? looking it up. The link to core broke while it was sent. Don't send it again."
    return replace(ticket, phase=Phase.LOOKING, note=note)
