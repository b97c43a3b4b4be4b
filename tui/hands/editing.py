"""The keys of an order ticket: what typing, erasing, stepping and choosing make of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.prices import step_ticks
from core.domain.quotes import Quote
from core.domain.sizes import Size, SizeKind
from tui.hands import retype
from tui.hands.accounts import next_account
from tui.hands.numbers import LONGEST, parse_number
from tui.hands.order_kinds import CHOICES, DISTANCES, KINDS, TIFS, Field, has_price, stepped_trigger, trigger_name
from tui.hands.order_words import problem_with
from tui.hands.pricing import PriceStyle, price_text, why_not_priced
from tui.hands.sizes import presets_of, stepped
from tui.hands.ticket import OrderTicket, Phase, reprice

STYLES = tuple(PriceStyle)


def type_text(ticket: OrderTicket, text: str) -> OrderTicket:
    """Type or paste into the active field; everything after a line break, and what can't be shown, stays out."""
    if ticket.phase is not Phase.EDITING:
        return retype.type_more(ticket, text)
    first_line = next(iter(text.splitlines()), "")
    typed = "".join(character for character in first_line if character.isprintable())
    ticket = replace(ticket, touched=True)
    if not typed:
        return ticket
    if ticket.field in CHOICES:
        return _choose_named(ticket, typed)
    before = "" if ticket.fresh else _text_of(ticket)
    if len(before) + len(typed) > LONGEST:
        return replace(ticket, note=f"The {ticket.field} holds {LONGEST} characters. Backspace takes one away.")
    return _with_text(ticket, before + typed)


def take_quantity(ticket: OrderTicket, quantity: Decimal) -> OrderTicket:
    """The ticket with another quantity; its active field stays."""
    if ticket.phase is not Phase.EDITING:
        return ticket
    return replace(ticket, quantity_text=f"{quantity:f}", touched=True, fresh=True, note="", preview=None)


def erase(ticket: OrderTicket) -> OrderTicket:
    """Take away the last character of the active field."""
    if ticket.is_asked:
        return retype.erase(ticket)
    if ticket.phase is not Phase.EDITING or ticket.field in CHOICES:
        return ticket
    return _with_text(replace(ticket, touched=True), _text_of(ticket)[:-1])


def clear(ticket: OrderTicket) -> OrderTicket:
    """Empty the active field."""
    if ticket.is_asked:
        return retype.erase(ticket, whole=True)
    if ticket.phase is not Phase.EDITING or ticket.field in CHOICES:
        return ticket
    return _with_text(replace(ticket, touched=True), "")


def move_field(ticket: OrderTicket, steps: int) -> OrderTicket:
    """Go some fields on, round the end."""
    if ticket.phase is not Phase.EDITING:
        return ticket
    fields = ticket.fields
    field = fields[(fields.index(ticket.field) + steps) % len(fields)]
    return replace(ticket, field=field, fresh=True, touched=True)


def restyle(ticket: OrderTicket, steps: int, quote: Quote | None) -> OrderTicket:
    """Go to the price style some steps to the right, without going round; from a typed price to its key's own style.

    In a field that is chosen from a list, walk the list; other types than MKT and LMT have no computed price.
    """
    if ticket.phase is not Phase.EDITING:
        return ticket
    if ticket.field in CHOICES:
        return step(ticket, steps, quote)
    if ticket.kind is not OrderType.LMT:
        return replace(ticket, touched=True, note=f"A {ticket.kind} has no computed price. Type it, or ↑ ↓ step it.")
    style = ticket.verb.style
    if ticket.style is not None:
        style = STYLES[min(max(STYLES.index(ticket.style) + steps, 0), len(STYLES) - 1)]
    reason = why_not_priced(quote)
    if reason:
        note = f"{ticket.instrument.label}: no computed price, because {reason}. Type the price."
        return replace(ticket, touched=True, note=note, blind_note=note)
    return reprice(replace(ticket, style=style, offset=0, touched=True, field=Field.PRICE), quote)


def step(ticket: OrderTicket, steps: int, quote: Quote | None) -> OrderTicket:
    """Move the active field: a price by ticks, a quantity by size steps, the time in force along its list."""
    if ticket.phase is not Phase.EDITING:
        return ticket
    ticket = replace(ticket, touched=True)
    match ticket.field:
        case Field.TIF:
            tif = TIFS[(TIFS.index(ticket.tif) + steps) % len(TIFS)]
            return replace(ticket, tif=tif, note="", preview=None)
        case Field.TYPE:
            kind = KINDS[(KINDS.index(ticket.order_type) + steps) % len(KINDS)]
            if kind is OrderType.MKT and why_not_priced(quote):
                kind = OrderType.LMT if ticket.kind is not OrderType.LMT else OrderType.STP
            return _of_kind(ticket, kind, quote)
        case Field.RTH | Field.ACCOUNT:
            return _step_last(ticket, steps)
        case Field.QUANTITY:
            return _step_quantity(ticket, steps)
        case Field.TILL:
            return ticket
        case Field.TRIGGER:
            return _step_trigger(ticket, steps, quote)
    return _step_price(ticket, steps, quote)


