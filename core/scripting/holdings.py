"""Positions as scripts read them: valued by core's own quotes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.instruments import Instrument
from core.domain.positions import Position, open_pnl
from core.domain.quotes import Quote


class Holding(Struct, frozen=True, kw_only=True):
    """What is held of one instrument in one account."""

    account: str
    con_id: int
    symbol: str
    """As rows show it."""
    quantity: Decimal
    """Negative when short; 0 when it was closed today."""
    average_cost: Decimal
    """Price per unit of the instrument's quote."""
    price: Decimal | None
    """By which it is valued: the last one within bid and ask, else the previous close; None without any."""
    market_value: Decimal | None
    """In the instrument's currency, negative when short; None without a price."""
    unrealized_pnl: Decimal | None
    """In the instrument's currency, before commissions; None without a price."""
    timestamp: datetime | None
    """UTC of the quote's last tick; None without one."""
    doubtful: bool
    """True when the price is not the market's now: none, old, halted, delayed or frozen."""


def holding_of(position: Position, instrument: Instrument | None, quote: Quote | None) -> Holding:
    """A position with its value; without the contract's multiplier it has none."""
    price = None if quote is None or instrument is None else quote.mark
    multiplier = Decimal(1) if instrument is None else instrument.multiplier
    return Holding(
        account=position.account,
        con_id=position.con_id,
        symbol=position.label,
        quantity=position.quantity,
        average_cost=position.average_price,
        price=price,
        market_value=None if price is None else price * position.quantity * multiplier,
        unrealized_pnl=open_pnl(position, price, multiplier),
        timestamp=None if quote is None else quote.updated,
        doubtful=price is None or quote is None or quote.doubtful,
    )
