"""An order ticket: a frozen value, and the functions that a key applies to it. Sends nothing, judges nothing.

What a person typed is kept to the letter. Only whether a text is a number is decided here, because no order can be
written down without one; every limit, tick and fee is core's to judge.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from core.domain.commands import OrderPreview, Seen
from core.domain.instruments import Instrument
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.prices import step_ticks
from core.domain.quotes import Quote
from tui.hands.numbers import LONGEST, parse_number
from tui.hands.order_kinds import (
    CHOICES,
    DISTANCES,
    KINDS,
    TIFS,
    Field,
    fields_of,
    has_price,
    needs_price,
    stepped_trigger,
    trigger_name,
)
from tui.hands.order_words import problem_with
from tui.hands.pricing import PriceStyle, price_text, style_price, why_not_priced
from tui.hands.sizes import step_quantity


class Verb(NamedTuple):
    """A key that opens an order ticket."""

    name: str
    """Names it in the commands of the desk."""
    side: Side
    style: PriceStyle


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("buy", Side.BUY, PriceStyle.JOIN),
        Verb("buy_now", Side.BUY, PriceStyle.NOW),
        Verb("sell", Side.SELL, PriceStyle.JOIN),
        Verb("sell_now", Side.SELL, PriceStyle.NOW),
    )
}
"""Order tickets by the name of the command that opens them."""


class Phase(Enum):
    """How far a ticket has got."""

    EDITING = "editing"
    SENDING = "sending"
    """Core has been asked; nothing may change until it answers."""
    LOOKING = "looking"
    """The link broke while core was asked: the order's reference must be looked up, never sent again."""


STYLES = tuple(PriceStyle)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTicket:
    """An order that is being written."""

    verb: Verb
    instrument: Instrument
    account: str
    """The account it is for, in full; empty while none is verified."""
    quantity_text: str
    style: PriceStyle | None
    """How the price follows from the market; None once it was typed."""
    offset: int = 0
    """Ticks by which the arrow keys moved a computed price."""
    price_text: str = ""
    """Empty for a market order, and while no price may be computed."""
    kind: OrderType = OrderType.LMT
    """The type; of a market order, LMT with the style MARKET."""
    trigger_text: str = ""
    """Stop price, touch price, trailing distance or offset, where the type has one."""
    tif: TimeInForce = TimeInForce.DAY
    till_text: str = ""
    """The last day of a GTD order, as 2026-12-31."""
    outside_rth: bool = False
    seen: Seen | None = None
    """The market that the price was computed from; None for a typed price."""
    field: Field = Field.PRICE
    fresh: bool = True
    """True while the next character replaces the text of the field."""
    touched: bool = False
    """True once any of its keys was pressed: then letters are text, and closing it keeps a draft."""
    is_draft: bool = False
    """True for one that was closed before and is open again."""
    note: str = ""
    """What the person must read before anything else; empty for nothing."""
    blind_note: str = ""
    """The last note that said that no price may be computed: it goes when one may be again."""
    phase: Phase = Phase.EDITING
    order_ref: str = ""
    """The reference that was sent last; empty before that."""
    preview: OrderPreview | None = None
    """Core's answer to exactly what the ticket says now; None until it has come."""

    @property
    def side(self) -> Side:
        """Buy or sell."""
        return self.verb.side

    @property
    def order_type(self) -> OrderType:
        """What is sent."""
        return OrderType.MKT if self.style is PriceStyle.MARKET else self.kind

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those that it has, in the order of Tab."""
        return fields_of(self.order_type, self.tif)

    @property
    def content(self) -> Hashable:
        """Everything that a send would carry; two tickets with the same content send the same order."""
        return (
            self.account,
            self.instrument.con_id,
            self.side,
            self.quantity_text,
            self.order_type,
            self.price_text,
            self.trigger_text,
            self.tif,
            self.till_text,
            self.outside_rth,
            self.seen,
        )

    @property
    def words(self) -> str:
        """The order as a message names it: `BUY 100 AAPL @ 233.33`."""
        kind = self.order_type
        price = f"@ {self.price_text or '?'}" if needs_price(kind) else ""
        named = "" if kind is OrderType.LMT else f"{kind} {self.trigger_text if trigger_name(kind) else ''}"
        words = (str(self.side), self.quantity_text or "?", self.instrument.label, price, named.strip())
        return " ".join(word for word in words if word)


def open_ticket(
    verb: Verb, instrument: Instrument, account: str, quantity: Decimal, quote: Quote | None
) -> OrderTicket:
    """A new ticket with the price that its key asks for, or without one and the reason (rule 12)."""
    ticket = OrderTicket(
        verb=verb, instrument=instrument, account=account, quantity_text=f"{quantity:f}", style=verb.style
    )
    return reprice(ticket, quote)


def reopen(draft: OrderTicket, account: str, quote: Quote | None) -> OrderTicket:
    """A draft as it was left; a computed price is computed anew, a typed one stays."""
    ticket = replace(
        draft,
        account=account,
        phase=Phase.EDITING,
        note="",
        preview=None,
        field=draft.fields[0],
        fresh=True,
        touched=False,
        is_draft=True,
        order_ref="",
    )
    return ticket if ticket.style is None else reprice(ticket, quote)


def reprice(ticket: OrderTicket, quote: Quote | None) -> OrderTicket:
    """Compute the price of the ticket's style anew; a typed price stays as it is."""
    if ticket.style is None:
        return replace(ticket, preview=None)
    reason = why_not_priced(quote)
    if quote is None or reason:
        return _unpriced(ticket, reason)
    bands = ticket.instrument.price_bands
    price = style_price(ticket.style, ticket.side, quote, bands)
    text = "" if price is None else price_text(step_ticks(price, ticket.offset, bands), bands)
    seen = Seen(bid=quote.bid, ask=quote.ask)
    return replace(ticket, price_text=text, seen=seen, fresh=True, note="", preview=None)


