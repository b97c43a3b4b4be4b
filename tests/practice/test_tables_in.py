"""Every request of ib_async is read by the tables to its last field."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from ib_async.contract import ComboLeg, Contract, DeltaNeutralContract, Stock, TagValue
from ib_async.objects import ExecutionFilter, ScannerSubscription, SoftDollarTier, WshEventData
from ib_async.order import (
    ExecutionCondition,
    LimitOrder,
    MarginCondition,
    Order,
    OrderComboLeg,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)

from core.practice.codec import WireError
from core.practice.tables_in import REQUESTS
from core.practice.tables_order import PLACE_ORDER
from tests.practice.ib_async_ends import requested

STOCK = Contract(
    conId=265598,
    symbol="AAPL",
    secType="STK",
    exchange="SMART",
    primaryExchange="NASDAQ",
    currency="USD",
    localSymbol="AAPL",
    tradingClass="NMS",
)
BAG = Contract(
    symbol="AAPL",
    secType="BAG",
    exchange="SMART",
    currency="USD",
    comboLegs=[ComboLeg(1, 1, "BUY", "SMART"), ComboLeg(2, 3, "SELL", "SMART")],
)

HEDGED = Contract(deltaNeutralContract=DeltaNeutralContract(5, 0.5, 1.5))

#: Method of ib_async's client, then its arguments.
Call = tuple[object, ...]
REQUEST_CALLS: list[Call] = [
    ("reqMktData", 7, STOCK, "233", True, False, []),
    ("reqMktData", 7, BAG, "", False, False, []),
    ("reqMktData", 7, HEDGED, "", False, False, []),
    ("cancelMktData", 7),
    ("cancelOrder", 7, "20261120 10:00:00 UTC"),
    ("reqOpenOrders",),
    ("reqAccountUpdates", True, "DU1234567"),
    ("reqExecutions", 7, ExecutionFilter(1, "DU1", "20261120-10:00:00", "AAPL", "STK", "IEX", "BUY")),
    ("reqIds", 1),
    ("reqContractDetails", 7, STOCK),
    ("reqMktDepth", 7, STOCK, 5, True, []),
    ("cancelMktDepth", 7, True),
    ("reqNewsBulletins", True),
    ("cancelNewsBulletins",),
    ("setServerLogLevel", 5),
    ("reqAutoOpenOrders", True),
    ("reqAllOpenOrders",),
    ("reqManagedAccts",),
    ("requestFA", 1),
    ("replaceFA", 7, 1, "<xml/>"),
    ("reqHistoricalData", 7, STOCK, "", "1 D", "1 min", "TRADES", True, 1, True, []),
    ("reqHistoricalData", 7, BAG, "", "1 D", "1 min", "TRADES", True, 1, True, []),
    ("exerciseOptions", 7, STOCK, 1, 1, "DU1", 0),
    ("reqScannerSubscription", 7, ScannerSubscription(), [], []),
    ("cancelScannerSubscription", 7),
    ("reqScannerParameters",),
    ("cancelHistoricalData", 7),
    ("reqCurrentTime",),
    ("reqRealTimeBars", 7, STOCK, 5, "TRADES", True, []),
    ("cancelRealTimeBars", 7),
    ("reqFundamentalData", 7, STOCK, "ReportSnapshot", []),
    ("cancelFundamentalData", 7),
    ("calculateImpliedVolatility", 7, STOCK, 1.5, 100.0, []),
    ("calculateOptionPrice", 7, STOCK, 0.3, 100.0, []),
    ("cancelCalculateImpliedVolatility", 7),
    ("cancelCalculateOptionPrice", 7),
    ("reqGlobalCancel",),
    ("reqMarketDataType", 3),
    ("reqPositions",),
    ("reqAccountSummary", 7, "All", "NetLiquidation"),
    ("cancelAccountSummary", 7),
    ("cancelPositions",),
    ("queryDisplayGroups", 7),
    ("subscribeToGroupEvents", 7, 1),
    ("updateDisplayGroup", 7, "8314@SMART"),
    ("unsubscribeFromGroupEvents", 7),
    ("startApi",),
    ("reqPositionsMulti", 7, "DU1", "model"),
    ("cancelPositionsMulti", 7),
    ("reqAccountUpdatesMulti", 7, "DU1", "model", True),
    ("cancelAccountUpdatesMulti", 7),
    ("reqSecDefOptParams", 7, "AAPL", "", "STK", 265598),
    ("reqSoftDollarTiers", 7),
    ("reqFamilyCodes",),
    ("reqMatchingSymbols", 7, "aap"),
    ("reqMktDepthExchanges",),
    ("reqSmartComponents", 7, "9c0001"),
    ("reqNewsArticle", 7, "BZ", "1", []),
    ("reqNewsProviders",),
    ("reqHistoricalNews", 7, 265598, "BZ", "", "", 10, []),
    ("reqHeadTimeStamp", 7, STOCK, "TRADES", True, 1),
    ("reqHistogramData", 7, STOCK, True, "3 days"),
    ("cancelHistogramData", 7),
    ("cancelHeadTimeStamp", 7),
    ("reqMarketRule", 26),
    ("reqPnL", 7, "DU1", ""),
    ("cancelPnL", 7),
    ("reqPnLSingle", 7, "DU1", "", 265598),
    ("cancelPnLSingle", 7),
    ("reqHistoricalTicks", 7, STOCK, "20261120 10:00:00 UTC", "", 10, "TRADES", True, False, []),
    ("reqTickByTickData", 7, STOCK, "AllLast", 0, False),
    ("cancelTickByTickData", 7),
    ("reqCompletedOrders", True),
    ("reqWshMetaData", 7),
    ("cancelWshMetaData", 7),
    ("reqWshEventData", 7, WshEventData(265598)),
    ("cancelWshEventData", 7),
    ("reqUserInfo", 7),
]


def sent(method: object, *arguments: object) -> list[str]:
    """Return the fields that ib_async sends for a call."""
    return requested(str(method), *arguments)


@pytest.mark.parametrize("call", REQUEST_CALLS, ids=lambda call: str(call[0]))
def test_requests_of_ib_async_are_read_whole(call: Call) -> None:
    fields = sent(*call)
    message = REQUESTS[int(fields[0])]

    record = message.decode(fields)

    if message.version is not None:
        assert fields[1] == str(message.version)
    if "reqId" in record:
        assert record["reqId"] == 7
    assert message.decode(message.fields(record).split("\0")[:-1]) == record


@pytest.mark.parametrize(
    "call",
    [
        ("reqFundamentalData", 7, STOCK, "ReportSnapshot", []),
        ("calculateImpliedVolatility", 7, STOCK, 1.5, 100.0, []),
        ("calculateOptionPrice", 7, STOCK, 0.3, 100.0, []),
    ],
    ids=lambda call: str(call[0]),
)
def test_clients_that_do_not_count_their_options_are_read_too(call: Call) -> None:
    fields = sent(*call)
    message = REQUESTS[int(fields[0])]
    counted = message.decode(fields)
    assert fields[-2:] == ["0", ""]

    assert message.decode([*fields[:-2], ""]) == {
        name: value for name, value in counted.items() if name != "optionCount"
    }


def test_every_request_of_the_tables_is_tried() -> None:
    assert {int(sent(*call)[0]) for call in REQUEST_CALLS} | {PLACE_ORDER.id} == set(REQUESTS)


def test_fields_arrive_under_their_names() -> None:
    depth = REQUESTS[10].decode(sent("reqMktDepth", 7, STOCK, 5, True, []))
    filtered = REQUESTS[7].decode(sent("reqExecutions", 7, ExecutionFilter(3, "DU1", "t", "AAPL", "STK", "IEX", "BUY")))

    assert (depth.integer("conId"), depth.text("primaryExchange"), depth.text("tradingClass")) == (
        265598,
        "NASDAQ",
        "NMS",
    )
    assert (depth.integer("rows"), depth.flag("smart")) == (5, True)
    assert filtered == {
        "reqId": 7,
        "clientId": 3,
        "account": "DU1",
        "time": "t",
        "symbol": "AAPL",
        "secType": "STK",
        "exchange": "IEX",
        "side": "BUY",
    }


def placed(contract: Contract, order: Order) -> list[str]:
    """Return the fields of ib_async's placeOrder."""
    return sent("placeOrder", 42, contract, order)


