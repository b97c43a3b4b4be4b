"""Instruments of each class that the practice gateway lists."""

from __future__ import annotations

from core.domain.commands import Combine, Qualified
from core.domain.instruments import ComboLeg, Instrument, SecType
from tests.orders.floor import AAPL, EUR_USD, Floor

AMD = 4391
PLAIN_CLASSES = (SecType.STK, SecType.FUT, SecType.OPT, SecType.CASH)
"""All but combinations, which have no number to be watched by."""


def con_id_of(desk: Floor, kind: SecType) -> int:
    """An instrument of a class that the gateway lists."""
    catalogue = desk.gateway.hub.catalogue
    if kind is SecType.STK:
        return AAPL
    if kind is SecType.CASH:
        return EUR_USD
    if kind is SecType.FUT:
        return next(one.con_id for one in catalogue.instruments if one.sec_type == "FUT" and one.symbol == "ES")
    return call_of(desk, 0)


def call_of(desk: Floor, place: int) -> int:
    """A call on AAPL near the money, `place` strikes further out."""
    spot = desk.gateway.hub.catalogue.by_id[AAPL].start_price
    chains = desk.gateway.hub.catalogue.chains
    calls = sorted(
        (one for one in chains.options(AAPL).values() if one.right == "C"),
        key=lambda one: (one.last_trade_date, one.strike),
    )
    first = [one for one in calls if one.last_trade_date == calls[len(calls) // 2].last_trade_date]
    near = [one for one in first if one.strike >= spot]
    return near[place].con_id


async def combine(desk: Floor, *legs: tuple[int, int]) -> Instrument:
    """A combination with a two-sided market."""
    ack = await desk.client.send(Combine(legs=tuple(ComboLeg(con_id=con_id, ratio=ratio) for con_id, ratio in legs)))
    assert isinstance(ack.result, Qualified), ack.denied
    made = ack.result.instrument
    await desk.until(lambda: any(quote.con_id == made.con_id and quote.tradable for quote in desk.snapshot.quotes))
    return made


def vertical(desk: Floor, legs: int) -> list[tuple[int, int]]:
    """Two to four calls, bought and sold in turn."""
    return [(call_of(desk, place), 1 if place % 2 == 0 else -1) for place in range(legs)]
