"""The three long tables: placeOrder from a client; openOrder and completedOrder to it.

Field order: server version 178 of the TWS API text protocol. Two things surprise: the extra fields after
deltaNeutralOrderType are there for the text ``None`` too, which real gateways send for plain orders; and
openOrder carries trailStopPrice twice.
"""

from __future__ import annotations

from decimal import Decimal

from core.practice.tables import Message, repeat, when

_PEG_BENCH = ("PEG BENCH", "PEGBENCH")
_PEG_BEST = ("PEG BEST", "PEGBEST")
_PEG_MID = ("PEG MID", "PEGMID")

_LEGS = repeat(
    "comboLegs",
    "conId:i ratio:i action:s exchange:s openClose:i shortSaleSlot:i designatedLocation:s exemptCode:i=-1",
)
_LEG_PRICES = repeat("orderComboLegs", "price:D")
_SMART = repeat("smartComboRoutingParams", "tag:s value:s")
_SCALE = when(
    "scalePriceIncrement",
    "scalePriceAdjustValue:D scalePriceAdjustInterval:I scaleProfitOffset:D scaleAutoReset:b scaleInitPosition:I",
    "scaleInitFillQty:I scaleRandomPercent:b",
)
_HEDGE = when("hedgeType", "hedgeParam:s")
_NEUTRAL = when("deltaNeutralContract", "neutralConId:i neutralDelta:d neutralPrice:d")
_ALGO = when("algoStrategy", repeat("algoParams", "tag:s value:s"))
_BENCH = when(
    "orderType",
    "referenceContractId:i isPeggedChangeAmountDecrease:b peggedChangeAmount:d referenceChangeAmount:d",
    "referenceExchangeId:s",
    among=_PEG_BENCH,
)
_CONDITIONS = (
    repeat(
        "conditions",
        "condType:i",
        when("condType", "conjunction:s isMore:b price:d conId:i exch:s triggerMethod:i", among=(1,)),
        when("condType", "conjunction:s isMore:b time:s", among=(3,)),
        when("condType", "conjunction:s isMore:b percent:i", among=(4,)),
        when("condType", "conjunction:s secType:s exch:s symbol:s", among=(5,)),
        when("condType", "conjunction:s isMore:b volume:i conId:i exch:s", among=(6,)),
        when("condType", "conjunction:s isMore:b changePercent:d conId:i exch:s", among=(7,)),
    ),
    when("conditions", "conditionsIgnoreRth:b conditionsCancelOrder:b"),
)
_COMPETE = "minTradeQty:I minCompeteSize:I competeAgainstBestOffset:D midOffsetAtWhole:D midOffsetAtHalf:D"
_CONTRACT = (
    "conId:i symbol:s secType:s lastTradeDate:s strike:d right:s=? multiplier:s exchange:s currency:s localSymbol:s"
    " tradingClass:s"
)

