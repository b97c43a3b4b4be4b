"""How values of the market look in cells: decimals, ages, and a mark on whatever can't be traded on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from core.domain.instruments import Instrument, SecType
from core.domain.money import Profit
from core.domain.prices import decimals_of
from core.domain.quotes import DataType, Quote
from tui import format as fmt
from tui.times import seconds_since
from tui.widgets.line_grid import Cell

PIP = Decimal("0.0001")
"""The unit in which spreads of currency pairs are spoken of."""

NO_CELL = Cell(fmt.NONE)
_DELAYED = frozenset({DataType.DELAYED, DataType.DELAYED_FROZEN})


def decimals(instrument: Instrument | None, value: Decimal | None) -> int:
    """Digits after the point for a price; those that it has itself while the contract is not qualified."""
    if value is None:
        return 2
    if instrument is not None:
        return decimals_of(value, instrument.price_bands)
    exponent = value.as_tuple().exponent
    return max(2, -exponent) if isinstance(exponent, int) else 2


def price_text(instrument: Instrument | None, value: Decimal | None) -> str:
    """A price with the instrument's decimals; `—` for None."""
    return fmt.price(value, decimals(instrument, value))


def mark_text(text: str, quote: Quote, now: datetime) -> str:
    """The shown last price with what is wrong with it: `~` and its age, `D` for delayed, `F` for frozen."""
    if quote.stale or quote.halted:
        return fmt.stale(text, seconds_since(quote.last_updated, now))
    return _kind_text(text, quote)


def _kind_text(text: str, quote: Quote) -> str:
    if quote.data_type in _DELAYED:
        return fmt.delayed(text)
    return fmt.frozen(text) if quote.data_type is DataType.FROZEN else text


def side_cell(instrument: Instrument | None, quote: Quote | None, value: Decimal | None) -> Cell:
    """Bid or ask; `—` while halted, marked while old, delayed, frozen or crossed."""
    if quote is None or value is None or quote.halted:
        return NO_CELL
    text = price_text(instrument, value)
    if quote.crossed:
        return Cell(text, "attention")
    if quote.stale:
        return Cell(fmt.stale(text, None), "stale")
    return Cell(_kind_text(text, quote), "stale" if quote.doubtful else "")


def last_cell(instrument: Instrument | None, quote: Quote | None, now: datetime, room: int) -> Cell:
    """The last price, with its age where it is old and `room` cells hold both."""
    if quote is None:
        return NO_CELL
    price = price_text(instrument, quote.last)
    text = mark_text(price, quote, now)
    if len(text) > room:
        text = fmt.stale(price, None)
    return Cell(text, "stale" if quote.doubtful else "")


def change_cell(quote: Quote | None) -> Cell:
    """The change against the previous close in per cent, with its arrow."""
    change = None if quote is None or quote.halted else quote.change_percent
    text = fmt.percent(change)
    if text.startswith(fmt.UP):
        return Cell(text, "up")
    return Cell(text, "down" if text.startswith(fmt.DOWN) else "")


def spread_cell(instrument: Instrument | None, quote: Quote | None) -> Cell:
    """Ask less bid, in pips for currency pairs."""
    if quote is None or quote.spread is None or quote.halted:
        return NO_CELL
    if instrument is not None and instrument.sec_type is SecType.CASH:
        return Cell(f"{quote.spread / PIP:.1f}p")
    digits = decimals(instrument, quote.bid)
    return Cell(fmt.price(quote.spread, digits), "attention" if quote.crossed else "")


def pnl_cell(value: Decimal | None, quote: Quote | None = None) -> Cell:
    """A profit or loss, signed and coloured; `—` for None, `~` where the quote that it follows from is doubtful."""
    text = fmt.pnl(value)
    if quote is not None and quote.doubtful:
        text = fmt.estimate(text)
    if value is None or not value:
        return Cell(text)
    return Cell(text, "up" if value > 0 else "down")


def profit_cell(profit: Profit | None) -> Cell:
    """A profit that core computed; `—` where there is none, `~` where it is not whole."""
    cell = pnl_cell(None if profit is None else profit.amount)
    return cell if profit is None or profit.whole else Cell(fmt.estimate(cell.text), cell.style)


def flags(quote: Quote | None) -> str:
    """The word behind a symbol for what keeps it from being traded at its quote; empty for nothing."""
    if quote is None:
        return ""
    if quote.halted:
        return " HALT"
    return " CROSS" if quote.crossed else ""
