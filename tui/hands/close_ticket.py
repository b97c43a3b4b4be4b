"""A close ticket: what core would send to close a position, or a part of it. Core computes; Enter says yes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from decimal import Decimal

from core.domain.commands import ClosePosition, OrderPreview, PreviewClose
from core.domain.instruments import Instrument
from tui.hands.accounts import account_words, next_account
from tui.hands.ticket import Phase

FRACTIONS = {
    "1": Decimal("0.25"),
    "2": Decimal("0.5"),
    "3": Decimal("0.75"),
    "4": Decimal(1),
}
"""Parts of the position by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTicket:
    """A close that waits for core's computation, then for Enter."""

    instrument: Instrument
    account: str
    """The account whose position it is, in full; empty while none is verified."""
    accounts: tuple[str, ...] = ()
    """The verified accounts of the login, which it may be for."""
    fraction: Decimal
    """Part of the position, above 0 and at most 1."""
    preview: OrderPreview | None = None
    """What core would send now; None until it has said so."""
    note: str = ""
    """What the person must read before anything else; empty for nothing."""
    asked_note: str = ""
    """The last note that came instead of a preview: the next answer of core takes its place."""
    phase: Phase = Phase.EDITING
    order_ref: str = ""
    """The reference that was sent last; empty before that."""

    @property
    def content(self) -> Hashable:
        """Everything that a send would carry; None while core has not computed it."""
        if self.preview is None or self.preview.denied is not None:
            return None
        request = self.preview.request
        return (self.account, self.instrument.con_id, self.fraction, request.side, request.quantity)

    @property
    def question(self) -> PreviewClose:
        """What core is asked to compute."""
        return PreviewClose(account=self.account, con_id=self.instrument.con_id, fraction=self.fraction)

    @property
    def words(self) -> str:
        """The close as a message names it: `CLOSE 50 % AAPL: SELL 50`, with its account where there are several."""
        head = f"CLOSE {self.fraction * 100:.0f} % {self.instrument.label}{account_words(self.account, self.accounts)}"
        if self.preview is None or self.preview.denied is not None:
            return head
        return f"{head}: {self.preview.request.side} {self.preview.request.quantity:f}"


def open_close(
    instrument: Instrument, account: str, fraction: Decimal, *, accounts: tuple[str, ...] = ()
) -> CloseTicket:
    """A close ticket that has not asked core yet."""
    note = "" if account else "No account is verified yet, so nothing can be sent. Wait until the first row shows it."
    return CloseTicket(instrument=instrument, account=account, accounts=accounts, fraction=fraction, note=note)


def catch_up_close(ticket: CloseTicket, account: str, *, accounts: tuple[str, ...] = ()) -> CloseTicket:
    """The ticket with the account if it has none yet; an account is never exchanged for another one."""
    if ticket.phase is Phase.EDITING and accounts and accounts != ticket.accounts:
        ticket = replace(ticket, accounts=accounts)
    if ticket.account or not account or ticket.phase is not Phase.EDITING:
        return ticket
    return replace(ticket, account=account, preview=None, note="")


def take_part(ticket: CloseTicket, key: str) -> CloseTicket:
    """Another part of the position, by the keys 1 to 4; other keys change nothing."""
    fraction = FRACTIONS.get(key)
    if fraction is None or ticket.phase is not Phase.EDITING:
        return ticket
    return replace(ticket, fraction=fraction, preview=None, note="")


def change_account(ticket: CloseTicket, steps: int) -> CloseTicket:
    """The same close in the account some steps on, round the end."""
    account = next_account(ticket.account, ticket.accounts, steps)
    if account == ticket.account or ticket.phase is not Phase.EDITING:
        return ticket
    return replace(ticket, account=account, preview=None, note="")


def close_command(ticket: CloseTicket, order_ref: str) -> ClosePosition | None:
    """What Enter sends, under a new reference; None while core has not computed it."""
    if ticket.preview is None or ticket.preview.denied is not None:
        return None
    return ClosePosition(
        order_ref=order_ref,
        account=ticket.account,
        con_id=ticket.instrument.con_id,
        quantity=ticket.preview.request.quantity,
        fraction=ticket.fraction,
        side=ticket.preview.request.side,
    )
