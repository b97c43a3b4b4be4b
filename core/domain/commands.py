"""What a desk or a script may ask of core. Each is answered by one `Ack`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from core.domain.alerts import Comparison, PriceAlert
from core.domain.authority import AuthorityCommand
from core.domain.budgets import Budget
from core.domain.charts import BarHistory, BarRequest, StreamKind
from core.domain.denials import Denial, DenialCode
from core.domain.instructions import Trail
from core.domain.instruments import ComboLeg, Instrument, SymbolMatch
from core.domain.limit_changes import LimitCommand, LimitsShown
from core.domain.money import Rate
from core.domain.orders import Order, OrderRequest, OrderType, Side, TimeInForce
from core.domain.sizes import Size, Sized
from core.domain.trading import Killed, KillScope

__all__ = ["Denial", "DenialCode"]
# Denials belong to the answers here: whoever sends a command finds them beside it.


class Seen(Struct, frozen=True, kw_only=True):
    """The market as it was painted when the person pressed the key; core refuses a send if it has moved away."""

    bid: Decimal | None
    ask: Decimal | None


class PlaceOrder(Struct, frozen=True, kw_only=True, tag="place_order"):
    """Send a new order. The same `order_ref` twice is one order: the second gets the first one's Ack."""

    request: OrderRequest
    children: tuple[OrderRequest, ...] = ()
    """Orders attached to it, each with its reference as `parent_ref`: target and stop of a bracket. All or none."""
    seen: Seen | None = None
    """None when no quote was looked at (a script, a typed price): then nothing is compared."""
    ttl: Decimal | None = None
    """Seconds after which core cancels what has not filled, over its own crash and restart too; None never does."""
    confirms: tuple[DenialCode, ...] = ()
    """Questions of the soft controls that are answered: a script says no more, a desk `typed_quantity` too."""
    typed_quantity: Decimal | None = None
    """The quantity as a person typed it once more, when core asked (`Denial.retype`); None if nobody did."""
    short: bool = False
    """True for a sale that may open a short position."""
    repeat_of: str = ""
    """The order of ours that a key for once more repeats: no duplicate of it; empty for every other order."""
    not_after: datetime | None = None
    """UTC until which it may be taken: core takes none later, however long the command was on its way. None is no end.

    What was taken in time is answered later too, like every reference that comes twice.
    """


class ModifyOrder(Struct, frozen=True, kw_only=True, tag="modify_order"):
    """Change a live order of ours, one leg of a bracket too. What is None stays as it is."""

    order_ref: str
    revision: int
    """The revision that the asker saw; another one is denied, so that two screens can't cross."""
    quantity: Decimal | None = None
    order_type: OrderType | None = None
    """Prices that the new type does not have are dropped."""
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Trail | None = None
    offset: Decimal | None = None
    tif: TimeInForce | None = None
    """Another one than GTD drops the end date."""
    good_till: datetime | None = None
    outside_rth: bool | None = None
    display_size: Decimal | None = None
    """0 shows the whole order again."""
    confirms: tuple[DenialCode, ...] = ()
    """Questions of the soft controls that are answered: a script says no more, a desk `typed_quantity` too."""
    typed_quantity: Decimal | None = None
    """The quantity as a person typed it once more, when core asked (`Denial.retype`); None if nobody did."""
    short: bool = False
    """True for a sale that may open a short position."""


class CancelOrder(Struct, frozen=True, kw_only=True, tag="cancel_order"):
    """Ask the broker to cancel one live order. Settles only on evidence."""

    order_ref: str


class Verdict(StrEnum):
    """What a trader says of an order whose outcome nobody knows."""

    NOT_PLACED = "NOT_PLACED"
    """It never reached the market: for one of which IBKR has never shown anything."""
    ENDED = "ENDED"
    """What had not filled works no longer: for one that IBKR had taken, or that may have been."""


class SettleOrder(Struct, frozen=True, kw_only=True, tag="settle_order"):
    """A person's word on an UNKNOWN order, which counts no longer as exposure then; a fill that comes later still wins.

    Denied until two full readings of the broker's books have found nothing of it. Ack when it is durable.
    """

    order_ref: str
    verdict: Verdict


class CancelEntries(Struct, frozen=True, kw_only=True, tag="cancel_entries"):
    """Cancel every live order of this profile that opens or adds to a position, in one instrument or in all."""

    con_id: int | None
    """None for every instrument."""