PLACE_ORDER = Message(
    3,
    "placeOrder",
    None,
    "orderId:i conId:i symbol:s secType:s lastTradeDate:s strike:d right:s multiplier:s exchange:s primaryExchange:s",
    "currency:s localSymbol:s tradingClass:s secIdType:s secId:s",
    "action:s totalQuantity:D orderType:s lmtPrice:D auxPrice:D tif:s ocaGroup:s account:s openClose:s origin:i",
    "orderRef:s transmit:b parentId:i blockOrder:b sweepToFill:b displaySize:I triggerMethod:i outsideRth:b hidden:b",
    when("secType", _LEGS, _LEG_PRICES, _SMART, among=("BAG",)),
    "sharesAllocation:s discretionaryAmt:d goodAfterTime:s goodTillDate:s faGroup:s faMethod:s faPercentage:s",
    "modelCode:s shortSaleSlot:i designatedLocation:s exemptCode:i=-1 ocaType:i rule80A:s settlingFirm:s allOrNone:b",
    "minQty:I percentOffset:D eTradeOnly:b firmQuoteOnly:b nbboPriceCap:D auctionStrategy:i startingPrice:D",
    "stockRefPrice:D delta:D stockRangeLower:D stockRangeUpper:D overridePercentageConstraints:b volatility:D",
    "volatilityType:I deltaNeutralOrderType:s deltaNeutralAuxPrice:D",
    when(
        "deltaNeutralOrderType",
        "deltaNeutralConId:i deltaNeutralSettlingFirm:s deltaNeutralClearingAccount:s deltaNeutralClearingIntent:s",
        "deltaNeutralOpenClose:s deltaNeutralShortSale:b deltaNeutralShortSaleSlot:i deltaNeutralDesignatedLocation:s",
    ),
    "continuousUpdate:b referencePriceType:I trailStopPrice:D trailingPercent:D scaleInitLevelSize:I",
    "scaleSubsLevelSize:I scalePriceIncrement:D",
    _SCALE,
    "scaleTable:s activeStartTime:s activeStopTime:s hedgeType:s",
    _HEDGE,
    "optOutSmartRouting:b clearingAccount:s clearingIntent:s notHeld:b deltaNeutralContract:b",
    _NEUTRAL,
    "algoStrategy:s",
    _ALGO,
    "algoId:s whatIf:b orderMiscOptions:s solicited:b randomizeSize:b randomizePrice:b",
    _BENCH,
    *_CONDITIONS,
    "adjustedOrderType:s triggerPrice:D lmtPriceOffset:D adjustedStopPrice:D adjustedStopLimitPrice:D",
    "adjustedTrailingAmount:D adjustableTrailingUnit:i extOperator:s softDollarTierName:s softDollarTierVal:s",
    "cashQty:D mifid2DecisionMaker:s mifid2DecisionAlgo:s mifid2ExecutionTrader:s mifid2ExecutionAlgo:s",
    "dontUseAutoPriceForHedge:b isOmsContainer:b discretionaryUpToLimitPrice:b usePriceMgmtAlgo:b duration:I",
    "postToAts:I autoCancelParent:b advancedErrorOverride:s manualOrderTime:s",
    when("exchange", "minTradeQty:I", among=("IBKRATS",)),
    when(
        "orderType",
        "minCompeteSize:I competeAgainstBestOffset:D",
        when("competeAgainstBestOffset", "midOffsetAtWhole:D midOffsetAtHalf:D", among=(Decimal("Infinity"),)),
        among=_PEG_BEST,
    ),
    when("orderType", "midOffsetAtWhole:D midOffsetAtHalf:D", among=_PEG_MID),
)

