"""An order ticket: a frozen value, and the functions that a key applies to it. Sends nothing, judges nothing.

What a person typed is kept to the letter. Only whether a text is a number is decided here, because no order can be
written down without one; every limit, tick and fee is core's to judge.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, StrEnum
from typing import NamedTuple

from core.domain.commands import OrderPreview, Seen
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.prices import step_ticks
from core.domain.quotes import Quote
from tui.hands.numbers import LONGEST, explain_number, parse_number
from tui.hands.pricing import PriceStyle, price_text, style_price, why_not_priced
from tui.hands.sizes import step_quantity, unit_of


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


class Field(StrEnum):
    """What the keys of a ticket act on, in the order of Tab."""

    PRICE = "price"
    QUANTITY = "quantity"
    TIF = "TIF"


class Phase(Enum):
    """How far a ticket has got."""

    EDITING = "editing"
    SENDING = "sending"
    """Core has been asked; nothing may change until it answers."""
    LOOKING = "looking"
    """The link broke while core was asked: the order's reference must be looked up, never sent again."""


FIELDS = tuple(Field)
STYLES = tuple(PriceStyle)
TIFS = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
"""Times in force that a ticket offers."""


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
    tif: TimeInForce = TimeInForce.DAY
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
        """Market or limit."""
        return OrderType.MKT if self.style is PriceStyle.MARKET else OrderType.LMT

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
            self.tif,
            self.seen,
        )

    @property
    def words(self) -> str:
        """The order as a message names it: `BUY 100 AAPL @ 233.33`."""
        price = "MKT" if self.order_type is OrderType.MKT else f"@ {self.price_text or '?'}"
        return f"{self.side} {self.quantity_text or '?'} {self.instrument.label} {price}"


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
        field=Field.PRICE,
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
    if ticket.field is Field.TIF:
        return _choose_tif(ticket, typed)
    before = "" if ticket.fresh else _text_of(ticket)
    if len(before) + len(typed) > LONGEST:
        return replace(ticket, note=f"The {ticket.field} holds {LONGEST} characters. Backspace takes one away.")
    return _with_text(ticket, before + typed)


def erase(ticket: OrderTicket) -> OrderTicket:
    """Take away the last character of the active field."""
    if ticket.phase is not Phase.EDITING or ticket.field is Field.TIF:
        return ticket
    return _with_text(replace(ticket, touched=True), _text_of(ticket)[:-1])


def clear(ticket: OrderTicket) -> OrderTicket:
    """Empty the active field."""
    if ticket.phase is not Phase.EDITING or ticket.field is Field.TIF:
        return ticket
    return _with_text(replace(ticket, touched=True), "")


def move_field(ticket: OrderTicket, steps: int) -> OrderTicket:
    """Go some fields on, round the end."""
    if ticket.phase is not Phase.EDITING:
        return ticket
    field = FIELDS[(FIELDS.index(ticket.field) + steps) % len(FIELDS)]
    return replace(ticket, field=field, fresh=True, touched=True)


def restyle(ticket: OrderTicket, steps: int, quote: Quote | None) -> OrderTicket:
    """Go to the price style some steps to the right, without going round; from a typed price to its key's own style."""
    if ticket.phase is not Phase.EDITING:
        return ticket
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
    if ticket.field is Field.TIF:
        tif = TIFS[(TIFS.index(ticket.tif) + steps) % len(TIFS)]
        return replace(ticket, tif=tif, note="", preview=None)
    if ticket.field is Field.QUANTITY:
        return _step_quantity(ticket, steps)
    return _step_price(ticket, steps, quote)


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


def _choose_tif(ticket: OrderTicket, typed: str) -> OrderTicket:
    letter = typed[0].upper()
    chosen = next((tif for tif in TIFS if tif.startswith(letter)), None)
    if chosen is None and letter in ticket.tif:
        # The rest of the word, after its first letter chose it.
        return ticket
    if chosen is None:
        return replace(ticket, note=f"{typed} is no time in force. Type D, G, I or F for DAY, GTC, IOC or FOK.")
    return replace(ticket, tif=chosen, note="", preview=None)


def _text_of(ticket: OrderTicket) -> str:
    return ticket.price_text if ticket.field is Field.PRICE else ticket.quantity_text


def _with_text(ticket: OrderTicket, text: str) -> OrderTicket:
    ticket = replace(ticket, fresh=False, note="", preview=None)
    if ticket.field is Field.QUANTITY:
        return replace(ticket, quantity_text=text)
    return replace(ticket, price_text=text, style=None, offset=0, seen=None)


def problem_with(ticket: OrderTicket) -> str:
    """Why no order can be written down from what stands in the ticket, and what to do; empty if one can."""
    label, quantity, price = ticket.instrument.label, ticket.quantity_text.strip(), ticket.price_text.strip()
    unit = unit_of(ticket.instrument)
    if not ticket.account:
        return "No account is verified yet: nothing can be sent. Wait until the first row shows it."
    if not quantity:
        return f"The quantity is missing. Type the number of {label} {unit}."
    if parse_number(quantity) is None:
        return f"Quantity {explain_number(quantity)}. Type {label} {unit}, as in 100."
    if ticket.order_type is OrderType.MKT:
        return ""
    if not price:
        return f"The {label} limit price is missing. Type it, or ← → computes."
    if parse_number(price) is None:
        return f"Price {explain_number(price)}. Type the {label} price in {ticket.instrument.currency}."
    return ""


def request_of(ticket: OrderTicket, order_ref: str) -> OrderRequest | None:
    """The order that the ticket says, under a new reference; None while `problem_with` names a problem."""
    quantity = parse_number(ticket.quantity_text)
    if quantity is None or problem_with(ticket):
        return None
    is_market = ticket.order_type is OrderType.MKT
    return OrderRequest(
        order_ref=order_ref,
        account=ticket.account,
        con_id=ticket.instrument.con_id,
        side=ticket.side,
        quantity=quantity,
        order_type=ticket.order_type,
        limit_price=None if is_market else parse_number(ticket.price_text),
        tif=ticket.tif,
    )


def sending(ticket: OrderTicket, order_ref: str) -> OrderTicket:
    """The ticket while core is asked: it takes no keys."""
    return replace(ticket, phase=Phase.SENDING, order_ref=order_ref, note="")


def refused(ticket: OrderTicket, note: str) -> OrderTicket:
    """The ticket after core, or the lookup, said that nothing was sent: all its text stays."""
    return replace(ticket, phase=Phase.EDITING, note=note, touched=True, fresh=True)