def _of_kind(ticket: OrderTicket, kind: OrderType, quote: Quote | None) -> OrderTicket:
    """The ticket with another type: prices that the type has not are dropped, none is made up."""
    if kind is OrderType.MKT:
        return reprice(replace(ticket, kind=OrderType.LMT, style=PriceStyle.MARKET, offset=0, trigger_text=""), quote)
    keeps = has_price(kind) and has_price(ticket.order_type) and OrderType.TRAIL_LIMIT not in (kind, ticket.kind)
    distances = (kind in DISTANCES) is (ticket.kind in DISTANCES)
    changed = replace(
        ticket,
        kind=kind,
        style=None,
        offset=0,
        seen=None,
        price_text=ticket.price_text if keeps else "",
        trigger_text=ticket.trigger_text if trigger_name(kind) and distances else "",
        note="",
        preview=None,
    )
    if kind is OrderType.LMT and not changed.price_text and not why_not_priced(quote):
        return reprice(replace(changed, style=ticket.verb.style), quote)
    return changed


def _step_last(ticket: OrderTicket, steps: int) -> OrderTicket:
    """The ticket with other hours, or in another account."""
    if ticket.field is Field.RTH:
        return replace(ticket, outside_rth=not ticket.outside_rth, note="", preview=None)
    account = next_account(ticket.account, ticket.accounts, steps)
    return replace(ticket, account=account, note="", preview=None)


def _step_trigger(ticket: OrderTicket, steps: int, quote: Quote | None) -> OrderTicket:
    mark = None if quote is None else quote.mark
    text = stepped_trigger(ticket.kind, ticket.trigger_text.strip(), steps, mark, ticket.instrument.price_bands)
    if not text:
        return replace(ticket, note="There is no tick from here. Type the price, or a distance as in 0.50 or 2%.")
    return replace(_with_text(ticket, text), fresh=True)


def _step_quantity(ticket: OrderTicket, steps: int) -> OrderTicket:
    presets = ticket.presets or presets_of(ticket.instrument, {})
    number, size = parse_number(ticket.quantity_text), ticket.size
    if number is not None:
        size = Size(SizeKind.UNITS, max(number, Decimal(0)))
    if size is None:
        return replace(ticket, note=problem_with(ticket))
    return replace(_with_text(ticket, stepped(size, steps, presets).text), fresh=True)


def _step_price(ticket: OrderTicket, steps: int, quote: Quote | None) -> OrderTicket:
    bands = ticket.instrument.price_bands
    price = parse_number(ticket.price_text)
    if price is None and not ticket.price_text.strip() and quote is not None:
        # A market order, or no price yet: one's own side of the market, else whatever price is known.
        own = quote.bid if ticket.side is Side.BUY else quote.ask
        price, steps = own if own is not None else quote.mark, 0
    if price is None or price <= 0:
        return replace(ticket, note=problem_with(ticket) or "There is no tick from here. Type the price.")
    text = price_text(step_ticks(price, steps, bands), bands)
    if ticket.style in {None, PriceStyle.MARKET}:
        return replace(_with_text(ticket, text), fresh=True)
    return replace(ticket, offset=ticket.offset + steps, price_text=text, fresh=True, note="", preview=None)


def _choose_named(ticket: OrderTicket, typed: str) -> OrderTicket:
    """Choose from a list by a first letter; the rest of a word that was begun changes nothing."""
    letter = typed[0].upper()
    if ticket.field is Field.RTH:
        return replace(ticket, outside_rth=not ticket.outside_rth, note="", preview=None)
    if ticket.field is Field.TYPE:
        return replace(ticket, note="← → choose the type; Tab goes on to its prices.")
    if ticket.field is Field.ACCOUNT:
        return replace(ticket, note="← → choose the account; Tab goes on to the price.")
    if letter == "D" and ticket.tif is TimeInForce.GTC and not ticket.fresh:
        # The last letter of GTD, whose first one chose GTC.
        return replace(ticket, tif=TimeInForce.GTD, note="", preview=None)
    if not ticket.fresh and letter in ticket.tif[1:]:
        return ticket
    chosen = next((tif for tif in TIFS if tif.startswith(letter)), None)
    if chosen is None:
        text = "is no time in force. Type D, G, I, F or O for DAY, GTC, IOC, FOK or OPG; GTD whole."
        return replace(ticket, note=f"{typed} {text}")
    return replace(ticket, tif=chosen, fresh=False, note="", preview=None)


def _text_of(ticket: OrderTicket) -> str:
    texts = {Field.PRICE: ticket.price_text, Field.TRIGGER: ticket.trigger_text, Field.TILL: ticket.till_text}
    return texts.get(ticket.field, ticket.quantity_text)


def _with_text(ticket: OrderTicket, text: str) -> OrderTicket:
    ticket = replace(ticket, fresh=False, note="", preview=None)
    match ticket.field:
        case Field.QUANTITY:
            return replace(ticket, quantity_text=text)
        case Field.TRIGGER:
            return replace(ticket, trigger_text=text)
        case Field.TILL:
            return replace(ticket, till_text=text)
    return replace(ticket, price_text=text, style=None, offset=0, seen=None)
