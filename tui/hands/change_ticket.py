"""A change ticket: a working order's terms, new beside old. Enter sends one change, with the revision that was seen."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from core.domain.commands import ModifyOrder
from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderState, OrderType, Pending
from tui.hands.accounts import account_words
from tui.hands.numbers import explain_number, parse_number
from tui.hands.order_kinds import Field, fields_of
from tui.hands.order_words import problem_with, request_of
from tui.hands.pricing import PriceStyle
from tui.hands.rest import beyond_tickets, rest_ticket
from tui.hands.retype import is_answered
from tui.hands.sizes import unit_of
from tui.hands.ticket import OrderTicket, Phase, Verb

CHANGEABLE = frozenset(
    {
        OrderType.LMT,
        OrderType.LOO,
        OrderType.LOC,
        OrderType.STP,
        OrderType.STP_LMT,
        OrderType.MIT,
        OrderType.LIT,
    }
)
"""Types whose terms are a quantity, a limit price and a stop or touch price."""
NOTHING_YET = "Nothing is changed yet: type the new price, ↑ ↓ step it, Tab goes to the quantity."
NOT_COMPUTED = "A change computes no price from the market. Type it, or ↑ ↓ step it."
ELSEWHERE = "The order was changed elsewhere meanwhile. Read it; Enter changes it from what it is now."
_EDITABLE = (Field.PRICE, Field.TRIGGER, Field.QUANTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTicket(OrderTicket):
    """A working order whose new terms are being written; side, type, time in force and account stay as they are."""

    order: Order
    """The order as it was painted: what the new terms stand beside, and the revision that a send names."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those that can be changed, in the order of Tab."""
        there = fields_of(self.order_type, self.tif)
        return tuple(field for field in _EDITABLE if field in there)

    @property
    def content(self) -> Hashable:
        """Everything that a send would carry."""
        return (
            self.order.order_ref,
            self.order.revision,
            self.old(Field.PRICE),
            self.old(Field.TRIGGER),
            self.old(Field.QUANTITY),
            self.price_text,
            self.trigger_text,
            self.quantity_text,
            self.retype,
        )

    @property
    def words(self) -> str:
        """The change as a message names it: `CHANGE #7 BUY 100 AAPL @ 233.33 → 233.40`."""
        marks = {Field.PRICE: "", Field.TRIGGER: "stop ", Field.QUANTITY: "quantity "}
        new = [
            f"{marks[field]}{self.new(field).strip() or '?'}"
            for field in self.fields
            if self.new(field) != self.old(field)
        ]
        arrow = f" → {', '.join(new)}" if new else ""
        return f"CHANGE {self.order.name}{arrow}{account_words(self.account, self.accounts)}"

    def old(self, field: Field) -> str:
        """What the order says in a field of `fields`, as the ticket writes it."""
        numbers = {Field.PRICE: self.order.limit_price, Field.TRIGGER: self.order.stop_price}
        number = numbers.get(field, self.order.quantity.normalize())
        return "" if number is None else f"{number:f}"

    def new(self, field: Field) -> str:
        """What stands there now."""
        texts = {Field.PRICE: self.price_text, Field.TRIGGER: self.trigger_text}
        return texts.get(field, self.quantity_text)


def why_no_change(order: Order | None, instrument: Instrument | None, accounts: tuple[str, ...]) -> str:
    """Why there is no ticket that changes an order, and what to do; empty if there can be one."""
    if order is None:
        return "m changes the selected order. Go to ORDERS ( w ) and select one that works."
    why_not = _why_not_now(order) or _why_not_here(order, instrument)
    return f"{order.name}{account_words(order.account, accounts)} {why_not}" if why_not else ""


def _why_not_now(order: Order) -> str:
    if order.external:
        return "is not of this profile. Change it where it was placed."
    if order.state is OrderState.UNKNOWN:
        return "can't be changed: nobody knows its outcome. Space says what is known."
    if not order.is_live:
        return f"has ended: {order.state.lower().replace('_', ' ')}. Nothing is left to change."
    if order.state not in (OrderState.WORKING, OrderState.HELD) or order.pending is not Pending.NONE:
        return "waits for an answer of IBKR. Change it when the answer is there."
    return ""