LIMIT = LimitOrder("BUY", 100, 233.33, tif="GTC", orderRef="ref", account="DU1", outsideRth=True)
EVERYTHING = Order(
    action="SELL",
    totalQuantity=7,
    orderType="PEG BENCH",
    lmtPrice=1.5,
    auxPrice=2.5,
    tif="DAY",
    deltaNeutralOrderType="None",
    deltaNeutralConId=9,
    scalePriceIncrement=0.5,
    scaleProfitOffset=0.25,
    hedgeType="D",
    hedgeParam="1",
    algoStrategy="Adaptive",
    algoParams=[TagValue("adaptivePriority", "Normal")],
    referenceContractId=11,
    conditions=[
        PriceCondition(price=1.25, conId=3, exch="SMART"),
        TimeCondition(time="20261120 10:00:00 UTC"),
        MarginCondition(percent=30),
        ExecutionCondition(secType="STK", exch="SMART", symbol="AAPL"),
        VolumeCondition(volume=5, conId=3, exch="SMART"),
        PercentChangeCondition(changePercent=1.5, conId=3, exch="SMART"),
    ],
    softDollarTier=SoftDollarTier("name", "value", "shown"),
    cashQty=12.5,
    duration=60,
    manualOrderTime="20261120 10:00:00",
)