class ClosePosition(Struct, frozen=True, kw_only=True, tag="close_position"):
    """Close a position, or a part of it. Core computes side, quantity and price from what is held and working now."""

    order_ref: str
    account: str
    con_id: int
    quantity: Decimal
    """What the screen showed that Enter would do; denied if core's own figure differs."""
    fraction: Decimal
    """Part of the position, above 0 and at most 1."""
    side: Side | None = None
    """What the screen showed beside it; denied if core's own differs. None where nobody was shown one (a script)."""


class PreviewOrder(Struct, frozen=True, kw_only=True, tag="preview_order"):
    """Put a request, with what would be attached to it, through every control without sending it."""

    request: OrderRequest
    children: tuple[OrderRequest, ...] = ()
    """As of `PlaceOrder`."""


class SizeOrder(Struct, frozen=True, kw_only=True, tag="size_order"):
    """Ask how many units a size comes to for an order. Ack carries a `Sized`, or a denial with the reason."""

    request: OrderRequest
    """Its quantity does not matter."""
    size: Size
    stop_price: Decimal | None = None
    """Where the position would be left at a loss, for sizes by risk; None without a stop."""


class PreviewClose(Struct, frozen=True, kw_only=True, tag="preview_close"):
    """What `ClosePosition` would send now."""

    account: str
    con_id: int
    fraction: Decimal


class SearchSymbols(Struct, frozen=True, kw_only=True, tag="search_symbols"):
    """Ask the broker for symbols and names that begin with or contain `pattern`."""

    pattern: str


class Watch(Struct, frozen=True, kw_only=True, tag="watch"):
    """Qualify a contract, add it to the watchlist and subscribe to its market. Ack carries the instrument."""

    con_id: int


class Combine(Struct, frozen=True, kw_only=True, tag="combine"):
    """Make a combination of two to four legs, watch it as `Watch` does. Ack carries the instrument, to be ordered."""

    legs: tuple[ComboLeg, ...]


class Unwatch(Struct, frozen=True, kw_only=True, tag="unwatch"):
    """Take an instrument off the watchlist."""

    con_id: int


class SetViewers(Struct, frozen=True, kw_only=True, tag="set_viewers"):
    """What a desk has in sight now, whole: it gets market data lines before what nobody sees. Ends with the desk."""

    con_ids: tuple[int, ...]


class AskBars(Struct, frozen=True, kw_only=True, tag="ask_bars"):
    """Bars of an instrument up to now. Ack carries a BarHistory, marked as stale where the source fails."""

    request: BarRequest


class OpenStream(Struct, frozen=True, kw_only=True, tag="open_stream"):
    """Bring this desk everything of one kind about an instrument, in order, until `CloseStream` or until it goes.

    Ack says whether core asks for it; StreamChanged what the broker says to that. A second one for the same changes
    nothing.
    """

    con_id: int
    kind: StreamKind


class CloseStream(Struct, frozen=True, kw_only=True, tag="close_stream"):
    """Bring this desk no more of it; does nothing for what it did not open."""

    con_id: int
    kind: StreamKind


class AddAlert(Struct, frozen=True, kw_only=True, tag="add_alert"):
    """Wait for a price of an instrument, over restarts of core. Ack carries the PriceAlert when it is durable."""

    con_id: int
    comparison: Comparison
    price: Decimal


class RemoveAlert(Struct, frozen=True, kw_only=True, tag="remove_alert"):
    """Wait for it no longer; Ack when that is durable."""

    number: int
    """Of the PriceAlert."""


class SeeAlerts(Struct, frozen=True, kw_only=True, tag="see_alerts"):
    """A person has seen alerts, for every desk."""

    numbers: tuple[int, ...] = ()
    """Of the alerts; empty for all."""


class AcceptTailLoss(Struct, frozen=True, tag="accept_tail_loss"):
    """The trader has compared orders and positions with TWS and goes on without what the journal has lost."""


class Kill(Struct, frozen=True, kw_only=True, tag="kill"):
    """Block every new order at once, then cancel. Works in every state of core; Ack carries a `Killed`.

    Asked again with a wider scope it cancels more; it never gets narrower.
    """

    scope: KillScope = KillScope.ENTRIES


class EnableScript(Struct, frozen=True, kw_only=True, tag="enable_script"):
    """Let a script trade again that sent too many orders of one kind. Denied to scripts; Ack when it is durable."""

    script: str
    """Its name, as the refusal of its orders says it."""


