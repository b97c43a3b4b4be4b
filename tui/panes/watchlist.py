"""WATCH: the quotes of the instruments that the trader follows."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.message import Message

from core.domain.commands import Ack, SetViewers
from tui import format as fmt
from tui import messages
from tui.panes import quote_cells as cells
from tui.panes.asker import Asker
from tui.panes.grid_pane import GridPane
from tui.widgets.line_grid import Cell, Column, LineGrid, Row

LAST_CELLS = 9
POS_CELLS = 6
SIGHT_SECONDS = 0.05
"""Rows must stand still so long before core is told which of them are in sight."""


class WatchlistPane(GridPane):
    """One row an instrument; only rows whose quotes changed are formatted anew."""

    TITLE = "WATCH main"
    COLUMNS = (
        Column("sym", "SYM", 9, max_width=16),
        Column("bid", "BID", 8, "right", max_width=12),
        Column("ask", "ASK", 8, "right", max_width=12),
        Column("last", "LAST", LAST_CELLS, "right", max_width=12),
        Column("chg", "CHG%", 8, "right", priority=80, max_width=12),
        Column("spr", "SPR", 5, "right", priority=60, max_width=9),
        Column("vol", "VOL", 5, "right", priority=50, max_width=10),
        Column("pos", "POS", POS_CELLS, "right", priority=90, max_width=10),
        Column("pnl", "OPEN P&L", 10, "right", priority=40, max_width=14),
    )
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.QuotesFlushed,
        messages.InstrumentsUpdated,
        messages.WatchlistUpdated,
        messages.PositionsUpdated,
        messages.OrderUpdated,
        messages.SecondPassed,
    )

    @dataclass
    class SightTold(Message):
        """Core has heard what is in sight, or the link broke first."""

        name: Hashable
        ack: Ack | None

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._wanted: int | None = None
        self._teller: Asker | None = None

    def hear(self, message: messages.DeskMessage) -> None:
        """Format the rows of new quotes at once, everything else with the next renewal."""
        match message:
            case messages.QuotesFlushed(con_ids=con_ids):
                for con_id in con_ids:
                    self._renew_row(con_id)
            case messages.SecondPassed():
                for con_id in self.replica.watchlist:
                    quote = self.replica.quotes.get(con_id)
                    if quote is not None and (quote.stale or quote.halted):
                        self._renew_row(con_id)
            case messages.SnapshotLoaded():
                # Core may be another one, or may have taken this desk for gone.
                self._tell_sight()
                self.renew_soon()
            case _:
                self.renew_soon()

    def renew(self) -> None:
        """Show the replica as it is now, and go to the row that was asked for once it is there."""
        super().renew()
        if self._wanted is not None:
            self.show(self._wanted)

    def show(self, con_id: int | None) -> None:
        """Put the cursor on an instrument, as soon as the watchlist has it; None leaves it where it is."""
        self._wanted = con_id
        if con_id is not None and str(con_id) in self.grid.row_keys:
            self._wanted = None
            self.grid.move_cursor(str(con_id))

    def rows(self) -> Mapping[str, Row]:
        """A row for each instrument of the watchlist, in its order."""
        return {str(con_id): self._row(con_id) for con_id in self.replica.watchlist}

    def summary(self) -> str:
        """How many there are, and how many of them are in sight."""
        total, shown = len(self.grid.row_keys), len(self.grid.visible_keys())
        return f"{total} · {shown} shown" if shown < total else str(total or "")

    def empty_text(self) -> str:
        """What to do about an empty list."""
        return "Nothing watched yet: / finds a symbol." if self.replica.is_loaded else "starting core…"

    def con_id_of(self, key: str) -> int | None:
        """Rows are named by their instrument."""
        return int(key)

    def on_line_grid_visible_rows_changed(self, _message: LineGrid.VisibleRowsChanged) -> None:
        """Count what is in sight, and have it quoted before what is not."""
        self.status = self.summary()
        self._tell_sight()

    def on_watchlist_pane_sight_told(self, message: SightTold) -> None:
        """What is in sight by now may be told."""
        message.stop()
        if self._teller is not None:
            self._teller.answered()

    def _tell_sight(self) -> None:
        if self._teller is None:
            self._teller = Asker(self, self.host, self.SightTold)
        in_sight = tuple(int(key) for key in self.grid.visible_keys())
        self._teller.ask("sight", SetViewers(con_ids=in_sight), delay=SIGHT_SECONDS)

    def _renew_row(self, con_id: int) -> None:
        key = str(con_id)
        if key in self.grid.row_keys:
            self.grid.update_cells(key, self._row(con_id))

    def _row(self, con_id: int) -> Row:
        instrument, quote = self.replica.instrument(con_id), self.replica.quote(con_id)
        position = self.replica.position(con_id)
        held = self.replica.held(con_id)
        unknown = self.replica.unknown_orders(con_id)
        pnl = None if position is None or not position.quantity or unknown else self.replica.open_pnl(position)
        held_text = fmt.UNKNOWN if held is None else fmt.size(held)
        if unknown:
            held_text = fmt.uncertain(held_text)
        if len(held_text) > POS_CELLS:
            # A number that is cut would be read as another one.
            held_text = held_text.replace(",", "")
        label = str(con_id) if instrument is None else instrument.label
        return {
            "sym": Cell(label + cells.flags(quote), "attention" if cells.flags(quote) else ""),
            "bid": cells.side_cell(instrument, quote, None if quote is None else quote.bid),
            "ask": cells.side_cell(instrument, quote, None if quote is None else quote.ask),
            "last": cells.last_cell(instrument, quote, self.now, LAST_CELLS),
            "chg": cells.change_cell(quote),
            "spr": cells.spread_cell(instrument, quote),
            "vol": Cell(fmt.volume(None if quote is None else quote.volume)),
            "pos": Cell(held_text, "unknown" if unknown else ""),
            "pnl": cells.pnl_cell(pnl, quote),
        }
