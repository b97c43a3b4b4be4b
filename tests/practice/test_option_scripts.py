"""Options and combinations through the public API of ib_async, as scripts for TWS use them."""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal

from ib_async import IB, Bag, ComboLeg, Contract, MarketOrder, Option, OptionComputation

from core.practice.server import PracticeGateway
from core.practice.tables_in import MARKET_DATA
from tests.practice.conftest import Connect, Login
from tests.practice.scripts import APPLE, SECONDS, qualified, refusal, status, until


async def calls(ib: IB) -> list[Contract]:
    """Return the calls on one stock that expire last, lowest strike first."""
    apple = await qualified(ib, APPLE)
    chain = (await ib.reqSecDefOptParamsAsync("AAPL", "", "STK", apple.conId))[0]
    wanted = Option("AAPL", chain.expirations[-1], right="C", exchange="SMART", currency="USD")
    found = [details.contract for details in await ib.reqContractDetailsAsync(wanted)]
    return sorted((item for item in found if item is not None), key=lambda item: item.strike)


async def test_a_chain_and_its_contracts(login: Login) -> None:
    ib = await login()
    apple = await qualified(ib, APPLE)
    chains = await ib.reqSecDefOptParamsAsync("AAPL", "", "STK", apple.conId)
    smart = next(chain for chain in chains if chain.exchange == "SMART")
    made = [
        Option("AAPL", expiry, strike, right, "SMART")
        for expiry in smart.expirations[:2]
        for strike in smart.strikes[:3]
        for right in "CP"
    ]
    found = await ib.qualifyContractsAsync(*made)

    assert (int(smart.underlyingConId), smart.tradingClass, smart.multiplier) == (apple.conId, "AAPL", "100")
    assert len({chain.exchange for chain in chains}) == len(chains) > 1
    assert smart.expirations == sorted(smart.expirations)
    assert smart.strikes[0] < 233 < smart.strikes[-1]
    assert len({item.conId for item in found if isinstance(item, Contract)}) == 12
    [details] = await ib.reqContractDetailsAsync(made[0])
    assert details.contract is not None
    assert (details.underConId, details.underSymbol, details.underSecType) == (apple.conId, "AAPL", "STK")
    assert details.contract.localSymbol.startswith("AAPL  ")
    assert details.realExpirationDate == smart.expirations[0]
    assert await ib.reqMarketRuleAsync(int(details.marketRuleIds.split(",")[0]))


async def test_what_has_no_options_has_an_empty_chain(login: Login) -> None:
    ib = await login()

    assert await ib.reqSecDefOptParamsAsync("AMD", "", "STK", 4391) == []
    assert (await refusal(ib, lambda: asyncio.ensure_future(ib.reqSecDefOptParamsAsync("X", "", "STK", 4))))[0] == 200


async def test_an_ambiguous_option_is_many_contracts_and_no_market(login: Login, connect: Connect) -> None:
    ib, client = await login(1), await connect(2)
    vague = Contract(secType="OPT", symbol="AAPL", exchange="SMART", currency="USD", right="P")
    assert len(await ib.reqContractDetailsAsync(vague)) > 100
    client.ask(MARKET_DATA, reqId=5, symbol="AAPL", secType="OPT", exchange="SMART", currency="USD", right="P")
    refused = await client.wait_for("error", lambda error: error.integer("reqId") == 5)

    assert (refused.integer("code"), "ambiguous" in refused.text("text")) == (200, True)


async def test_greeks_fit_the_price(login: Login) -> None:
    ib = await login()
    chain = await calls(ib)
    contract = chain[len(chain) // 2]
    ticker = ib.reqMktData(contract, "100,101,106")
    await until(lambda: bool(ticker.modelGreeks and ticker.bidGreeks and ticker.askGreeks), lambda: ticker.updateEvent)
    model, bid, ask = ticker.modelGreeks, ticker.bidGreeks, ticker.askGreeks
    assert model is not None
    assert bid is not None
    assert ask is not None

    assert 0 < (model.delta or 0) < 1
    assert (model.gamma or 0) > 0 < (model.vega or 0)
    assert (model.theta or 0) < 0
    assert 200 < (model.undPrice or 0) < 260
    assert (bid.impliedVol or 0) < (model.impliedVol or 0) < (ask.impliedVol or 0)
    assert (ticker.bid, ticker.ask) == (bid.optPrice, ask.optPrice)
    computed = await ib.calculateOptionPriceAsync(contract, model.impliedVol or 0, model.undPrice or 0)
    implied = await ib.calculateImpliedVolatilityAsync(contract, model.optPrice or 0, model.undPrice or 0)
    assert isinstance(computed, OptionComputation)
    assert isinstance(implied, OptionComputation)
    assert math.isclose(computed.optPrice or 0, model.optPrice or 0, rel_tol=1e-4)
    assert math.isclose(implied.impliedVol or 0, model.impliedVol or 0, rel_tol=1e-3)


async def test_a_price_that_no_volatility_makes(login: Login) -> None:
    ib = await login()
    async with asyncio.timeout(SECONDS):
        found = await ib.calculateImpliedVolatilityAsync((await calls(ib))[0], 1.0, 100_000.0)

    assert isinstance(found, OptionComputation)
    assert (found.impliedVol, found.delta, found.undPrice) == (None, None, None)


async def test_details_of_a_combination(login: Login) -> None:
    ib = await login()
    [details] = await ib.reqContractDetailsAsync(Bag(symbol="AAPL", exchange="SMART", currency="USD"))

    assert details.contract is not None
    assert (details.contract.secType, details.contract.conId, details.contract.tradingClass) == (
        "BAG",
        28812380,
        "COMB",
    )


async def test_a_combination_is_quoted_by_its_legs(login: Login) -> None:
    ib = await login()
    low, high = (await calls(ib))[:2]
    legs = [ComboLeg(low.conId, 1, "BUY", "SMART"), ComboLeg(high.conId, 1, "SELL", "SMART")]
    ticker = ib.reqMktData(Bag(symbol="AAPL", exchange="SMART", currency="USD", comboLegs=legs))
    await until(ticker.hasBidAsk, lambda: ticker.updateEvent)

    assert 0 < ticker.bid < ticker.ask <= high.strike - low.strike + 1


async def test_a_combination_trades_its_legs(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    low, high = (await calls(ib))[:2]
    spread = Bag(
        symbol="AAPL",
        exchange="SMART",
        currency="USD",
        comboLegs=[ComboLeg(low.conId, 1, "BUY", "SMART"), ComboLeg(high.conId, 1, "SELL", "SMART")],
    )
    trade = ib.placeOrder(spread, MarketOrder("BUY", 1, tif="DAY"))
    await status(trade, "Filled")
    await until(lambda: len(ib.positions()) == 2, lambda: ib.positionEvent)

    assert {position.contract.conId: position.position for position in ib.positions()} == {low.conId: 1, high.conId: -1}
    assert gateway.ledger.account.cash["USD"] < Decimal(1_000_000)
