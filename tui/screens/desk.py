"""The desk: the main screen with its panes, and the instrument that it looks at."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal, Vertical

from core.domain.events import Severity
from tui import commands
from tui.host import DeskHost
from tui.keymap import bindings
from tui.messages import FocusChanged
from tui.panes.account import AccountPane
from tui.panes.alerts import AlertsPane
from tui.panes.blotter import BlotterPane
from tui.panes.connection import ConnectionPane
from tui.panes.divider import Divider
from tui.panes.grid_pane import GridPane
from tui.panes.instrument import InstrumentRow
from tui.panes.key_row import KeyRow
from tui.panes.line_row import WIDE
from tui.panes.message_row import MessageRow
from tui.panes.order_entry import OrderEntry
from tui.panes.pane_column import PaneColumn
from tui.panes.positions import PositionsPane
from tui.panes.status import StatusRow
from tui.panes.watchlist import WatchlistPane
from tui.screens.hands import NO_FOCUS, HandsScreen

BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
"""Classes of the screen by the least width in cells."""


class DeskScreen(HandsScreen):
    """All panes around one focus. Below 120 cells one column, from there on two (class `-wide`).

    The ticket pane is composed inside `#ticket` (3 rows, at least 80 cells wide); it hears `FocusChanged` and the rest
    through `app.listen`, and puts its words into the message row by posting `Say`.
    """

    CSS_PATH = "../styles/desk.tcss"
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(c for c in commands.DESK if not c.everywhere)]
    AUTO_FOCUS = "#watch LineGrid"

    def compose(self) -> ComposeResult:
        """Two rows of facts, the panes, the ticket, the message, the keys."""
        # Known before the first resize event, so that the first frame has its layout already.
        self.set_class(self.app.size.width >= WIDE, "-wide")
        yield StatusRow(id="status")
        yield InstrumentRow(id="instrument")
        with Horizontal(id="middle"):
            yield PaneColumn(
                WatchlistPane(id="watch"), PositionsPane(id="positions"), BlotterPane(id="orders"), id="left"
            )
            yield Divider(id="divider")
            with Vertical(id="right"):
                yield AccountPane(id="account")
                yield ConnectionPane(id="connection")
                yield AlertsPane(id="alerts")
        with Container(id="ticket"):
            yield OrderEntry()
        yield MessageRow(id="message")
        yield KeyRow(id="keys")

    @property
    def host(self) -> DeskHost:
        """The application around the desk. Raises TypeError in any other application."""
        app = self.app
        if not isinstance(app, DeskHost):
            raise TypeError(f"the desk needs a DeskHost around it, not {app!r}")
        return app

    def focus_on(self, con_id: int | None, *, by_user: bool) -> None:
        """Look at an instrument; listeners get `FocusChanged`. The watchlist's cursor follows once it has the row."""
        watchlist = self.query_one(WatchlistPane)
        watchlist.show(con_id)
        self._look(con_id, "", watchlist, by_user=by_user)

    def go_to(self, con_id: int) -> None:
        """The trader chose an instrument by name: look at it, and bring the keys to its row in the watchlist."""
        self.query_one(WatchlistPane).grid.focus()
        self.focus_on(con_id, by_user=True)

    async def action_alerts(self) -> None:
        """Show all alerts."""
        # Imported at the first use, like every box.
        from tui.screens.alerts import AlertsScreen

        await self.app.push_screen(AlertsScreen())

    async def action_price_alert(self) -> None:
        """Ask for a price alert of the instrument in focus."""
        from tui.screens.price_alert import PriceAlertScreen

        instrument = self.host.replica.instrument(self.focus_con_id)
        if instrument is None:
            self.host.say(NO_FOCUS, Severity.WARNING)
        else:
            await self.app.push_screen(PriceAlertScreen(instrument, self.host.replica.price_alerts))

    def on_grid_pane_looked(self, message: GridPane.Looked) -> None:
        """The cursor of the pane in use moved."""
        message.stop()
        self._look(message.con_id, message.account, message.pane, by_user=message.by_user)

    def _look(self, con_id: int | None, account: str, used: GridPane, *, by_user: bool) -> None:
        for pane in self.query(GridPane):
            pane.grid.keep_mark = pane is used
        if (con_id, account) != (self.focus_con_id, self.focus_account):
            self.focus_con_id, self.focus_account = con_id, account
            self.host.publish(FocusChanged(con_id, by_user, account))