def _unpriced(ticket: OrderTicket, reason: str) -> OrderTicket:
    note = f"{ticket.instrument.label}: no price, because {reason}. Type the price."
    return replace(
        ticket, style=None, offset=0, price_text="", seen=None, fresh=True, note=note, blind_note=note, preview=None
    )


def catch_up(ticket: OrderTicket, account: str, quote: Quote | None) -> OrderTicket:
    """Take the account if the ticket has none yet, and drop a note about a market that can be priced again.

    A price is not computed by this, and an account is never exchanged for another one.
    """
    if ticket.phase is not Phase.EDITING:
        return ticket
    if account and not ticket.account:
        ticket = replace(ticket, account=account, preview=None)
    if ticket.note and ticket.note == ticket.blind_note and not why_not_priced(quote):
        ticket = replace(ticket, note="", blind_note="")
    return ticket


def type_text(ticket: OrderTicket, text: str) -> OrderTicket:
    """Type or paste into the active field; everything after a line break, and what can't be shown, stays out."""
    if ticket.phase is not Phase.EDITING:
        return ticket
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


def erase(ticket: OrderTicket) -> OrderTicket:
    """Take away the last character of the active field."""
    if ticket.phase is not Phase.EDITING or ticket.field in CHOICES:
        return ticket
    return _with_text(replace(ticket, touched=True), _text_of(ticket)[:-1])


def clear(ticket: OrderTicket) -> OrderTicket:
    """Empty the active field."""
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
        case Field.RTH:
            return replace(ticket, outside_rth=not ticket.outside_rth, note="", preview=None)
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


def _step_trigger(ticket: OrderTicket, steps: int, quote: Quote | None) -> OrderTicket:
    mark = None if quote is None else quote.mark
    text = stepped_trigger(ticket.kind, ticket.trigger_text.strip(), steps, mark, ticket.instrument.price_bands)
    if not text:
        return replace(ticket, note="There is no tick from here. Type the price, or a distance as in 0.50 or 2%.")
    return replace(_with_text(ticket, text), fresh=True)


def _step_quantity(ticket: OrderTicket, steps: int) -> OrderTicket:
    quantity = parse_number(ticket.quantity_text)
    if quantity is None:
        return replace(ticket, note=problem_with(ticket))
    stepped = step_quantity(max(quantity, Decimal(0)), steps, ticket.instrument)
    return replace(_with_text(ticket, f"{stepped:f}"), fresh=True)


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


def sending(ticket: OrderTicket, order_ref: str) -> OrderTicket:
    """The ticket while core is asked: it takes no keys."""
    return replace(ticket, phase=Phase.SENDING, order_ref=order_ref, note="")


def refused(ticket: OrderTicket, note: str) -> OrderTicket:
    """The ticket after core, or the lookup, said that nothing was sent: all its text stays."""
    return replace(ticket, phase=Phase.EDITING, note=note, touched=True, fresh=True)
