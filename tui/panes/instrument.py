"""The second row: the instrument that the desk looks at."""

from __future__ import annotations

from typing import ClassVar

from core.domain.instruments import Instrument
from core.domain.quotes import Quote
from tui import format as fmt
from tui import messages
from tui.hands.accounts import account_mark
from tui.panes import quote_cells as cells
from tui.panes.line_row import GAP, WIDE, LineRow, Part

STYLES = {"up": "$quote-up", "down": "$quote-down", "stale": "$stale", "attention": "bold $attention"}
"""Textual styles for the cell styles that quotes use."""


class InstrumentRow(LineRow):
    """Name, market and what is held of the instrument in focus."""

    DEFAULT_CSS = """
    InstrumentRow { background: $surface; }
    """
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.FocusChanged,
        messages.LinkLost,
        messages.QuotesFlushed,
        messages.InstrumentsUpdated,
        messages.PositionsUpdated,
        messages.OrderUpdated,
        messages.SecondPassed,
    )

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._con_id: int | None = None
        self._account = ""

    def hear(self, message: messages.DeskMessage) -> None:
        """Follow the focus; quotes of other instruments change nothing here."""
        match message:
            case messages.FocusChanged(con_id=con_id, account=account):
                self._con_id, self._account = con_id, account
                self.renew()
            case messages.QuotesFlushed(con_ids=con_ids) if self._con_id not in con_ids:
                return
            case _:
                self.renew_soon()

    def left(self, width: int) -> list[Part]:
        """Label, name, exchange and market."""
        if self._con_id is None:
            return [Part("no instrument in focus: / finds one" if self.replica.is_loaded else "", "$text-muted")]
        instrument, quote = self.replica.instrument(self._con_id), self.replica.quote(self._con_id)
        if instrument is None:
            return [Part(f"contract {self._con_id} is not known yet", "$text-muted")]
        wide = width >= WIDE
        exchange = instrument.primary_exchange or instrument.exchange
        name = instrument.name if wide else instrument.name.partition(" ")[0]
        parts = [Part(instrument.label + cells.flags(quote), "bold"), Part(f" {name} · {exchange}"), GAP]
        return parts if quote is None else parts + self._market(instrument, quote, width)

    def right(self, width: int) -> list[Part]:
        """What is held, what works, and the open profit."""
        con_id = self._con_id
        if con_id is None or not self.replica.is_loaded:
            return []
        held = self.replica.held(con_id, self._account)
        text = fmt.UNKNOWN if held is None else fmt.size(held)
        unknown = self.replica.unknown_orders(con_id)
        others = bool(self._account) and self._account != self.replica.account
        mark = account_mark(self._account, self.replica.managed) if others else ""
        parts = [
            Part(f"pos{mark} {fmt.uncertain(text) if unknown else text}", "bold $order-unknown" if unknown else "")
        ]
        position = self.replica.position(con_id, self._account)
        if position is not None and position.quantity and not unknown:
            pnl = cells.pnl_cell(self.replica.open_pnl(position), self.replica.quote(con_id))
            parts += [Part(" "), Part(pnl.text, STYLES.get(pnl.style, ""))]
        live = len(self.replica.live_orders(con_id))
        if live and width >= WIDE:
            parts += [GAP, Part(f"{live} working")]
        return [GAP, *parts]

    def _market(self, instrument: Instrument, quote: Quote, width: int) -> list[Part]:
        wide = width >= WIDE
        bid = cells.side_cell(instrument, quote, quote.bid)
        ask = cells.side_cell(instrument, quote, quote.ask)
        parts = [
            Part(bid.text, STYLES.get(bid.style, "bold")),
            Part(" × "),
            Part(ask.text, STYLES.get(ask.style, "bold")),
        ]
        if quote.bid_size is not None and quote.ask_size is not None and not quote.halted:
            parts += [GAP, Part(f"{fmt.size(quote.bid_size)}×{fmt.size(quote.ask_size)}")]
        change = fmt.percent(quote.change_percent, unit="%")
        style = STYLES.get(cells.change_cell(quote).style, "")
        if wide or quote.halted:
            last = cells.last_cell(instrument, quote, self.now, width)
            parts += [GAP, Part("last "), Part(last.text, STYLES.get(last.style, ""))]
        if wide:
            moved = fmt.change(quote.change, cells.decimals(instrument, quote.last))
            arrow, _, percent = change.rpartition(" ")
            return [*parts, Part(" "), Part(f"{arrow} {moved} {percent}".strip(), style)]
        return [*parts, GAP, Part(change, style)]
