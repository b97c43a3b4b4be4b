"""ORDERS: every order of the day; those whose outcome is not known stay on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events

from core.domain.instruments import Instrument
from core.domain.orders import Order, OrderState, Pending, Side, TimeInForce, named_price
from tui import format as fmt
from tui import messages
from tui.hands.accounts import account_mark
from tui.panes import quote_cells as cells
from tui.panes.grid_pane import GridPane
from tui.times import seconds_since, time_of_day
from tui.widgets.line_grid import UNBOUNDED, Cell, Column, LineGrid, Row

_STATES: dict[OrderState, tuple[str, str]] = {
    OrderState.INTENT: ("SENDING…", "pending"),
    OrderState.SENT: ("SENT…", "pending"),
    OrderState.WORKING: ("WORKING", "working"),
    OrderState.HELD: ("! HELD", "held"),
    OrderState.UNKNOWN: ("? UNKNOWN", "unknown"),
    OrderState.FILLED: ("FILLED", "filled"),
    OrderState.CANCELLED: ("CANCELLED", "ended"),
    OrderState.REJECTED: ("REJECTED", "refusal"),
    OrderState.EXPIRED: ("EXPIRED", "ended"),
    OrderState.PRESUMED_NOT_PLACED: ("NOT PLACED", "ended"),
    OrderState.DENIED: ("DENIED", "refusal"),
}
"""Word and style of each state."""

_PENDING = {Pending.MODIFY: "MODIFY…", Pending.CANCEL: "CANCEL…"}
FILLED_CELLS = 9
TIF_WIDTH = 90
"""Cells from which the time in force has its own column."""


def state_cell(order: Order) -> Cell:
    """The state in a word; a request under way is an overlay in italics, except on what needs attention."""
    word, style = _STATES[order.state]
    if order.pending is not Pending.NONE and order.is_live:
        if order.state in {OrderState.UNKNOWN, OrderState.HELD}:
            return Cell(f"{word}…", style)
        return Cell(_PENDING[order.pending], "pending")
    if order.state is OrderState.WORKING and order.filled:
        return Cell("PARTIAL", "partial")
    return Cell(word, style)


def number_text(order: Order) -> str:
    """`#7`; EXT for orders of other clients."""
    return f"#{order.number}" if order.number else "EXT"


def _stop_text(order: Order, instrument: Instrument | None) -> str:
    """Where the stop or touch price stands; of a trailing stop without one, its distance."""
    trail = order.trail
    price = order.stop_price if trail is None else trail.stop_price
    if price is not None:
        return cells.price_text(instrument, price)
    if trail is None:
        return fmt.NONE
    distance = trail.percent if trail.amount is None else trail.amount
    unit = "%" if trail.amount is None else ""
    return fmt.NONE if distance is None else f"±{distance.normalize():f}{unit}"


def _tif_text(order: Order) -> str:
    """How long it stands: GTC and DAY must not be taken for each other."""
    return fmt.UNKNOWN if order.tif is TimeInForce.OTHER else order.tif.value


class BlotterPane(GridPane):
    """One row an order."""

    TITLE = "ORDERS"
    WITH_HEADER = 6
    COLUMNS = (
        Column("number", "#", 4),
        Column("side", "SIDE", 4, priority=150),
        Column("qty", "QTY", 6, "right", priority=150, max_width=10),
        Column("sym", "SYM", 7, priority=150, max_width=16),
        Column("type", "TYPE", 4, priority=80, max_width=8),
        Column("price", "PRICE", 8, "right", priority=140, max_width=12),
        Column("stop", "STOP", 8, "right", priority=40, max_width=12),
        Column("filled", "FILLED", FILLED_CELLS, "right", priority=90, max_width=13),
        Column("state", "STATE", 10, priority=200, max_width=14),
        Column("age", "AGE", 5, "right", priority=60, max_width=8),
        Column("tif", "TIF", 3, priority=45),
        Column("note", "NOTE", 10, priority=50, max_width=UNBOUNDED),
    )
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.OrderUpdated,
        messages.InstrumentsUpdated,
        messages.SecondPassed,
    )

    def rows(self) -> Mapping[str, Row]:
        """A row for each order: UNKNOWN, HELD, then newest; what has ended below."""
        return {order.order_ref: self._row(order) for order in self.replica.blotter()}

    def summary(self) -> str:
        """How many live, how many of those nobody can vouch for, and how many have scrolled out of sight."""
        if not self.replica.is_loaded:
            return ""
        orders, unknown = self.replica.live_orders(), len(self.replica.unknown_orders())
        live, done = len(orders), len(self.replica.orders) - len(orders)
        shown = set(self.grid.visible_keys())
        unseen = sum(order.order_ref not in shown for order in orders) if shown else 0
        parts = [f"{live} live"]
        if unknown:
            parts.append(f"? {unknown} UNKNOWN")
        elif done:
            parts.append(f"{done} done")
        if unseen:
            parts.append(f"{unseen} live out of sight")
        return " · ".join(parts)

    def empty_text(self) -> str:
        """Nothing sent today."""
        return "no orders today" if self.replica.is_loaded else ""

    def con_id_of(self, key: str) -> int | None:
        """The instrument of the order."""
        order = self.replica.orders.get(key)
        return None if order is None else order.con_id

    def account_of(self, key: str) -> str:
        """Whose order it is."""
        order = self.replica.orders.get(key)
        return "" if order is None else order.account

    def on_line_grid_visible_rows_changed(self, message: LineGrid.VisibleRowsChanged) -> None:
        """Count what is out of sight."""
        message.stop()
        self.status = self.summary()

    def on_resize(self, _event: events.Resize) -> None:
        """Notes depend on the width."""
        self.renew_soon()

    def selected(self) -> Order | None:
        """The order under the cursor; None while there is none."""
        key = self.grid.cursor_key
        return None if key is None else self.replica.orders.get(key)

    def _row(self, order: Order) -> Row:
        instrument = self.replica.instrument(order.con_id)
        filled = fmt.filled(order.filled, order.quantity)
        since = order.changed if order.state is OrderState.UNKNOWN else order.created
        age = fmt.age(seconds_since(since, self.now)) if order.is_live else fmt.NONE
        return {
            "number": Cell(number_text(order), "external" if order.external else ""),
            "side": Cell(order.side, "buy" if order.side is Side.BUY else "sell"),
            "qty": Cell(fmt.size(order.quantity)),
            "sym": Cell(order.label),
            "type": Cell(order.type_text),
            "price": Cell(cells.price_text(instrument, named_price(order))),
            "stop": Cell(_stop_text(order, instrument)),
            # The quantity has its own column: a filled part alone is whole, a cut fraction would mislead.
            "filled": Cell(filled if len(filled) <= FILLED_CELLS else fmt.size(order.filled)),
            "state": state_cell(order),
            "age": Cell(age),
            "tif": Cell(_tif_text(order)),
            "note": Cell(f"{self._account_in_note(order)} {self._time_in_note(order)}{self._note(order)}".strip()),
        }

    def _time_in_note(self, order: Order) -> str:
        """A time in force that is not DAY stands before the note where it has no column."""
        if self.size.width >= TIF_WIDTH or not order.is_live or order.tif is TimeInForce.DAY:
            return ""
        return f"{_tif_text(order)} "

    def _account_in_note(self, order: Order) -> str:
        """The account stands first in the note where the login has several: the symbol has no room for it."""
        return account_mark(order.account, self.replica.managed).strip()

    def _note(self, order: Order) -> str:
        note = self._plain_note(order)
        if order.cancel_at is None or not order.is_live:
            return note
        until = f"until {time_of_day(order.cancel_at)}"
        return f"{note} · {until}" if note else until

    def _plain_note(self, order: Order) -> str:
        instrument = self.replica.instrument(order.con_id)
        if order.state is OrderState.FILLED:
            return f"@ {cells.price_text(instrument, order.average_price)}"
        if order.is_live and order.filled:
            left = f"{fmt.size(order.remaining)} left"
            return f"{left} · {order.note}" if order.note else left
        if order.state is OrderState.UNKNOWN and not order.note:
            return "no answer"
        code = (
            f" [{order.code}]" if order.code is not None and order.note and f"[{order.code}]" not in order.note else ""
        )
        return order.note + code
