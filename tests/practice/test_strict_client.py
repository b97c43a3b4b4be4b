"""Busy sessions under a reader that forgives nothing: every field of every message is what the protocol says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.tables import Message, Record, Value
from tests.practice.raw_client import AAPL, AMD, RawClient
from tests.practice.stage import Stage
from tests.practice.strict_reader import StrictError, read_strictly

EURO = Record(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
FUTURES = Record(symbol="ES", secType="FUT", exchange="CME", currency="USD")
PAIR = Record(
    symbol="AAPL,AMD",
    secType="BAG",
    exchange="SMART",
    currency="USD",
    comboLegs=[
        Record(conId=265598, ratio=1, action="BUY", exchange="SMART"),
        Record(conId=4391, ratio=1, action="SELL", exchange="SMART"),
    ],
)
ACCOUNT = "DU1234567"
LATER = "20261231 20:00:00 UTC"
LOW, HIGH = Decimal("90.00"), Decimal("110.00")

CONDITIONS: list[Record] = [
    Record(condType=1, conjunction="a", isMore=True, price=HIGH, conId=265598, exch="SMART", triggerMethod=0),
    Record(condType=3, conjunction="a", isMore=True, time=LATER),
    Record(condType=4, conjunction="a", isMore=False, percent=30),
    Record(condType=5, conjunction="o", secType="STK", exch="SMART", symbol="AMD"),
    Record(condType=6, conjunction="o", isMore=True, volume=10**9, conId=265598, exch="SMART"),
    Record(condType=7, conjunction="a", isMore=True, changePercent=Decimal("12.5"), conId=265598, exch="SMART"),
]

URGENT = Record(tag="adaptivePriority", value="Urgent")

#: An order of every kind; those that need a price above the market buy, the rest too.
ORDERS: list[dict[str, Value]] = [
    {"orderType": "MKT"},
    {"orderType": "MKT", "action": "SELL", "totalQuantity": Decimal(40)},
    {"orderType": "LMT", "lmtPrice": LOW},
    {"orderType": "LMT", "lmtPrice": HIGH, "totalQuantity": Decimal(2500)},
    {"orderType": "LMT", "lmtPrice": LOW, "tif": "GTC", "outsideRth": True, "orderRef": "ref", "hidden": True},
    {"orderType": "LMT", "lmtPrice": LOW, "tif": "IOC"},
    {"orderType": "LMT", "lmtPrice": LOW, "tif": "FOK"},
    {"orderType": "LMT", "lmtPrice": LOW, "tif": "OPG"},
    {"orderType": "LMT", "lmtPrice": LOW, "tif": "GTD", "goodTillDate": LATER},
    {"orderType": "LMT", "lmtPrice": LOW, "goodAfterTime": LATER},
    {"orderType": "LMT", "lmtPrice": LOW, "displaySize": 50, "minQty": 10},
    {"orderType": "STP", "auxPrice": HIGH},
    {"orderType": "STP LMT", "auxPrice": HIGH, "lmtPrice": HIGH},
    {"orderType": "TRAIL", "auxPrice": Decimal(2)},
    {"orderType": "TRAIL", "trailingPercent": Decimal("1.5")},
    {"orderType": "TRAIL LIMIT", "auxPrice": Decimal(2), "trailStopPrice": HIGH, "lmtPriceOffset": Decimal("0.10")},
    {"orderType": "MIT", "auxPrice": LOW},
    {"orderType": "LIT", "auxPrice": LOW, "lmtPrice": LOW},
    {"orderType": "MOC"},
    {"orderType": "LOC", "lmtPrice": LOW},
    {"orderType": "MTL"},
    {"orderType": "MKT", "tif": "OPG"},
    {"orderType": "REL", "auxPrice": Decimal("0.01"), "lmtPrice": HIGH},
    {"orderType": "MIDPRICE", "lmtPrice": HIGH},
    {"orderType": "PEG MKT", "auxPrice": Decimal("0.01")},
    {"orderType": "PEG MID"},
    {"orderType": "PEG BEST", "lmtPrice": LOW, "competeAgainstBestOffset": Decimal("Infinity")},
    {"orderType": "STP", "auxPrice": HIGH, "triggerPrice": LOW, "adjustedOrderType": "STP", "adjustedStopPrice": HIGH},
    {"orderType": "LMT", "lmtPrice": LOW, "ocaGroup": "group", "ocaType": 1},
    {"orderType": "LMT", "lmtPrice": LOW, "ocaGroup": "group", "ocaType": 1},
    {"orderType": "LMT", "lmtPrice": LOW, "conditions": [*CONDITIONS], "conditionsIgnoreRth": True},
    {"orderType": "LMT", "lmtPrice": LOW, "algoStrategy": "Adaptive", "algoParams": [URGENT]},
    {"orderType": "LMT", "lmtPrice": LOW, "deltaNeutralOrderType": "None", "adjustedOrderType": "None"},
    {"orderType": "MKT", "whatIf": True},
    {"orderType": "LMT", "lmtPrice": LOW, "account": "DU7"},
    {"orderType": "NONE"},
]


class StrictClient(RawClient):
    """A client all of whose messages pass the strict reader too."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.greeted = False
        #: What was read, by message id.
        self.seen: dict[int, list[dict[str, str]]] = {}

    async def read_fields(self) -> list[str]:
        """Read one frame; the two fields of the greeting alone are no message."""
        fields = await super().read_fields()
        if self.greeted:
            self.seen.setdefault(int(fields[0]), []).append(read_strictly(fields))
        self.greeted = True
        return fields

    @classmethod
    @asynccontextmanager
    async def at(cls, port: int, client_id: int = 1) -> AsyncIterator[StrictClient]:
        """Connect for as long as the block lasts."""
        client = await cls.connect(port, client_id)
        assert isinstance(client, cls)
        yield client
        await client.close()

    async def settle(self) -> None:
        """Read everything that was under way."""
        self.ask(ask.CURRENT_TIME)
        await self.wait_for("currentTime")

    async def answer(self, message: Message, last: str, values: Mapping[str, Value]) -> None:
        """Ask, and read until the answer's last message."""
        self.ask(message, **values)
        await self.wait_for(last)