def test_a_plain_limit_order() -> None:
    record = PLACE_ORDER.decode(placed(STOCK, LIMIT))

    assert (record["orderId"], record["conId"], record["exchange"]) == (42, 265598, "SMART")
    assert (record["action"], record["totalQuantity"], record["lmtPrice"]) == ("BUY", Decimal(100), Decimal("233.33"))
    assert (record["tif"], record["orderRef"], record["account"]) == ("GTC", "ref", "DU1")
    assert record["transmit"] is True
    assert record["outsideRth"] is True
    assert record["auxPrice"] is None
    assert record["minQty"] is None
    assert record["whatIf"] is False
    assert record["manualOrderTime"] == ""


def test_an_order_with_everything() -> None:
    record = PLACE_ORDER.decode(placed(STOCK, EVERYTHING))

    assert record["deltaNeutralConId"] == 9
    assert record["scaleProfitOffset"] == Decimal("0.25")
    assert record["hedgeParam"] == "1"
    assert record.rows("algoParams") == [{"tag": "adaptivePriority", "value": "Normal"}]
    assert record["referenceContractId"] == 11
    conditions = record.rows("conditions")
    assert [row["condType"] for row in conditions] == [1, 3, 4, 5, 6, 7]
    assert conditions[0]["price"] == Decimal("1.25")
    assert conditions[5]["changePercent"] == Decimal("1.5")
    assert (record["softDollarTierName"], record["cashQty"]) == ("name", Decimal("12.5"))
    assert (record["duration"], record["manualOrderTime"]) == (60, "20261120 10:00:00")


@pytest.mark.parametrize(
    ("contract", "order"),
    [
        (STOCK, LIMIT),
        (STOCK, EVERYTHING),
        (BAG, LimitOrder("BUY", 1, 5.5)),
        (BAG, LimitOrder("BUY", 1, 5.5, orderComboLegs=[OrderComboLeg(1.5), OrderComboLeg(2.5)])),
        (BAG, LimitOrder("BUY", 1, 5.5, smartComboRoutingParams=[TagValue("NonGuaranteed", "1")])),
        (Stock("AAPL", "IBKRATS", "USD"), LimitOrder("BUY", 1, 5.5, minTradeQty=10)),
        (STOCK, Order(action="BUY", totalQuantity=1, orderType="PEG MID", midOffsetAtWhole=0.01)),
        (STOCK, Order(action="BUY", totalQuantity=1, orderType="PEG BEST", minCompeteSize=100)),
        (STOCK, Order(action="BUY", totalQuantity=1, orderType="PEGBEST", competeAgainstBestOffset=math.inf)),
        (HEDGED, LIMIT),
    ],
)
def test_orders_of_every_shape_are_read_whole_and_written_alike(contract: Contract, order: Order) -> None:
    record = PLACE_ORDER.decode(placed(contract, order))

    assert PLACE_ORDER.decode(PLACE_ORDER.fields(record).split("\0")[:-1]) == record


def test_unset_in_every_spelling_is_the_same_order() -> None:
    fields = placed(STOCK, LIMIT)
    spelled = {
        "minQty": "2147483647",
        "percentOffset": "1.7976931348623157e+308",
        "delta": "1.7976931348623157E308",
        "strike": "",
        "blockOrder": "",
        "usePriceMgmtAlgo": "2147483647",
        "displaySize": "2147483647",
    }
    names = list(PLACE_ORDER.decode(fields))
    changed = list(fields)
    for name, text in spelled.items():
        changed[1 + names.index(name)] = text

    one, other = PLACE_ORDER.decode(fields), PLACE_ORDER.decode(changed)

    assert {name for name in names if one[name] != other[name]} <= {"strike", "displaySize"}
    assert other["displaySize"] is None


def test_a_truncated_order_is_refused() -> None:
    with pytest.raises(WireError, match="field manualOrderTime is missing"):
        PLACE_ORDER.decode(placed(STOCK, LIMIT)[:-1])


@pytest.mark.parametrize("increment", ["", "0", "-0.05", "1.7976931348623157E308"])
def test_scale_fields_follow_an_increment_above_zero_alone(increment: str) -> None:
    plain = PLACE_ORDER.fields({"orderId": 1, "scalePriceIncrement": Decimal(7)}).split("\0")[:-1]
    place = plain.index("7")
    assert PLACE_ORDER.decode(plain).number("scalePriceIncrement") == 7

    without = [*plain[:place], increment, *plain[place + 8 :]]

    assert len(without) == 114
    assert PLACE_ORDER.decode(without).flag("transmit") is False