def _why_not_here(order: Order, instrument: Instrument | None) -> str:
    if instrument is None:
        return "is of a contract that is not known any more. / finds it."
    if order.order_type not in CHANGEABLE:
        return "has more to it than a limit and a stop price. Del cancels it; a script changes it: Desk.modify."
    if beyond_tickets(order):
        return "has instructions that no ticket can say. Del cancels it; a script changes it: Desk.modify."
    return ""


def change_ticket(order: Order, instrument: Instrument, *, accounts: tuple[str, ...]) -> ChangeTicket:
    """The ticket with the order's own terms, where `why_no_change` has nothing to say."""
    terms = rest_ticket(order, instrument, desk_account=order.account, presets=(), accounts=accounts)
    ticket = ChangeTicket(
        order=order,
        verb=Verb("change", order.side, PriceStyle.JOIN),
        instrument=instrument,
        account=order.account,
        accounts=accounts,
        quantity_text=f"{order.quantity.normalize():f}",
        style=None,
        kind=terms.kind,
        price_text=terms.price_text,
        trigger_text=terms.trigger_text,
        tif=terms.tif,
        till_text=terms.till_text,
        outside_rth=terms.outside_rth,
    )
    return replace(ticket, field=Field.PRICE if Field.PRICE in ticket.fields else Field.TRIGGER)


def catch_up_change(ticket: ChangeTicket, order: Order | None) -> ChangeTicket:
    """The ticket beside its order as it is now: what was typed stays, what was not follows the order."""
    if order is None or order == ticket.order or ticket.phase is not Phase.EDITING:
        return ticket
    follows = replace(ticket, order=order)
    if all(follows.old(field) == ticket.old(field) for field in ticket.fields):
        return follows

    def text(field: Field) -> str:
        return follows.old(field) if ticket.new(field) == ticket.old(field) else ticket.new(field)

    return replace(
        follows,
        price_text=text(Field.PRICE),
        trigger_text=text(Field.TRIGGER),
        quantity_text=text(Field.QUANTITY),
        note=ticket.note or ELSEWHERE,
    )


def change_problem(ticket: ChangeTicket) -> str:
    """Why Enter can't change the order, and what to do; empty if it can."""
    why_not = why_no_change(ticket.order, ticket.instrument, ticket.accounts)
    if why_not:
        return why_not
    quantity = ticket.quantity_text.strip()
    if quantity and parse_number(quantity) is None:
        text = explain_number(quantity)
        return f"Quantity {text}. Type all the {ticket.instrument.label} {unit_of(ticket.instrument)} it is for."
    if Field.PRICE in ticket.fields and not ticket.price_text.strip():
        return f"The {ticket.instrument.label} limit price is missing. Type it: it was {ticket.old(Field.PRICE)}."
    return problem_with(ticket)


def change_command(ticket: ChangeTicket) -> ModifyOrder | str:
    """What Enter sends, with the typed answer to a question of core if there is one; or why it sends nothing."""
    order = ticket.order
    request = request_of(ticket, order.order_ref)
    problem = change_problem(ticket)
    if problem or request is None:
        return problem or NOTHING_YET
    quantity = None if request.quantity == order.quantity else request.quantity
    limit_price = None if request.limit_price == order.limit_price else request.limit_price
    stop_price = None if request.stop_price == order.stop_price else request.stop_price
    if quantity is None and limit_price is None and stop_price is None:
        return NOTHING_YET
    given = ticket.retype if ticket.is_asked and is_answered(ticket) else None
    fits = given is not None and (given.quantity, given.account) == (request.quantity, ticket.account)
    return ModifyOrder(
        order_ref=order.order_ref,
        revision=order.revision,
        quantity=quantity,
        limit_price=limit_price,
        stop_price=stop_price,
        confirms=given.codes if given is not None and fits else (),
        typed_quantity=given.quantity if given is not None and fits else None,
    )
