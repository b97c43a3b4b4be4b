"""Every command of the user, declared once: bindings, key row, cheat-sheet and palette are drawn from here."""

from __future__ import annotations

from typing import NamedTuple


class UserCommand(NamedTuple):
    """One thing that a person can ask of the desk."""

    id: str
    """Names the binding; a user's keymap gives it other keys."""
    keys: str
    """Default keys as Textual writes them, separated by commas."""
    action: str
    """Textual action on the screen (or `app.` something)."""
    help: str
    """One sentence for the cheat-sheet and the palette."""
    footer: str = ""
    """Word in the key row, which joins neighbours with the same word; empty keeps it out."""
    wide: bool = False
    """True leaves it out of the key row where that is narrower than 120 cells."""
    palette: bool = True
    """False for what makes no sense without its key."""
    everywhere: bool = False
    """True for keys that work from any screen and field, before anything else sees them."""


DESK: tuple[UserCommand, ...] = (
    UserCommand("ticket.buy", "b", "ticket('buy')", "BUY ticket that joins the bid", "buy"),
    UserCommand("ticket.buy_now", "n", "ticket('buy_now')", "BUY ticket at the ask, with collar", "buy"),
    UserCommand("ticket.sell", "s", "ticket('sell')", "SELL ticket that joins the ask", "sell"),
    UserCommand("ticket.sell_now", "d", "ticket('sell_now')", "SELL ticket at the bid, with collar", "sell"),
    UserCommand("ticket.close", "x", "ticket('close')", "Ticket that closes the position in focus", "close"),
    UserCommand("ticket.cancel", "c", "ticket('cancel')", "Ticket that cancels entries in the instrument", "cancel"),
    UserCommand("symbol.find", "slash", "find_symbol", "Find a symbol, watch it and focus it", "find"),
    UserCommand("pane.next", "w", "app.focus_next", "Go to the next pane", "pane", wide=True),
    UserCommand("help.keys", "question_mark", "app.keys", "Show every key", "keys"),
    UserCommand("help.commands", "ctrl+p", "app.command_palette", "Find a command", palette=False),
    UserCommand("desk.theme", "", "app.next_theme", "Theme: take the next one"),
    UserCommand("desk.confirm_live", "", "app.confirm_live", "Live: type the phrase at this desk"),
    UserCommand("desk.arm", "", "app.arm", "Arm this desk: its sending keys act at once; Esc ends it"),
    UserCommand("desk.grant", "", "app.grant", "Grant a script live trading, or end that"),
    UserCommand("desk.limits", "", "app.limits", "Limits: show all, and change one"),
    UserCommand("desk.health", "", "app.health", "Health of core: latency, success, errors"),
    UserCommand("desk.costs", "", "app.costs", "Costs of today's fills against the market"),
    UserCommand("desk.resume", "", "app.resume", "Resume: let all orders through again after a halt or REDUCING"),
    UserCommand("desk.enable_script", "", "app.enable_script", "Enable a script again that sent too many orders"),
    UserCommand("desk.alerts", "", "alerts", "Alerts: show all, and mark them as seen"),
    UserCommand("desk.price_alert", "", "price_alert", "Price alert of the instrument in focus: set or remove one"),
    UserCommand("desk.reconnect", "", "app.reconnect", "Reconnect: try to reach the broker now"),
    UserCommand("desk.accept_tail_loss", "", "app.accept_tail_loss", "Accept JOURNAL_TAIL_LOST after a look at TWS"),
    UserCommand(
        "desk.kill",
        "f9,ctrl+backslash",
        "app.kill",
        "KILL: block new orders at once and cancel all but what protects a position",
        "KILL",
        everywhere=True,
    ),
    UserCommand(
        "desk.quit",
        "ctrl+q",
        "app.leave",
        "Quit: close the desk; asks when orders are working",
        "quit",
        everywhere=True,
    ),
)
"""The commands of the desk, in the order in which the key row and the cheat-sheet show them."""