async def test_everything_about_orders_and_the_account(stage: Stage) -> None:
    async with StrictClient.at(stage.gateway.port) as client:
        client.ask(ask.ACCOUNT_UPDATES, subscribe=True, account=ACCOUNT)
        client.ask(ask.POSITIONS)
        client.ask(ask.POSITIONS_MULTI, reqId=50, account=ACCOUNT)
        client.ask(ask.ACCOUNT_MULTI, reqId=51, account=ACCOUNT)
        client.ask(ask.ACCOUNT_SUMMARY, reqId=52, group="All", tags="NetLiquidation,$LEDGER:ALL")
        client.ask(ask.PNL, reqId=53, account=ACCOUNT)
        for request_id, con_id in ((54, 265598), (55, 272093)):
            client.ask(ask.PNL_SINGLE, reqId=request_id, account=ACCOUNT, conId=con_id)
        ids = [client.place_terms(order) for order in ORDERS]
        client.place(PAIR)
        client.place(PAIR, orderType="LMT", lmtPrice=Decimal("-500.00"))
        client.place(EURO, totalQuantity=Decimal(25_000))
        parent = client.place(AAPL, orderType="LMT", lmtPrice=LOW, transmit=False)
        client.place(AAPL, orderType="STP", action="SELL", auxPrice=Decimal("80.00"), parentId=parent, transmit=True)
        await client.settle()
        for units in (100_5000, 99_5000, 109_0000, 111_0000, 100_0000):
            stage.move(units, 700)
            stage.wait(1)
            await client.settle()
        client.place(AAPL, ids[2], orderType="LMT", lmtPrice=LOW - 1)
        client.ask(ask.CANCEL_ORDER, orderId=ids[4])
        client.ask(ask.CANCEL_ORDER, orderId=999_999)
        client.ask(ask.MARKET_DATA, **{**AAPL, "reqId": 57, "genericTicks": "é"})
        client.ask(ask.MARKET_DATA, reqId=60, symbol="NOTHING", secType="STK", exchange="SMART", currency="USD")
        await client.answer(ask.OPEN_ORDERS, "openOrderEnd", {})
        await client.answer(ask.ALL_OPEN_ORDERS, "openOrderEnd", {})
        client.ask(ask.GLOBAL_CANCEL)
        await client.answer(ask.EXECUTIONS, "execDetailsEnd", {"reqId": 56})
        await client.answer(ask.COMPLETED_ORDERS, "completedOrdersEnd", {})
        stage.wait(3)
        await client.settle()

    seen = client.seen
    assert set(seen) >= {3, 4, 5, 6, 7, 8, 9, 11, 15, 49, 53, 54, 55, 59, 61, 62, 63, 64, 71, 72, 73, 74, 94, 95, 101}
    assert {order["orderType"] for order in seen[5]} == {order["orderType"] for order in ORDERS} - {"NONE"}
    assert {order["status"] for order in seen[3]} >= {"Submitted", "PreSubmitted", "Filled", "Cancelled", "Inactive"}
    assert any(order["whatIf"] == "1" and Decimal(order["initChange"]) > 0 for order in seen[5])
    assert any(order["conditions"] == "6" for order in seen[5])
    assert any(order["compete"] == "Infinity" for order in seen[5])
    assert any("\\u00e9" in error["text"] for error in seen[4] if error["reqId"] == "57")
    assert {fill["secType"] for fill in seen[11]} == {"STK", "BAG", "CASH"}


