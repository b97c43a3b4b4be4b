"""Messages from a client to the gateway, at server version 178 (see also tables_order)."""

from __future__ import annotations

from core.practice.tables import Message, maybe, repeat, when
from core.practice.tables_order import PLACE_ORDER

_CONTRACT = (
    "conId:i symbol:s secType:s lastTradeDate:s strike:d right:s multiplier:s exchange:s primaryExchange:s currency:s"
    " localSymbol:s tradingClass:s"
)
_SHORT_CONTRACT = (
    "conId:i symbol:s secType:s lastTradeDate:s strike:d right:s multiplier:s exchange:s currency:s localSymbol:s"
    " tradingClass:s"
)
#: Some clients count the tags and values before they send them as one text, some don't.
_OPTION_COUNT = maybe("optionCount:i")
_LEGS = when("secType", repeat("comboLegs", "conId:i ratio:i action:s exchange:s"), among=("BAG",))

MARKET_DATA = Message(
    1,
    "reqMktData",
    11,
    "reqId:i",
    _CONTRACT,
    _LEGS,
    "deltaNeutralContract:b",
    when("deltaNeutralContract", "neutralConId:i neutralDelta:d neutralPrice:d"),
    "genericTicks:s snapshot:b regulatorySnapshot:b options:s",
)
CANCEL_MARKET_DATA = Message(2, "cancelMktData", 2, "reqId:i")
CANCEL_ORDER = Message(4, "cancelOrder", 1, "orderId:i manualCancelTime:s")
OPEN_ORDERS = Message(5, "reqOpenOrders", 1)
ACCOUNT_UPDATES = Message(6, "reqAccountUpdates", 2, "subscribe:b account:s")
EXECUTIONS = Message(
    7,
    "reqExecutions",
    3,
    "reqId:i clientId:i account:s time:s symbol:s secType:s exchange:s side:s",
)
IDS = Message(8, "reqIds", 1, "count:i")
CONTRACT_DATA = Message(
    9, "reqContractDetails", 8, "reqId:i", _CONTRACT, "includeExpired:b secIdType:s secId:s issuerId:s"
)
DEPTH = Message(
    10,
    "reqMktDepth",
    5,
    "reqId:i",
    _CONTRACT,
    "rows:i smart:b options:s",
)
CANCEL_DEPTH = Message(11, "cancelMktDepth", 1, "reqId:i smart:b")
NEWS_BULLETINS = Message(12, "reqNewsBulletins", 1, "all:b")
CANCEL_NEWS_BULLETINS = Message(13, "cancelNewsBulletins", 1)
LOG_LEVEL = Message(14, "setServerLogLevel", 1, "level:i")
AUTO_OPEN_ORDERS = Message(15, "reqAutoOpenOrders", 1, "bind:b")
ALL_OPEN_ORDERS = Message(16, "reqAllOpenOrders", 1)
MANAGED_ACCOUNTS = Message(17, "reqManagedAccts", 1)
REQUEST_FA = Message(18, "requestFA", 1, "type:i")
REPLACE_FA = Message(19, "replaceFA", 1, "type:i xml:s reqId:i")
HISTORICAL_DATA = Message(
    20,
    "reqHistoricalData",
    None,
    "reqId:i",
    _CONTRACT,
    "includeExpired:b end:s barSize:s duration:s useRth:b whatToShow:s formatDate:i",
    _LEGS,
    "keepUpToDate:b options:s",
)
EXERCISE_OPTIONS = Message(
    21, "exerciseOptions", 2, "reqId:i", _SHORT_CONTRACT, "action:i quantity:i account:s override:i"
)
SCANNER = Message(
    22,
    "reqScannerSubscription",
    None,
    "reqId:i rows:I instrument:s location:s scanCode:s abovePrice:D belowPrice:D aboveVolume:I marketCapAbove:D",
    "marketCapBelow:D moodyAbove:s moodyBelow:s spAbove:s spBelow:s maturityAbove:s maturityBelow:s couponAbove:D",
    "couponBelow:D excludeConvertible:b averageOptionVolumeAbove:I settingPairs:s stockType:s filters:s options:s",
)
CANCEL_SCANNER = Message(23, "cancelScannerSubscription", 1, "reqId:i")
SCANNER_PARAMETERS = Message(24, "reqScannerParameters", 1)
CANCEL_HISTORICAL_DATA = Message(25, "cancelHistoricalData", 1, "reqId:i")
CURRENT_TIME = Message(49, "reqCurrentTime", 1)
REALTIME_BARS = Message(50, "reqRealTimeBars", 3, "reqId:i", _CONTRACT, "barSize:i whatToShow:s useRth:b options:s")
CANCEL_REALTIME_BARS = Message(51, "cancelRealTimeBars", 1, "reqId:i")
FUNDAMENTAL_DATA = Message(
    52,
    "reqFundamentalData",
    2,
    "reqId:i conId:i symbol:s secType:s exchange:s primaryExchange:s currency:s localSymbol:s reportType:s",
    _OPTION_COUNT,
    "options:s",
)
CANCEL_FUNDAMENTAL_DATA = Message(53, "cancelFundamentalData", 1, "reqId:i")
IMPLIED_VOLATILITY = Message(
    54, "calculateImpliedVolatility", 3, "reqId:i", _CONTRACT, "price:d underPrice:d", _OPTION_COUNT, "options:s"
)
OPTION_PRICE = Message(
    55, "calculateOptionPrice", 3, "reqId:i", _CONTRACT, "volatility:d underPrice:d", _OPTION_COUNT, "options:s"
)
CANCEL_IMPLIED_VOLATILITY = Message(56, "cancelCalculateImpliedVolatility", 1, "reqId:i")
CANCEL_OPTION_PRICE = Message(57, "cancelCalculateOptionPrice", 1, "reqId:i")
GLOBAL_CANCEL = Message(58, "reqGlobalCancel", 1)
MARKET_DATA_TYPE = Message(59, "reqMarketDataType", 1, "marketDataType:i")
POSITIONS = Message(61, "reqPositions", 1)
ACCOUNT_SUMMARY = Message(62, "reqAccountSummary", 1, "reqId:i group:s tags:s")
CANCEL_ACCOUNT_SUMMARY = Message(63, "cancelAccountSummary", 1, "reqId:i")
CANCEL_POSITIONS = Message(64, "cancelPositions", 1)
DISPLAY_GROUPS = Message(67, "queryDisplayGroups", 1, "reqId:i")
SUBSCRIBE_GROUP = Message(68, "subscribeToGroupEvents", 1, "reqId:i groupId:i")
UPDATE_GROUP = Message(69, "updateDisplayGroup", 1, "reqId:i contract:s")
UNSUBSCRIBE_GROUP = Message(70, "unsubscribeFromGroupEvents", 1, "reqId:i")
START_API = Message(71, "startApi", 2, "clientId:i capabilities:s")
POSITIONS_MULTI = Message(74, "reqPositionsMulti", 1, "reqId:i account:s modelCode:s")
CANCEL_POSITIONS_MULTI = Message(75, "cancelPositionsMulti", 1, "reqId:i")
ACCOUNT_MULTI = Message(76, "reqAccountUpdatesMulti", 1, "reqId:i account:s modelCode:s ledgerAndNlv:b")
CANCEL_ACCOUNT_MULTI = Message(77, "cancelAccountUpdatesMulti", 1, "reqId:i")
OPTION_PARAMETERS = Message(
    78, "reqSecDefOptParams", None, "reqId:i underlying:s futFopExchange:s underSecType:s underConId:i"
)
SOFT_DOLLAR_TIERS = Message(79, "reqSoftDollarTiers", None, "reqId:i")
FAMILY_CODES = Message(80, "reqFamilyCodes", None)
MATCHING_SYMBOLS = Message(81, "reqMatchingSymbols", None, "reqId:i pattern:s")
DEPTH_EXCHANGES = Message(82, "reqMktDepthExchanges", None)
SMART_COMPONENTS = Message(83, "reqSmartComponents", None, "reqId:i bboExchange:s")
NEWS_ARTICLE = Message(84, "reqNewsArticle", None, "reqId:i provider:s article:s options:s")
NEWS_PROVIDERS = Message(85, "reqNewsProviders", None)
HISTORICAL_NEWS = Message(86, "reqHistoricalNews", None, "reqId:i conId:i providers:s start:s end:s count:i options:s")
HEAD_TIMESTAMP = Message(
    87, "reqHeadTimeStamp", None, "reqId:i", _CONTRACT, "includeExpired:b useRth:b whatToShow:s formatDate:i"
)
HISTOGRAM = Message(88, "reqHistogramData", None, "reqId:i", _CONTRACT, "includeExpired:b useRth:b period:s")
CANCEL_HISTOGRAM = Message(89, "cancelHistogramData", None, "reqId:i")
CANCEL_HEAD_TIMESTAMP = Message(90, "cancelHeadTimeStamp", None, "reqId:i")
MARKET_RULE = Message(91, "reqMarketRule", None, "ruleId:i")
PNL = Message(92, "reqPnL", None, "reqId:i account:s modelCode:s")
CANCEL_PNL = Message(93, "cancelPnL", None, "reqId:i")
PNL_SINGLE = Message(94, "reqPnLSingle", None, "reqId:i account:s modelCode:s conId:i")
CANCEL_PNL_SINGLE = Message(95, "cancelPnLSingle", None, "reqId:i")
HISTORICAL_TICKS = Message(
    96,
    "reqHistoricalTicks",
    None,
    "reqId:i",
    _CONTRACT,
    "includeExpired:b start:s end:s count:i whatToShow:s useRth:b ignoreSize:b options:s",
)
TICK_BY_TICK = Message(97, "reqTickByTickData", None, "reqId:i", _CONTRACT, "tickType:s count:i ignoreSize:b")
CANCEL_TICK_BY_TICK = Message(98, "cancelTickByTickData", None, "reqId:i")
COMPLETED_ORDERS = Message(99, "reqCompletedOrders", None, "apiOnly:b")
WSH_META = Message(100, "reqWshMetaData", None, "reqId:i")
CANCEL_WSH_META = Message(101, "cancelWshMetaData", None, "reqId:i")
WSH_EVENT = Message(
    102,
    "reqWshEventData",
    None,
    "reqId:i conId:I filter:s fillWatchlist:b fillPortfolio:b fillCompetitors:b start:s end:s limit:I",
)
CANCEL_WSH_EVENT = Message(103, "cancelWshEventData", None, "reqId:i")
USER_INFO = Message(104, "reqUserInfo", None, "reqId:i")

#: Every request that the gateway can read, by id.
REQUESTS: dict[int, Message] = {
    message.id: message
    for message in (PLACE_ORDER, *(value for value in list(globals().values()) if isinstance(value, Message)))
}
