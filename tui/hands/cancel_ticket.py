"""A cancel ticket: what Enter will ask core to cancel. Entries only; what protects a position stays (rule 9)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from core.domain.commands import CancelEntries, Cancelled, CancelOrder
from core.domain.instruments import Instrument
from core.domain.orders import Order
from tui.hands.ticket import Phase


class Scope(Enum):
    """How wide a cancel reaches."""

    ORDER = "order"
    """The selected order alone, whatever it is."""
    HERE = "here"
    """Every entry of this desk in the instrument."""
    MINE = "mine"
    """Every entry of this desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTicket:
    """A cancel that waits for Enter."""

    scope: Scope
    instrument: Instrument | None
    """The instrument in focus; None when there is none: then only wider scopes exist."""
    order: Order | None = None
    """The selected order; None when there is none."""
    note: str = ""
    """What the person must read before anything else; empty for nothing."""
    phase: Phase = Phase.EDITING

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The scopes that it can have, from narrow to wide."""
        narrow = (() if self.order is None else (Scope.ORDER,)) + (() if self.instrument is None else (Scope.HERE,))
        return (*narrow, Scope.MINE)

    @property
    def content(self) -> Hashable:
        """Everything that a send would carry."""
        return (
            self.scope,
            None if self.instrument is None else self.instrument.con_id,
            None if self.order is None else self.order.order_ref,
        )

    @property
    def command(self) -> CancelOrder | CancelEntries:
        """What Enter sends."""
        if self.scope is Scope.ORDER and self.order is not None:
            return CancelOrder(order_ref=self.order.order_ref)
        here = self.scope is Scope.HERE and self.instrument is not None
        return CancelEntries(con_id=self.instrument.con_id if here and self.instrument else None)

    @property
    def words(self) -> str:
        """What Enter would do, as a sentence without its end."""
        if self.scope is Scope.ORDER and self.order is not None:
            return f"CANCEL {order_words(self.order)}"
        if self.scope is Scope.HERE and self.instrument is not None:
            return f"CANCEL entries in {self.instrument.label}"
        return "CANCEL entries in all symbols"


def open_cancel(instrument: Instrument | None, order: Order | None) -> CancelTicket:
    """A cancel ticket with the narrowest scope that there is."""
    ticket = CancelTicket(scope=Scope.MINE, instrument=instrument, order=order)
    return replace(ticket, scope=ticket.scopes[0])


def widen(ticket: CancelTicket, steps: int = 1) -> CancelTicket:
    """The next wider scope (or, negative, narrower), round the end."""
    if ticket.phase is not Phase.EDITING:
        return ticket
    scopes = ticket.scopes
    return replace(ticket, scope=scopes[(scopes.index(ticket.scope) + steps) % len(scopes)], note="")


def reached(ticket: CancelTicket, live: Sequence[Order]) -> list[Order]:
    """Live orders of ours within the scope; core keeps those of them that protect a position."""
    if ticket.scope is Scope.ORDER:
        return [order for order in live if ticket.order is not None and order.order_ref == ticket.order.order_ref]
    ours = [order for order in live if not order.external]
    if ticket.scope is Scope.HERE and ticket.instrument is not None:
        return [order for order in ours if order.con_id == ticket.instrument.con_id]
    return ours


def order_words(order: Order) -> str:
    """An order as a message names it: `#7 BUY 100 NVDA @ 141.20`; `EXT …` for another client's."""
    return f"{f'#{order.number}' if order.number else 'EXT'} {order.text}"


def cancel_answer(ticket: CancelTicket, result: Cancelled) -> str:
    """What was asked for, and what stays (HANDS wording 7)."""
    label = "all symbols" if ticket.instrument is None or ticket.scope is Scope.MINE else ticket.instrument.label
    asked, kept = len(result.asked), len(result.kept)
    if not asked and not kept:
        return f"No entry order of this desk is live in {label}: nothing to cancel."
    text = f"Cancel sent for {asked} entry order{'' if asked == 1 else 's'} in {label}."
    if kept == 1:
        return f"{text} 1 order stays: it protects a position. To cancel it: select it, Del, Enter."
    if kept:
        return f"{text} {kept} orders stay: they protect a position. To cancel one: select it, Del, Enter."
    return text