GENERICS = "100,101,104,105,106,165,221,225,232,233,236,258,292,293,294,295,318,375,411,456,576,577,578,586,595"


def subscribe(client: StrictClient, option: Record, future: Record) -> None:
    """Ask for everything that keeps coming."""
    for number, contract in enumerate((AAPL, AMD, EURO, future, option, PAIR)):
        client.ask(ask.MARKET_DATA, **{**contract, "reqId": 10 + number})
    for number, generics in enumerate(("233,236,258", GENERICS)):
        client.ask(ask.MARKET_DATA, **{**AAPL, "reqId": 17 + number, "genericTicks": generics})
    client.ask(ask.MARKET_DATA, **{**AMD, "reqId": 19, "snapshot": True})
    client.ask(ask.DEPTH, **{**AAPL, "reqId": 20, "rows": 5, "smart": True})
    client.ask(ask.DEPTH, **{**EURO, "reqId": 21, "rows": 5})
    for number, kind in enumerate(("Last", "AllLast", "BidAsk", "MidPoint")):
        client.ask(ask.TICK_BY_TICK, **{**AAPL, "reqId": 30 + number, "tickType": kind, "count": 5})
    for number, (contract, show) in enumerate(((AAPL, "TRADES"), (EURO, "MIDPOINT"))):
        client.ask(ask.REALTIME_BARS, **{**contract, "reqId": 40 + number, "barSize": 5, "whatToShow": show})
    bars: Record = Record(AAPL, reqId=42, barSize="5 secs", duration="60 S", whatToShow="TRADES", formatDate=1)
    client.ask(ask.HISTORICAL_DATA, **{**bars, "keepUpToDate": True})
    greeks = Record(option, reqId=43, underPrice=Decimal(230))
    client.ask(ask.OPTION_PRICE, **{**greeks, "volatility": Decimal("0.3")})
    client.ask(ask.IMPLIED_VOLATILITY, **{**greeks, "reqId": 44, "price": Decimal(60)})


def trade_on(stage: Stage) -> None:
    """Let the whole market live a second, and tell who watches it."""
    stage.clock.now += 1
    hub = stage.gateway.hub
    hub.market.advance(hub.now())
    hub.feed.publish(int(hub.now()))
    hub.end_turn()


async def ask_for_the_past(client: StrictClient) -> None:
    """Ask for bars, sessions and ticks of every kind."""
    bars = Record(AAPL, reqId=45, barSize="1 min", duration="1800 S", formatDate=1)
    for show in ("TRADES", "MIDPOINT", "BID", "BID_ASK", "HISTORICAL_VOLATILITY"):
        for changed in ({}, {"formatDate": 2}, {"barSize": "1 day", "duration": "1 M"}):
            await client.answer(ask.HISTORICAL_DATA, "historicalData", {**bars, **changed, "whatToShow": show})
    sessions = {**bars, "barSize": "1 day", "duration": "1 M", "whatToShow": "SCHEDULE"}
    await client.answer(ask.HISTORICAL_DATA, "historicalSchedule", sessions)
    ticks = Record(AAPL, reqId=47, end="20261119 20:00:00 UTC", count=20)
    for show, end in (("TRADES", "Last"), ("BID_ASK", "BidAsk"), ("MIDPOINT", "")):
        await client.answer(ask.HISTORICAL_TICKS, f"historicalTicks{end}", {**ticks, "whatToShow": show})
    for form in (1, 2):
        head = Record(AAPL, reqId=48, whatToShow="TRADES", formatDate=form)
        await client.answer(ask.HEAD_TIMESTAMP, "headTimestamp", head)
    await client.answer(ask.HISTOGRAM, "histogramData", {**AAPL, "reqId": 49, "period": "3 days"})


async def ask_for_reference(client: StrictClient) -> None:
    """Ask for what describes the market: symbols, rules, exchanges, news, scans."""
    seen = client.seen
    rules = {int(rule) for row in seen[10] for rule in row["marketRuleIds"].split(",")}
    scan = Record(reqId=54, rows=5, instrument="STK", location="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")
    news = Record(reqId=52, conId=265598, providers="PRN", count=5)
    requests: list[tuple[Message, str, Record]] = [
        (ask.MATCHING_SYMBOLS, "symbolSamples", Record(reqId=50, pattern="A")),
        (ask.DEPTH_EXCHANGES, "mktDepthExchanges", Record()),
        (ask.SMART_COMPONENTS, "smartComponents", Record(reqId=51, bboExchange=seen[81][0]["bbo"])),
        *((ask.MARKET_RULE, "marketRule", Record(ruleId=rule)) for rule in sorted(rules)),
        (ask.NEWS_PROVIDERS, "newsProviders", Record()),
        (ask.HISTORICAL_NEWS, "historicalNewsEnd", news),
        (ask.SCANNER_PARAMETERS, "scannerParameters", Record()),
        (ask.SCANNER, "scannerData", scan),
        (ask.SOFT_DOLLAR_TIERS, "softDollarTiers", Record(reqId=55)),
        (ask.USER_INFO, "userInfo", Record(reqId=56)),
        (ask.FAMILY_CODES, "familyCodes", Record()),
    ]
    for message, end, values in requests:
        await client.answer(message, end, values)
    article = Record(reqId=53, provider=seen[86][0]["provider"], article=seen[86][0]["article"])
    await client.answer(ask.NEWS_ARTICLE, "newsArticle", article)