class CloseAll(Struct, frozen=True, tag="close_all"):
    """While KILL holds: cancel every order of ours, then close every position, each once nothing works on that side.

    With a live quote by a marketable limit, else at the market. Never opens or turns a position. Ack carries a
    `Killed`, which goes on to say what each position waits for.
    """


class Resume(Struct, frozen=True, tag="resume"):
    """End the kill switch, or else what an incident brought: only reducing orders. Ends nothing else."""


class Reconnect(Struct, frozen=True, tag="reconnect"):
    """Try to reach the broker now."""


class Leave(Struct, frozen=True, kw_only=True, tag="leave"):
    """This desk is closing. Core ends with its last desk when nothing works at the broker, or if `stop` says so."""

    stop: bool
    """True ends core even with orders working; they stay at the broker."""


Command = (
    PlaceOrder
    | ModifyOrder
    | CancelOrder
    | SettleOrder
    | CancelEntries
    | ClosePosition
    | PreviewOrder
    | SizeOrder
    | PreviewClose
    | SearchSymbols
    | Watch
    | Combine
    | Unwatch
    | SetViewers
    | AskBars
    | OpenStream
    | CloseStream
    | AddAlert
    | RemoveAlert
    | SeeAlerts
    | AuthorityCommand
    | LimitCommand
    | AcceptTailLoss
    | Kill
    | CloseAll
    | EnableScript
    | Resume
    | Reconnect
    | Leave
)
"""Every command."""


class AttachedPreview(Struct, frozen=True, kw_only=True):
    """What an attached order would do once the order that it hangs on has filled."""

    request: OrderRequest
    fee: Decimal | None
    """Estimated commission in the instrument's currency; None without a price or a schedule."""
    profit: Decimal | None
    """What both make together if each fills at its own price, before commissions, negative for a loss; None without
    both prices."""


class OrderPreview(Struct, frozen=True, kw_only=True, tag="preview"):
    """What an order would do if it were sent now, by core's own controls."""

    request: OrderRequest
    denied: Denial | None
    """The first control that refuses it or what is attached to it; None when all pass."""
    value: Decimal | None
    """Quantity times price times multiplier, in the instrument's currency; None without a price."""
    fee: Decimal | None
    """Estimated commission in the instrument's currency; None when no schedule is known."""
    position_before: Decimal
    position_after: Decimal
    """If all of it fills; other working orders are not counted."""
    takes_ticks: int
    """Ticks by which it reaches through the other side of the market; 0 when it rests or has no price."""
    side: Side
    waits_until: datetime | None = None
    """When its session opens, in the zone of the exchange; None while that is open, or where nobody knows the hours."""
    outside_helps: bool = False
    """True if it would trade sooner with `outside_rth`."""
    children: tuple[AttachedPreview, ...] = ()
    """One for each attached order."""
    margin_estimate: Decimal | None = None
    """Initial margin of the account after it, in its base currency, by the rate of the last what-if; None without one.

    What the broker itself says follows as `WhatIfAnswered`.
    """
    budgets: tuple[Budget, ...] = ()
    """How far each limit that it counts against is used, with it and without it."""
    rate: Rate | None = None
    """From the instrument's currency to the base currency, by which it was judged; None if nobody knows one."""
    fits: Decimal | None = None
    """The largest smaller quantity that all controls let pass, of an order that is too large; None for any other."""


class SymbolMatches(Struct, frozen=True, kw_only=True, tag="matches"):
    """Answer to SearchSymbols; empty when the broker knows none."""

    pattern: str
    matches: tuple[SymbolMatch, ...]


class Qualified(Struct, frozen=True, kw_only=True, tag="qualified"):
    """Answer to Watch."""

    instrument: Instrument


class Cancelled(Struct, frozen=True, kw_only=True, tag="cancelled"):
    """Answer to CancelEntries: what was asked for, not what has happened."""

    asked: tuple[str, ...]
    """Order references of the cancels that were sent, and of orders that were not sent because of it."""
    kept: tuple[str, ...]
    """Order references of live orders that protect a position and stay."""


Result = OrderPreview | Sized | SymbolMatches | Qualified | Cancelled | BarHistory | Killed | PriceAlert | LimitsShown
"""What an Ack may carry beside the order."""


class Ack(Struct, frozen=True, kw_only=True):
    """Core's answer to one command. For orders `ok` means that the intent is durable, no more."""

    ok: bool
    order: Order | None = None
    """The order as it stands, for commands about one order."""
    denied: Denial | None = None
    """Set exactly when `ok` is False."""
    result: Result | None = None