OPEN_ORDER = Message(
    5,
    "openOrder",
    None,
    "orderId:i",
    _CONTRACT,
    "action:s totalQuantity:d orderType:s lmtPrice:d=0.0 auxPrice:d=0.0 tif:s ocaGroup:s account:s openClose:s",
    "origin:i orderRef:s clientId:i permId:i outsideRth:b hidden:b discretionaryAmt:d goodAfterTime:s",
    "sharesAllocation:s faGroup:s faMethod:s faPercentage:s modelCode:s goodTillDate:s rule80A:s percentOffset:D",
    "settlingFirm:s shortSaleSlot:i designatedLocation:s exemptCode:i=-1 auctionStrategy:i startingPrice:D",
    "stockRefPrice:D delta:D stockRangeLower:D stockRangeUpper:D displaySize:I blockOrder:b sweepToFill:b",
    "allOrNone:b minQty:I ocaType:i eTradeOnly:b firmQuoteOnly:b nbboPriceCap:D parentId:i triggerMethod:i",
    "volatility:D volatilityType:i deltaNeutralOrderType:s deltaNeutralAuxPrice:D",
    when(
        "deltaNeutralOrderType",
        "deltaNeutralConId:i deltaNeutralSettlingFirm:s deltaNeutralClearingAccount:s deltaNeutralClearingIntent:s",
        "deltaNeutralOpenClose:s=? deltaNeutralShortSale:b deltaNeutralShortSaleSlot:i",
        "deltaNeutralDesignatedLocation:s",
    ),
    "continuousUpdate:b referencePriceType:i trailStopPrice:D trailingPercent:D basisPoints:D basisPointsType:I",
    "comboLegsDescrip:s",
    _LEGS,
    _LEG_PRICES,
    _SMART,
    "scaleInitLevelSize:I scaleSubsLevelSize:I scalePriceIncrement:D",
    _SCALE,
    "hedgeType:s",
    _HEDGE,
    "optOutSmartRouting:b clearingAccount:s clearingIntent:s notHeld:b deltaNeutralContract:b",
    _NEUTRAL,
    "algoStrategy:s",
    _ALGO,
    "solicited:b whatIf:b status:s initMarginBefore:M maintMarginBefore:M equityWithLoanBefore:M initMarginChange:M",
    "maintMarginChange:M equityWithLoanChange:M initMarginAfter:M maintMarginAfter:M equityWithLoanAfter:M",
    "commission:D minCommission:D maxCommission:D commissionCurrency:s warningText:s randomizeSize:b randomizePrice:b",
    _BENCH,
    *_CONDITIONS,
    "adjustedOrderType:s triggerPrice:M trailStopPrice:D lmtPriceOffset:M adjustedStopPrice:M",
    "adjustedStopLimitPrice:M adjustedTrailingAmount:M adjustableTrailingUnit:i softDollarTierName:s",
    "softDollarTierVal:s softDollarTierDisplayName:s cashQty:d dontUseAutoPriceForHedge:b isOmsContainer:b",
    "discretionaryUpToLimitPrice:b usePriceMgmtAlgo:b duration:I postToAts:I autoCancelParent:b",
    _COMPETE,
)

COMPLETED_ORDER = Message(
    101,
    "completedOrder",
    None,
    _CONTRACT,
    "action:s totalQuantity:d orderType:s lmtPrice:d=0.0 auxPrice:d=0.0 tif:s ocaGroup:s account:s openClose:s",
    "origin:i orderRef:s permId:i outsideRth:b hidden:b discretionaryAmt:d goodAfterTime:s faGroup:s faMethod:s",
    "faPercentage:s modelCode:s goodTillDate:s rule80A:s percentOffset:D settlingFirm:s shortSaleSlot:i",
    "designatedLocation:s exemptCode:i=-1 startingPrice:D stockRefPrice:D delta:D stockRangeLower:D",
    "stockRangeUpper:D displaySize:I sweepToFill:b allOrNone:b minQty:I ocaType:i triggerMethod:i volatility:D",
    "volatilityType:i deltaNeutralOrderType:s deltaNeutralAuxPrice:D",
    when(
        "deltaNeutralOrderType",
        "deltaNeutralConId:i deltaNeutralShortSale:b deltaNeutralShortSaleSlot:i deltaNeutralDesignatedLocation:s",
    ),
    "continuousUpdate:b referencePriceType:i trailStopPrice:D trailingPercent:D comboLegsDescrip:s",
    _LEGS,
    _LEG_PRICES,
    _SMART,
    "scaleInitLevelSize:I scaleSubsLevelSize:I scalePriceIncrement:D",
    _SCALE,
    "hedgeType:s",
    _HEDGE,
    "clearingAccount:s clearingIntent:s notHeld:b deltaNeutralContract:b",
    _NEUTRAL,
    "algoStrategy:s",
    _ALGO,
    "solicited:b status:s randomizeSize:b randomizePrice:b",
    _BENCH,
    *_CONDITIONS,
    "trailStopPrice:D lmtPriceOffset:M cashQty:d dontUseAutoPriceForHedge:b isOmsContainer:b autoCancelDate:s",
    "filledQuantity:d refFuturesConId:i autoCancelParent:b shareholder:s imbalanceOnly:b routeMarketableToBbo:b",
    "parentPermId:i completedTime:s completedStatus:s",
    _COMPETE,
)