async def test_everything_about_the_market(stage: Stage) -> None:
    async with StrictClient.at(stage.gateway.port) as client:
        seen = client.seen
        for contract in (AAPL, EURO, FUTURES, PAIR):
            await client.answer(ask.CONTRACT_DATA, "contractDetailsEnd", {**contract, "reqId": 1})
        chain = Record(reqId=2, underlying="AAPL", underSecType="STK", underConId=265598)
        await client.answer(ask.OPTION_PARAMETERS, "securityDefinitionOptionParameterEnd", chain)
        month, strike = seen[75][0]["date"], Decimal(seen[75][0]["strike"])
        option = Record(AAPL, conId=0, secType="OPT", lastTradeDate=month, strike=strike, right="P")
        await client.answer(ask.CONTRACT_DATA, "contractDetailsEnd", {**option, "reqId": 3})
        future = next(int(row["conId"]) for row in seen[10] if row["secType"] == "FUT")
        subscribe(client, option, Record(conId=future, exchange="CME"))
        await client.settle()
        for _ in range(12):
            trade_on(stage)
            await client.settle()
        await ask_for_the_past(client)
        await ask_for_reference(client)

    live = {1, 2, 12, 13, 17, 21, 45, 46, 50, 57, 58, 81, 90, 99}
    assert set(seen) >= live | {10, 19, 20, 52, 75, 76, 77, 78, 79, 80, 82, 83, 85, 86, 87, 88, 89, 93, 96, 97, 98}
    assert set(seen) >= {106, 107}
    assert {tick["type"] for tick in seen[99]} == {"1", "2", "3", "4"}
    assert {row["secType"] for row in seen[10]} == {"STK", "CASH", "FUT", "OPT", "BAG"}
    assert all(row["tradingHours"] and row["liquidHours"] for row in seen[10] if row["secType"] != "BAG")
    assert not [error for error in seen[4] if error["reqId"] != "-1"]


GOOD = {
    "tickPrice": "1,6,7,1,233.38,500,1",
    "tickSize": "2,6,7,0,500",
    "orderStatus": "3,1,Filled,100,0,233.5,12,0,233.5,1,,0",
    "error": "4,2,-1,2104,fine,",
    "position": "61,3,DU1,265598,AAPL,STK,,0,,,NASDAQ,USD,AAPL,NMS,100,233.5",
    "historicalData": "17,7,a,b,1,20261120,1.5,2.5,1,2,100,1.25,3",
    "pnl": "94,7,1.5,1.7976931348623157E308,",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_reader_takes_what_is_right_and_nothing_shorter_or_longer(text: str) -> None:
    fields = text.split(",")
    read_strictly(fields)

    for wrong in (fields[:-1], [*fields, ""], fields[1:], [fields[0], "99", *fields[1:]]):
        with pytest.raises(StrictError):
            read_strictly(wrong)


@pytest.mark.parametrize(
    ("name", "place", "wrong"),
    [
        ("tickSize", 4, "500.0"),
        ("tickSize", 4, "5e2"),
        ("tickSize", 4, "500.50"),
        ("tickSize", 4, ""),
        ("tickSize", 2, "7.0"),
        ("tickSize", 3, ""),
        ("tickPrice", 4, "nan"),
        ("tickPrice", 4, "1E+2"),
        ("tickPrice", 4, "None"),
        ("tickPrice", 1, "7"),
        ("orderStatus", 2, "filled"),
        ("orderStatus", 3, "100.0"),
        ("orderStatus", 6, "2147483647"),
        ("orderStatus", 10, "None"),
        ("orderStatus", 11, ""),
        ("error", 4, ""),
        ("error", 4, "é"),
        ("position", 5, "NMS"),
        ("position", 7, ""),
        ("position", 14, "100.00"),
        ("historicalData", 4, "2"),
        ("historicalData", 4, ""),
        ("historicalData", 12, "3.0"),
        ("pnl", 3, "1.7976931348623157e+308"),
    ],
)
def test_the_reader_refuses_each_wrong_field(name: str, place: int, wrong: str) -> None:
    fields = GOOD[name].split(",")
    fields[place] = wrong

    with pytest.raises(StrictError):
        read_strictly(fields)
