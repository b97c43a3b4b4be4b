"""An order ticket: a frozen value, opened, priced and taken up again. Sends nothing, judges nothing.

What a person typed is kept to the letter. Only whether a text is a number is decided here, because no order can be
written down without one; every limit, tick and fee is core's to judge.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from core.domain.commands import Denial, OrderPreview, Seen
from core.domain.instruments import Instrument
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.prices import step_ticks
from core.domain.quotes import Quote
from core.domain.sizes import Size, Sized, size_of
from tui.hands.accounts import account_words
from tui.hands.numbers import parse_number
from tui.hands.order_kinds import Field, fields_of, needs_price, trigger_name
from tui.hands.pricing import PriceStyle, price_text, style_price, why_not_priced
from tui.hands.retype import Retype


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
    ASKED = "asked"
    """Core wants the quantity typed once more: digits go there, and Enter sends when it stands there."""
    SENDING = "sending"
    """Core has been asked; nothing may change until it answers."""
    LOOKING = "looking"
    """The link broke while core was asked: the order's reference must be looked up, never sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTicket:
    """An order that is being written."""

    verb: Verb
    instrument: Instrument
    account: str
    """The account it is for, in full; empty while none is verified."""
    accounts: tuple[str, ...] = ()
    """The verified accounts of the login, which it may be for."""
    opened_for: str = ""
    """The account of the row that it was opened on; empty for the desk's. Drafts are kept by it."""
    quantity_text: str
    """A number of units, or a size such as `$10k`: core says how many that is."""
    sized: Sized | Denial | None = None
    """What core said of the size `sized_for`; None before it has."""
    sized_for: Hashable = None
    presets: tuple[Size, ...] = ()
    """Those of its instrument, by whose steps the arrow keys change the quantity."""
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
    retype: Retype | None = None
    """What core has asked about this order; None if it did not."""
    preview: OrderPreview | None = None
    """Core's answer to exactly what the ticket says now; None until it has come."""

    @property
    def side(self) -> Side:
        """Buy or sell."""
        return self.verb.side

    @property
    def is_asked(self) -> bool:
        """True while core wants the quantity typed once more."""
        return self.phase is Phase.ASKED

    @property
    def order_type(self) -> OrderType:
        """What is sent."""
        return OrderType.MKT if self.style is PriceStyle.MARKET else self.kind

    @property
    def fields(self) -> tuple[Field, ...]:
        """Those that it has, in the order of Tab."""
        return fields_of(self.order_type, self.tif, several_accounts=len(self.accounts) > 1)

    @property
    def size(self) -> Size | None:
        """What is to be asked for in place of a number of units; None for a number, and for a text that says none."""
        return None if parse_number(self.quantity_text) is not None else size_of(self.quantity_text)

    @property
    def size_key(self) -> Hashable:
        """What the quantity of a size follows from; whatever core said for another one counts no more."""
        return (
            self.account,
            self.side,
            self.quantity_text,
            self.order_type,
            self.price_text,
            self.trigger_text,
        )

    @property
    def quantity(self) -> Decimal | None:
        """The units that are sent; None while the text says none, or core has not said how many a size is."""
        number = parse_number(self.quantity_text)
        if number is None and isinstance(self.sized, Sized) and self.sized_for == self.size_key:
            return self.sized.quantity
        return number

    @property
    def size_refused(self) -> Denial | None:
        """Why the size comes to no quantity; None if it does, or nobody knows yet."""
        refused = isinstance(self.sized, Denial) and self.sized_for == self.size_key
        return self.sized if refused and isinstance(self.sized, Denial) else None

    @property
    def draft_key(self) -> tuple[str, int, str]:
        """What its draft is found by: where it was opened, the instrument, the verb."""
        return self.opened_for, self.instrument.con_id, self.verb.name

    @property
    def content(self) -> Hashable:
        """Everything that a send would carry; two tickets with the same content send the same order."""
        return (
            self.account,
            self.instrument.con_id,
            self.side,
            self.quantity_text,
            self.quantity,
            self.order_type,
            self.price_text,
            self.trigger_text,
            self.tif,
            self.till_text,
            self.outside_rth,
            self.seen,
            self.retype,
        )

    @property
    def words(self) -> str:
        """The order as a message names it: `BUY 100 AAPL @ 233.33`, and its account where there are several."""
        kind = self.order_type
        price = f"@ {self.price_text or '?'}" if needs_price(kind) else ""
        named = "" if kind is OrderType.LMT else f"{kind} {self.trigger_text if trigger_name(kind) else ''}"
        quantity = self.quantity_text if self.quantity is None or self.size is None else f"{self.quantity:f}"
        words = (str(self.side), quantity or "?", self.instrument.label, price, named.strip())
        return " ".join(word for word in words if word) + account_words(self.account, self.accounts)


def open_ticket(
    verb: Verb,
    instrument: Instrument,
    account: str,
    size: Size,
    quote: Quote | None,
    *,
    presets: tuple[Size, ...] = (),
    accounts: tuple[str, ...] = (),
    opened_for: str = "",
) -> OrderTicket:
    """A new ticket with the price that its key asks for, or without one and the reason (rule 12)."""
    ticket = OrderTicket(
        verb=verb,
        instrument=instrument,
        account=account,
        accounts=accounts,
        opened_for=opened_for,
        quantity_text=size.text,
        presets=presets,
        style=verb.style,
    )
    return reprice(ticket, quote)


def reopen(draft: OrderTicket, account: str, quote: Quote | None, *, accounts: tuple[str, ...] = ()) -> OrderTicket:
    """A draft as it was left; a computed price is computed anew, a typed one stays.

    So does its account, unless the login has others by now (`accounts`) and not this one: then it is for `account`.
    """
    stays = draft.account and (not accounts or draft.account in accounts)
    ticket = replace(
        draft,
        account=draft.account if stays else account,
        accounts=accounts or draft.accounts,
        phase=Phase.EDITING,
        note="",
        preview=None,
        sized=None,
        field=draft.fields[0],
        fresh=True,
        touched=False,
        is_draft=True,
        order_ref="",
        retype=None,
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


def catch_up(ticket: OrderTicket, account: str, quote: Quote | None, *, accounts: tuple[str, ...] = ()) -> OrderTicket:
    """Take the account if the ticket has none yet, and drop a note about a market that can be priced again.

    A price is not computed by this, and an account is never exchanged for another one.
    """
    if ticket.phase is not Phase.EDITING:
        return ticket
    if account and not ticket.account:
        ticket = replace(ticket, account=account, preview=None)
    if accounts and accounts != ticket.accounts:
        ticket = replace(ticket, accounts=accounts)
        if ticket.field not in ticket.fields:
            ticket = replace(ticket, field=ticket.fields[0], fresh=True)
    if ticket.note and ticket.note == ticket.blind_note and not why_not_priced(quote):
        ticket = replace(ticket, note="", blind_note="")
    return ticket


def sending(ticket: OrderTicket, order_ref: str) -> OrderTicket:
    """The ticket while core is asked: it takes no keys."""
    return replace(ticket, phase=Phase.SENDING, order_ref=order_ref, note="")


def refused(ticket: OrderTicket, note: str) -> OrderTicket:
    """The ticket after core, or the lookup, said that nothing was sent: all its text stays, but no answer to core.

    An answer was typed in sight of one order and is for one send of it.
    """
    return replace(ticket, phase=Phase.EDITING, note=note, touched=True, fresh=True, retype=None)
