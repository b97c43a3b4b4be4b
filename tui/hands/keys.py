"""The keys of the hands, declared once: in the panes, and inside a ticket."""

from __future__ import annotations

from tui.commands import UserCommand

PANES: tuple[UserCommand, ...] = (
    UserCommand("ticket.part", "p", "ticket('part')", "Ticket that closes half of the position in focus"),
    UserCommand("ticket.cancel_order", "delete", "ticket('cancel_order')", "Ticket that cancels the selected order"),
    UserCommand(
        "ticket.change", "m", "ticket('change')", "Ticket that changes price or quantity of the selected order"
    ),
    UserCommand(
        "ticket.rest", "o", "ticket('rest')", "Ticket with what the selected order, once ended, has not filled"
    ),
    UserCommand("order.look", "space", "look", "What is known of the selected order; UNKNOWN ones are settled there"),
    UserCommand("ticket.away", "q", "leave_ticket", "Close the ticket from any pane", palette=False),
    UserCommand("desk.disarm", "escape", "disarm", "Disarm this desk, and close the ticket"),
    UserCommand("size.1", "1", "size(1)", "Size preset 1", palette=False),
    UserCommand("size.2", "2", "size(2)", "Size preset 2", palette=False),
    UserCommand("size.3", "3", "size(3)", "Size preset 3", palette=False),
    UserCommand("size.4", "4", "size(4)", "Size preset 4", palette=False),
    UserCommand("size.up", "plus,equals_sign", "step_size(1)", "One size step up", palette=False),
    UserCommand("size.down", "minus", "step_size(-1)", "One size step down", palette=False),
)
"""Keys of the panes beside those of `tui.commands.DESK`; the actions are the desk screen's."""

TICKET: tuple[UserCommand, ...] = (
    UserCommand("ticket.send", "enter", "send", "Send what the ticket says", palette=False),
    UserCommand("ticket.leave", "escape", "leave", "Close the ticket; what was typed stays as a draft", palette=False),
    UserCommand(
        "ticket.next", "tab", "field(1)", "Next field: price, size, TIF, type, stop, hours, account", palette=False
    ),
    UserCommand("ticket.previous", "shift+tab", "field(-1)", "Previous field", palette=False),
    UserCommand("ticket.up", "up", "step(1)", "One tick or size step up", palette=False),
    UserCommand("ticket.down", "down", "step(-1)", "One tick or size step down", palette=False),
    UserCommand("ticket.page_up", "pageup", "step(10)", "Ten ticks or size steps up", palette=False),
    UserCommand("ticket.page_down", "pagedown", "step(-10)", "Ten ticks or size steps down", palette=False),
    UserCommand("ticket.left", "left", "style(-1)", "Price: market, now, mid, join; or back in a list", palette=False),
    UserCommand("ticket.right", "right", "style(1)", "Price: join, mid, now, market; or on in a list", palette=False),
    UserCommand("ticket.erase", "backspace", "erase", "Take the last character away", palette=False),
    UserCommand("ticket.clear", "delete", "clear", "Empty the field", palette=False),
)
"""Keys inside a ticket; the actions are the ticket pane's. In a cancel ticket Tab and the arrows widen; in a close
ticket Tab goes to another account."""
