"""What can stand in the ticket pane, and the keys that its rule names for it."""

from __future__ import annotations

from tui.hands.cancel_ticket import CancelTicket
from tui.hands.change_ticket import ChangeTicket
from tui.hands.close_ticket import CloseTicket
from tui.hands.ticket import OrderTicket

Ticket = OrderTicket | CloseTicket | CancelTicket
"""What can stand in the pane."""

WIDE = 120
HINTS = "Enter sends · Esc closes"
WIDE_HINTS = "Enter sends · Esc closes · Tab fields · ↑↓ tick · ←→ style"
CANCEL_HINTS = "Enter cancels · Esc closes"
CHANGE_HINTS = "Enter changes · Esc drops"
WIDE_CHANGE_HINTS = "Enter changes · Esc drops · Tab fields · ↑↓ tick"


def hints(ticket: Ticket | None, width: int) -> str:
    """The keys of a ticket, where the pane has so many cells; empty without a ticket."""
    match ticket:
        case None:
            return ""
        case CancelTicket():
            return CANCEL_HINTS
        case ChangeTicket():
            return WIDE_CHANGE_HINTS if width >= WIDE else CHANGE_HINTS
        case OrderTicket() if width >= WIDE:
            return WIDE_HINTS
        case _:
            return HINTS
