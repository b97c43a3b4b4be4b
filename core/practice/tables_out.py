"""Messages from the gateway to a client, at server version 178 (see also tables_order)."""

from __future__ import annotations

from core.practice.tables import Message, repeat, when
from core.practice.tables_order import COMPLETED_ORDER, OPEN_ORDER

_CONTRACT = "conId:i symbol:s secType:s lastTradeDate:s strike:d right:s multiplier:s"
_SYMBOLS = "currency:s localSymbol:s tradingClass:s"

TICK_PRICE = Message(1, "tickPrice", 6, "reqId:i tickType:i price:d size:d attribs:i")
TICK_SIZE = Message(2, "tickSize", 6, "reqId:i tickType:i size:d")
ORDER_STATUS = Message(
    3,
    "orderStatus",
    None,
    "orderId:i status:s filled:d remaining:d avgFillPrice:d permId:i parentId:i lastFillPrice:d clientId:i whyHeld:s",
    "mktCapPrice:d",
)
ERROR = Message(4, "error", 2, "reqId:i=-1 code:i text:s advancedRejectJson:s")
ACCOUNT_VALUE = Message(6, "accountValue", 2, "tag:s value:s currency:s account:s")
PORTFOLIO = Message(
    7,
    "portfolioValue",
    8,
    _CONTRACT,
    "primaryExchange:s",
    _SYMBOLS,
    "position:d marketPrice:d marketValue:d averageCost:d unrealizedPnl:d realizedPnl:d account:s",
)
ACCOUNT_TIME = Message(8, "accountUpdateTime", 1, "time:s")
NEXT_VALID_ID = Message(9, "nextValidId", 1, "orderId:i")
CONTRACT_DETAILS = Message(
    10,
    "contractDetails",
    None,
    "reqId:i symbol:s secType:s lastTradeDate:s strike:d right:s exchange:s currency:s localSymbol:s marketName:s",
    "tradingClass:s conId:i minTick:d multiplier:s orderTypes:s validExchanges:s priceMagnifier:i underConId:i",
    "longName:s primaryExchange:s contractMonth:s industry:s category:s subcategory:s timeZoneId:s tradingHours:s",
    "liquidHours:s evRule:s evMultiplier:i=",
    repeat("secIds", "tag:s value:s"),
    "aggGroup:i underSymbol:s underSecType:s marketRuleIds:s realExpirationDate:s stockType:s minSize:d",
    "sizeIncrement:d suggestedSizeIncrement:d",
)
EXECUTION = Message(
    11,
    "execDetails",
    None,
    "reqId:i=-1 orderId:i",
    _CONTRACT,
    "exchange:s",
    _SYMBOLS,
    "execId:s time:s account:s venue:s side:s shares:d price:d permId:i clientId:i liquidation:i cumQty:d avgPrice:d",
    "orderRef:s evRule:s evMultiplier:D modelCode:s lastLiquidity:i pendingPriceRevision:b",
)
DEPTH = Message(12, "marketDepth", 1, "reqId:i position:i operation:i side:i price:d size:d")
DEPTH_L2 = Message(13, "marketDepthL2", 1, "reqId:i position:i maker:s operation:i side:i price:d size:d smart:b")
MANAGED_ACCOUNTS = Message(15, "managedAccounts", 1, "accounts:s")
HISTORICAL_DATA = Message(
    17,
    "historicalData",
    None,
    "reqId:i start:s end:s",
    repeat("bars", "date:s open:d high:d low:d close:d volume:d wap:d count:i"),
)
SCANNER_PARAMETERS = Message(19, "scannerParameters", 1, "xml:s")
SCANNER_DATA = Message(
    20,
    "scannerData",
    3,
    "reqId:i",
    repeat(
        "rows",
        "rank:i conId:i symbol:s secType:s lastTradeDate:s strike:d right:s exchange:s currency:s localSymbol:s",
        "marketName:s tradingClass:s distance:s benchmark:s projection:s legs:s",
    ),
)
#: What can't be computed is -1 where that can't be a value, -2 where -1 can.
OPTION_COMPUTATION = Message(
    21,
    "tickOptionComputation",
    None,
    "reqId:i tickType:i attribs:i impliedVolatility:d=-1 delta:d=-2 price:d=-1 pvDividend:d=-1 gamma:d=-2 vega:d=-2",
    "theta:d=-2 underPrice:d=-1",
)
TICK_GENERIC = Message(45, "tickGeneric", 6, "reqId:i tickType:i value:d")
TICK_STRING = Message(46, "tickString", 6, "reqId:i tickType:i value:s")
CURRENT_TIME = Message(49, "currentTime", 1, "epoch:i")
REALTIME_BAR = Message(50, "realtimeBar", 3, "reqId:i epoch:i open:d high:d low:d close:d volume:d wap:d count:i")
CONTRACT_DETAILS_END = Message(52, "contractDetailsEnd", 1, "reqId:i")
OPEN_ORDER_END = Message(53, "openOrderEnd", 1)
ACCOUNT_DOWNLOAD_END = Message(54, "accountDownloadEnd", 1, "account:s")
EXECUTION_END = Message(55, "execDetailsEnd", 1, "reqId:i")
SNAPSHOT_END = Message(57, "tickSnapshotEnd", 1, "reqId:i")
MARKET_DATA_TYPE = Message(58, "marketDataType", 1, "reqId:i marketDataType:i")
COMMISSION = Message(59, "commissionReport", 1, "execId:s commission:d currency:s realizedPnl:M yield:M yieldDate:s")
POSITION = Message(61, "position", 3, "account:s", _CONTRACT, "exchange:s", _SYMBOLS, "position:d avgCost:d")
POSITION_END = Message(62, "positionEnd", 1)
ACCOUNT_SUMMARY = Message(63, "accountSummary", 1, "reqId:i account:s tag:s value:s currency:s")
ACCOUNT_SUMMARY_END = Message(64, "accountSummaryEnd", 1, "reqId:i")
POSITION_MULTI = Message(
    71,
    "positionMulti",
    1,
    "reqId:i account:s",
    _CONTRACT,
    "exchange:s",
    _SYMBOLS,
    "position:d avgCost:d modelCode:s",
)
POSITION_MULTI_END = Message(72, "positionMultiEnd", 1, "reqId:i")
ACCOUNT_MULTI = Message(73, "accountUpdateMulti", 1, "reqId:i account:s modelCode:s tag:s value:s currency:s")
ACCOUNT_MULTI_END = Message(74, "accountUpdateMultiEnd", 1, "reqId:i")
OPTION_PARAMETERS = Message(
    75,
    "securityDefinitionOptionParameter",
    None,
    "reqId:i exchange:s underConId:i tradingClass:s multiplier:s",
    repeat("expirations", "expiration:s"),
    repeat("strikes", "strike:d"),
)
OPTION_PARAMETERS_END = Message(76, "securityDefinitionOptionParameterEnd", None, "reqId:i")
SOFT_DOLLAR_TIERS = Message(77, "softDollarTiers", None, "reqId:i", repeat("tiers", "name:s value:s displayName:s"))
FAMILY_CODES = Message(78, "familyCodes", None, repeat("codes", "account:s familyCode:s"))
SYMBOL_SAMPLES = Message(
    79,
    "symbolSamples",
    None,
    "reqId:i",
    repeat(
        "samples",
        "conId:i symbol:s secType:s primaryExchange:s currency:s",
        repeat("derivatives", "secType:s"),
        "description:s issuerId:s",
    ),
)
DEPTH_EXCHANGES = Message(
    80,
    "mktDepthExchanges",
    None,
    repeat("exchanges", "exchange:s secType:s listingExchange:s service:s aggGroup:I"),
)
TICK_REQ_PARAMS = Message(81, "tickReqParams", None, "reqId:i minTick:d bboExchange:s snapshotPermissions:i")
SMART_COMPONENTS = Message(82, "smartComponents", None, "reqId:i", repeat("components", "bit:i exchange:s letter:s"))
NEWS_ARTICLE = Message(83, "newsArticle", None, "reqId:i articleType:i text:s")
TICK_NEWS = Message(84, "tickNews", None, "reqId:i milliseconds:i provider:s article:s headline:s extra:s")
NEWS_PROVIDERS = Message(85, "newsProviders", None, repeat("providers", "code:s name:s"))
HISTORICAL_NEWS = Message(86, "historicalNews", None, "reqId:i time:s provider:s article:s headline:s")
HISTORICAL_NEWS_END = Message(87, "historicalNewsEnd", None, "reqId:i hasMore:b")
HEAD_TIMESTAMP = Message(88, "headTimestamp", None, "reqId:i timestamp:s")
HISTOGRAM = Message(89, "histogramData", None, "reqId:i", repeat("prices", "price:d size:i"))
#: A live bar has another field order than a bar of historicalData.
HISTORICAL_UPDATE = Message(
    90, "historicalDataUpdate", None, "reqId:i count:i date:s open:d close:d high:d low:d wap:d volume:d"
)
MARKET_RULE = Message(93, "marketRule", None, "ruleId:i", repeat("increments", "lowEdge:d increment:d"))
PNL = Message(94, "pnl", None, "reqId:i daily:M unrealized:M realized:M")
PNL_SINGLE = Message(95, "pnlSingle", None, "reqId:i position:d daily:M unrealized:M realized:M value:M")
HISTORICAL_TICKS = Message(
    96, "historicalTicks", None, "reqId:i", repeat("ticks", "epoch:i mask:i price:d size:d"), "done:b"
)
HISTORICAL_TICKS_BID_ASK = Message(
    97,
    "historicalTicksBidAsk",
    None,
    "reqId:i",
    repeat("ticks", "epoch:i mask:i bid:d ask:d bidSize:d askSize:d"),
    "done:b",
)
HISTORICAL_TICKS_LAST = Message(
    98,
    "historicalTicksLast",
    None,
    "reqId:i",
    repeat("ticks", "epoch:i mask:i price:d size:d exchange:s conditions:s"),
    "done:b",
)
#: Types: 1 Last, 2 AllLast, 3 BidAsk, 4 MidPoint.
TICK_BY_TICK = Message(
    99,
    "tickByTick",
    None,
    "reqId:i tickType:i epoch:i",
    when("tickType", "price:d size:d mask:i exchange:s conditions:s", among=(1, 2)),
    when("tickType", "bid:d ask:d bidSize:d askSize:d mask:i", among=(3,)),
    when("tickType", "middle:d", among=(4,)),
)
COMPLETED_ORDERS_END = Message(102, "completedOrdersEnd", None)
HISTORICAL_SCHEDULE = Message(
    106,
    "historicalSchedule",
    None,
    "reqId:i start:s end:s timeZone:s",
    repeat("sessions", "start:s end:s refDate:s"),
)
USER_INFO = Message(107, "userInfo", None, "reqId:i whiteBrandingId:s")

#: Every message that the gateway may send, by id.
RESPONSES: dict[int, Message] = {
    message.id: message
    for message in (
        *(value for value in list(globals().values()) if isinstance(value, Message)),
        OPEN_ORDER,
        COMPLETED_ORDER,
    )
}
