"""The desk: the main screen with its panes, and the instrument that it looks at."""

from __future__ import annotations

from textual.reactive import var
from textual.screen import Screen


class DeskScreen(Screen[None]):
    """All panes around one focus.

    The ticket pane is `tui.panes.order_entry.OrderEntry`, composed inside `#ticket` (3 rows, 80 cells or more wide);
    it hears `FocusChanged` and the rest through `app.listen`, and puts its words into the message row with
    `self.post_message(Say(...))`, which bubbles up to here.
    """

    focus_con_id: var[int | None] = var(None, init=False)
    """The instrument in focus: the row under the cursor of the pane used last. None while there is none."""

    def focus_on(self, con_id: int | None, *, by_user: bool) -> None:
        """Look at an instrument; listeners get `FocusChanged`. The watchlist's cursor follows if it has the row."""
