"""Combinations and foreign currencies through the whole gateway: legs, commissions, profits, a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from ib_async import IB, Bag, ComboLeg, Forex, LimitOrder, MarketOrder, Option, Trade

from core.practice.server import PracticeGateway
from tests.practice.conftest import OPTIONS, Login
from tests.practice.scripts import SECONDS, commissions, qualified


async def spread(ib: IB, gateway: PracticeGateway) -> Bag:
    """Return a call spread on Apple, to be bought."""
    chain = gateway.hub.catalogue.chains.chain(265598)
    assert chain is not None
    middle = len(chain.strikes) // 2
    legs = [
        await qualified(ib, Option("AAPL", chain.expirations[3], float(strike), "C", "SMART"))
        for strike in (chain.strikes[middle], chain.strikes[middle + 2])
    ]
    pairs = zip(legs, ("BUY", "SELL"), strict=True)
    parts = [ComboLeg(conId=leg.conId, ratio=1, action=action, exchange="SMART") for leg, action in pairs]
    return Bag(symbol="AAPL", exchange="SMART", currency="USD", comboLegs=parts)


async def filled(ib: IB, trade: Trade, charged: int) -> None:
    """Wait until a trade is filled and so many of its fills have their commission."""
    async with asyncio.timeout(SECONDS):
        while not trade.isDone() or sum(bool(fill.commissionReport.execId) for fill in trade.fills) < charged:
            await ib.updateEvent


async def test_a_spread_fills_leg_by_leg(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    bag = await spread(ib, gateway)
    trade = ib.placeOrder(bag, MarketOrder("BUY", 1, tif="DAY"))
    await filled(ib, trade, 2)
    whole, *legs = trade.fills
    stem = whole.execution.execId[:-5]

    assert [fill.contract.secType for fill in trade.fills] == ["BAG", "OPT", "OPT"]
    assert [fill.execution.side for fill in legs] == ["BOT", "SLD"]
    assert [fill.execution.execId for fill in legs] == [f"{stem}02.01", f"{stem}03.01"]
    assert whole.commissionReport.execId == ""
    assert sum(fill.commissionReport.commission for fill in legs) == 1.3
    assert round(legs[0].execution.price - legs[1].execution.price, 4) == round(whole.execution.price, 4)
    assert sorted(position.position for position in ib.positions()) == [-1, 1]
    held = gateway.ledger.account
    assert held.cash["USD"] == OPTIONS.cash - Decimal(str(whole.execution.price)) * 100 - Decimal("1.30")


async def test_a_working_spread_outlives_its_gateway(tmp_path: Path) -> None:
    options = replace(OPTIONS, state=tmp_path)
    async with PracticeGateway(options) as gateway:
        ib = IB()
        await ib.connectAsync("127.0.0.1", gateway.port, clientId=1, raiseSyncErrors=True)
        bag = await spread(ib, gateway)
        ib.placeOrder(bag, LimitOrder("BUY", 2, -1.5, tif="GTC"))
        await ib.reqCurrentTimeAsync()
        ib.disconnect()
    async with PracticeGateway(options) as gateway:
        ib = IB()
        await ib.connectAsync("127.0.0.1", gateway.port, clientId=1, raiseSyncErrors=True)
        [trade] = ib.openTrades()
        ib.disconnect()

    assert (trade.contract.secType, trade.order.lmtPrice, len(trade.contract.comboLegs)) == ("BAG", -1.5, 2)


async def test_yen_are_owed_and_dollars_paid(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    pair = await qualified(ib, Forex("USDJPY"))
    trade = ib.placeOrder(pair, MarketOrder("BUY", 20_000, tif="DAY"))
    await commissions(ib, trade)
    paid = sum(fill.execution.shares * fill.execution.price for fill in trade.fills)

    assert {fill.commissionReport.currency for fill in trade.fills} == {"USD"}
    assert gateway.ledger.account.cash["USD"] == OPTIONS.cash + 20_000 - 2
    assert gateway.ledger.account.cash["JPY"] == -Decimal(str(round(paid, 3)))
    await ib.reqAccountUpdatesAsync(OPTIONS.account)
    rates = {value.currency: value.value for value in ib.accountValues() if value.tag == "ExchangeRate"}
    assert abs(float(rates["JPY"]) * trade.fills[-1].execution.price - 1) < 0.01
    assert rates["USD"] == "1"
