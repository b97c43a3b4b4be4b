"""Requests for orders, made of what a snapshot shows."""

from __future__ import annotations

from decimal import Decimal

from core.domain.events import Snapshot
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.prices import floor_tick, step_ticks
from core.domain.quotes import Quote
from core.ids import mint_order_ref


def request_for(
    snapshot: Snapshot, symbol: str, side: Side, quantity: Decimal | int, limit: Decimal | None = None
) -> OrderRequest:
    """A request with a new reference: at the market, or with a limit. The symbol must be known."""
    return OrderRequest(
        order_ref=mint_order_ref(snapshot.instance),
        account=snapshot.connection.account,
        con_id=instrument_of(snapshot, symbol).con_id,
        side=side,
        quantity=Decimal(quantity),
        order_type=OrderType.MKT if limit is None else OrderType.LMT,
        limit_price=limit,
    )


def below_bid(snapshot: Snapshot, symbol: str, percent: Decimal | int) -> Decimal:
    """A price so many per cent below the bid: a buy rests there."""
    bid = _quote_of(snapshot, symbol).bid
    assert bid is not None
    return floor_tick(bid * (1 - Decimal(percent) / 100), instrument_of(snapshot, symbol).price_bands)


def behind_market(snapshot: Snapshot, symbol: str, side: Side, ticks: int) -> Decimal:
    """A price so many ticks behind the own side's best."""
    quote = _quote_of(snapshot, symbol)
    near = quote.bid if side is Side.BUY else quote.ask
    assert near is not None
    return step_ticks(near, -side.sign * ticks, instrument_of(snapshot, symbol).price_bands)


def instrument_of(snapshot: Snapshot, symbol: str) -> Instrument:
    """The instrument of a symbol. Raises StopIteration if it is not known."""
    return next(known for known in snapshot.instruments if known.symbol == symbol)


def _quote_of(snapshot: Snapshot, symbol: str) -> Quote:
    con_id = instrument_of(snapshot, symbol).con_id
    return next(known for known in snapshot.quotes if known.con_id == con_id)
