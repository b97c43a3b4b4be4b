"""POSITIONS: what is held, and what it has made so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from core.domain.order_types import STOPS
from core.domain.orders import Order, OrderType
from core.domain.positions import Position
from core.domain.quotes import Quote
from tui import format as fmt
from tui import messages
from tui.hands.accounts import account_mark
from tui.panes import quote_cells as cells
from tui.panes.grid_pane import GridPane
from tui.widgets.line_grid import UNBOUNDED, Cell, Column, Row

LAST_CELLS = 10


class PositionsPane(GridPane):
    """One row an instrument and account that is not flat; profit in the account's base currency, as core values it."""

    TITLE = "POSITIONS"
    COLUMNS = (
        Column("sym", "SYM", 9, max_width=16),
        Column("qty", "QTY", 6, "right", max_width=12),
        Column("avg", "AVG", 10, "right", max_width=14),
        Column("last", "LAST", LAST_CELLS, "right", max_width=14),
        Column("day", "DAY P&L", 10, "right", priority=40, max_width=16),
        Column("pnl", "OPEN P&L", 10, "right", max_width=16),
        Column("r", "R", 7, "right", priority=50),
        Column("stop", " STOP", 12, priority=60, max_width=UNBOUNDED),
    )
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.QuotesFlushed,
        messages.InstrumentsUpdated,
        messages.PositionsUpdated,
        messages.MoneyUpdated,
        messages.OrderUpdated,
        messages.SecondPassed,
    )

    def hear(self, message: messages.DeskMessage) -> None:
        """Draw anew; quotes of what is not held change nothing here."""
        match message:
            case messages.QuotesFlushed(con_ids=con_ids) if con_ids.isdisjoint(p.con_id for p in self._held()):
                return
            case messages.SecondPassed() if self.replica.lost_since is None:
                return
            case _:
                self.renew_soon()

    def rows(self) -> Mapping[str, Row]:
        """A row for each position, by its label."""
        held = sorted(self._held(), key=lambda position: (position.label, position.account))
        return {f"{position.con_id}:{position.account}": self._row(position) for position in held}

    def summary(self) -> str:
        """How many there are; `?` while the broker has not said."""
        if self.replica.positions is None:
            return f"{fmt.UNKNOWN} not known yet" if self.replica.is_loaded else ""
        return str(len(self._held()))

    def empty_text(self) -> str:
        """Flat is not the same as unknown."""
        if not self.replica.is_loaded:
            return ""
        return "flat" if self.replica.positions is not None else "The broker has not said what is held."

    def con_id_of(self, key: str) -> int | None:
        """Rows are named by instrument and account."""
        return int(key.partition(":")[0])

    def account_of(self, key: str) -> str:
        """Whose position it is."""
        return key.partition(":")[2]

    def _held(self) -> list[Position]:
        return [position for position in self.replica.positions or () if position.quantity]

    def _row(self, position: Position) -> Row:
        con_id = position.con_id
        instrument, quote = self.replica.instrument(con_id), self.replica.quote(con_id)
        unknown = bool(self.replica.unknown_orders(con_id))
        made = self.replica.profit_of(position)
        stop = self._stop_of(position)
        quantity = fmt.size(position.quantity)
        return {
            "sym": Cell(position.label + account_mark(position.account, self.replica.managed) + cells.flags(quote)),
            "qty": Cell(fmt.uncertain(quantity), "unknown") if unknown else Cell(quantity),
            "avg": Cell(cells.price_text(instrument, position.average_price)),
            "last": cells.last_cell(instrument, quote, self.now, LAST_CELLS),
            "day": cells.profit_cell(None if made is None else made.day),
            "pnl": cells.profit_cell(None if made is None else made.open),
            "r": Cell(_risk_multiple(position, stop, quote)),
            "stop": Cell(f" {fmt.NONE if stop is None else f'{stop.type_text} {fmt.size(stop.remaining)}'}"),
        }

    def _stop_of(self, position: Position) -> Order | None:
        """The stop order, ours or another client's, that would reduce the position; None if there is none."""
        side_sign = -1 if position.quantity > 0 else 1
        for order in self.replica.live_orders(position.con_id):
            stops = order.order_type in (*STOPS, OrderType.OTHER) and order.side.sign == side_sign
            if stops and order.account == position.account:
                return order
        return None


def _risk_multiple(position: Position, stop: Order | None, quote: Quote | None) -> str:
    """Open profit in multiples of what the stop risks; none without a stop price on the losing side of the entry."""
    mark = None if quote is None else quote.mark
    if quote is None or mark is None or stop is None or stop.stop_price is None:
        return fmt.NONE
    sign = 1 if position.quantity > 0 else -1
    risk = (position.average_price - stop.stop_price) * sign
    if risk <= 0:
        return fmt.NONE
    text = fmt.r_multiple((mark - position.average_price) * sign / risk)
    return fmt.estimate(text) if quote.doubtful else text
