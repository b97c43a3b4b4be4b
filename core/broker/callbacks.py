"""What the decoder calls: each message becomes a report or a tick, and each socket read one batch of them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from ib_async.contract import Contract, ContractDescription, ContractDetails
from ib_async.objects import CommissionReport as WireCommission
from ib_async.objects import Execution as WireExecution
from ib_async.objects import PriceIncrement
from ib_async.order import Order, OrderState

from core.broker import translate
from core.broker.error_codes import READ_ONLY, classify, explained
from core.broker.exec_time import parse_exec_time
from core.broker.order_reading import open_order
from core.broker.profits import Profits
from core.broker.queries import (
    COMPLETED_ORDERS,
    OPEN_ORDERS,
    POSITIONS,
    TIME,
    Queries,
    account_key,
    rule_key,
)
from core.broker.registry import SESSION_ID, Registry
from core.clock import Clock
from core.domain.reports import (
    AccountsReport,
    ErrorClass,
    ErrorReport,
    OrderStatusReport,
    Report,
    RequestKind,
)
from core.errors import BrokerError
from core.ports import BrokerListener
from core.text import clean

if TYPE_CHECKING:
    from core.broker.data_requests import DataRequests
    from core.broker.handshake import Shaking
    from core.broker.market_data import MarketData
    from core.broker.what_ifs import WhatIfs

_ANSWERED_ALL_THE_SAME = frozenset({ErrorClass.INFO, ErrorClass.WARNING, ErrorClass.OTHER_TERMS})
"""What does not keep a what-if from being answered."""

LIVE_FILL = -1
"""The request id of fills that answer no request."""


MAX_GUESSES_TOLD = 10
"""Different doubts about times of fills that one connection tells; more would only bury them."""


class Callbacks:
    """Takes the decoder's calls for one connection. The names and parameters are the TWS API's."""

    def __init__(
        self,
        listener: BrokerListener,
        registry: Registry,
        clock: Clock,
        market_data: MarketData,
        data: DataRequests,
        shaking: Shaking,
    ) -> None:
        """`attach` must follow before the first message."""
        self._listener = listener
        self._registry = registry
        self._clock = clock
        self._market_data = market_data
        self._shaking = shaking
        self._client_id = 0
        self._reports: list[Report] = []
        self._said: set[str] = set()
        # ib_async's decoder puts times into this zone.
        self.defaultTimezone = UTC
        self.exec_time = ""
        """The time of the fill that is being decoded, as it came."""
        self.price_tick = market_data.price_tick
        self.tickSize = market_data.size_tick
        self.tickGeneric = market_data.generic_tick
        self.marketDataType = market_data.data_type
        self._data = data
        self.historicalData = data.bar
        self.historicalDataEnd = data.bars_end
        self.historicalDataUpdate = data.bar_update
        self.realtimeBar = data.five_seconds
        self.tickByTickAllLast = data.trade
        self.tickByTickBidAsk = data.sides
        self.tickByTickMidPoint = data.midpoint
        self.updateMktDepth = data.depth
        self.updateMktDepthL2 = data.depth_by_maker
        self.headTimestamp = data.head
        self.securityDefinitionOptionParameter = data.chain
        self.securityDefinitionOptionParameterEnd = self.accountSummaryEnd = data.end
        self.accountSummary = data.figure

    def attach(self, queries: Queries, profits: Profits, what_ifs: WhatIfs, client_id: int) -> None:
        """Give what is made after this object."""
        self._what_ifs = what_ifs
        self._queries = queries
        self._profits = profits
        self._client_id = client_id

    def report(self, report: Report) -> None:
        """Add one report to the batch of this read."""
        self._reports.append(report)

    def tcpDataProcessed(self) -> None:
        """All messages of one socket read are decoded: hand them over.

        Ticks first: a report that the market can't be heard must not be undone by a tick that came before it.
        """
        if self._market_data.ticks:
            ticks, self._market_data.ticks = self._market_data.ticks, []
            self._listener.on_ticks(ticks)
        if self._reports:
            reports, self._reports = self._reports, []
            self._listener.on_reports(reports)

    def nextValidId(self, reqId: int) -> None:
        """Message 9."""
        self._registry.reserve(reqId)
        self._shaking.next_order_id(reqId)

    def managedAccounts(self, accountsList: str) -> None:
        """Message 15: once in the handshake, later only when the login changes."""
        accounts = tuple(clean(name) for name in accountsList.split(",") if name)
        if self._shaking.is_over:
            self.report(AccountsReport(accounts=accounts))
        else:
            self._shaking.accounts(accounts)

    def error(self, reqId: int, errorCode: int, errorString: str, advancedOrderRejectJson: str = "") -> None:
        """Message 4."""
        if not self._shaking.is_over and self._shaking.error(errorCode, errorString):
            return
        kind = self._registry.kind(reqId)
        error_class = classify(errorCode, kind, errorString)
        text = explained(errorCode, clean(errorString))
        ends_con_id = 0
        if kind is RequestKind.WHAT_IF:
            self._about_what_if(reqId, error_class, BrokerError(errorCode, text))
            return
        if kind is RequestKind.QUERY and error_class is not ErrorClass.INFO:
            error = BrokerError(errorCode, text)
            if self._queries.fail(reqId, error) or self._data.fail(reqId, error):
                return
        elif kind is RequestKind.MARKET_DATA:
            label, ends_con_id = self._market_data.refused(reqId, errorCode)
            text = f"{label}: {text}" if label else text
        elif errorCode == READ_ONLY and kind is RequestKind.CONNECTION:
            self._queries.fail_order_books(BrokerError(errorCode, text))
        self.report(
            ErrorReport(
                request_id=reqId,
                kind=kind,
                code=errorCode,
                text=text,
                error_class=error_class,
                ends_con_id=ends_con_id,
            )
        )

    def _about_what_if(self, order_id: int, error_class: ErrorClass, error: BrokerError) -> None:
        """A code about a what-if touches no order, whenever it comes."""
        if error_class in _ANSWERED_ALL_THE_SAME:
            self._what_ifs.note(order_id, str(error))
        else:
            self._what_ifs.refused(order_id, error)

    def orderStatus(
        self,
        orderId: int,
        status: str,
        filled: float,
        remaining: float,
        avgFillPrice: float,
        permId: int,
        *rest: Any,
    ) -> None:
        """Message 3; `rest` is parent, price of the last fill, client, reason of a hold and price cap."""
        _parent_id, _last_fill_price, client_id, why_held, _price_cap = rest
        if client_id == self._client_id:
            if self._registry.kind(orderId) is RequestKind.WHAT_IF:
                return
            self._registry.adopt(orderId)
        self.report(
            OrderStatusReport(
                order_id=orderId,
                client_id=client_id,
                perm_id=permId,
                status=clean(status),
                filled=translate.quantity(filled),
                remaining=translate.quantity(remaining),
                why_held=clean(why_held),
            )
        )

    def openOrder(self, orderId: int, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Message 5. The answer to a what-if is no open order."""
        if order.whatIf:
            self._what_ifs.answered(orderId, orderState)
            return
        if order.clientId == self._client_id:
            if self._registry.kind(orderId) is RequestKind.WHAT_IF:
                self._taken_for_an_order(orderId)
            self._registry.adopt(orderId)
        report = open_order(contract, order, orderState)
        self.report(report)
        self._queries.collect(OPEN_ORDERS, report)

    def _taken_for_an_order(self, order_id: int) -> None:
        """The flag was lost on the gateway's side: from here on it is an order like any other, and somebody is told."""
        self._registry.ordered(order_id, RequestKind.NEW_ORDER)
        text = "The gateway works an order that was only asked about (a what-if). Look at ORDERS and cancel it there."
        self._what_ifs.refused(order_id, BrokerError(0, text))
        self._tell(text)

    def openOrderEnd(self) -> None:
        """Message 53."""
        self._queries.finish(OPEN_ORDERS)

    def completedOrder(self, contract: Contract, order: Order, orderState: OrderState) -> None:
        """Message 101."""
        report = translate.completed_order(order, orderState)
        self.report(report)
        self._queries.collect(COMPLETED_ORDERS, report)

    def completedOrdersEnd(self) -> None:
        """Message 102."""
        self._queries.finish(COMPLETED_ORDERS)

    def execDetails(self, reqId: int, contract: Contract, execution: WireExecution) -> None:
        """Message 11."""
        live = reqId == LIVE_FILL
        time, guess = parse_exec_time(self.exec_time, self._clock.utc(), live=live)
        report = translate.execution(contract, execution, time, live=live)
        if execution.clientId == self._client_id:
            self._registry.adopt(execution.orderId)
        self.report(report)
        self._queries.collect(reqId, report)
        if guess and guess not in self._said and len(self._said) < MAX_GUESSES_TOLD:
            self._said.add(guess)
            self._tell(f"Fill {report.execution.exec_id}: {guess}. Quantity and price are as sent.")

    def execDetailsEnd(self, reqId: int) -> None:
        """Message 55."""
        self._queries.finish(reqId)

    def commissionReport(self, commissionReport: WireCommission) -> None:
        """Message 59."""
        self.report(translate.commission(commissionReport))

    def position(self, account: str, contract: Contract, posSize: float, avgCost: float) -> None:
        """Message 61."""
        report = translate.position(account, contract, posSize, avgCost)
        self.report(report)
        self._queries.collect(POSITIONS, report)

    def positionEnd(self) -> None:
        """Message 62."""
        self._queries.finish(POSITIONS)

    def updateAccountValue(self, tag: str, val: str, currency: str, account: str) -> None:
        """Message 6."""
        self.report(translate.account_value(account, tag, val, currency))

    def accountUpdateMulti(self, reqId: int, account: str, modelCode: str, tag: str, val: str, currency: str) -> None:
        """Message 73: message 6 of an account that reqAccountUpdates does not serve."""
        self.report(translate.account_value(account, tag, val, currency))

    def accountUpdateMultiEnd(self, reqId: int) -> None:
        """Message 74."""
        self._queries.finish(reqId)

    def updatePortfolio(
        self,
        contract: Contract,
        posSize: float,
        marketPrice: float,
        marketValue: float,
        averageCost: float,
        unrealizedPNL: float,
        realizedPNL: float,
        account: str,
    ) -> None:
        """Message 7."""
        self.report(translate.portfolio(account, contract, posSize, marketPrice, unrealizedPNL, realizedPNL))

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:
        """Message 94."""
        self._profit(reqId, dailyPnL, unrealizedPnL, realizedPnL)

    def pnlSingle(
        self, reqId: int, pos: float, dailyPnL: float, unrealizedPnL: float, realizedPnL: float, value: float
    ) -> None:
        """Message 95."""
        self._profit(reqId, dailyPnL, unrealizedPnL, realizedPnL)

    def _profit(self, request_id: int, daily: float, unrealized: float, realized: float) -> None:
        report = self._profits.report(request_id, daily, unrealized, realized)
        if report is not None:
            self.report(report)

    def accountDownloadEnd(self, account: str) -> None:
        """Message 54."""
        self._queries.finish(account_key(account))

    def contractDetails(self, reqId: int, contractDetails: ContractDetails) -> None:
        """Message 10."""
        self._queries.collect(reqId, contractDetails)

    def contractDetailsEnd(self, reqId: int) -> None:
        """Message 52."""
        self._queries.finish(reqId)

    def symbolSamples(self, reqId: int, contractDescriptions: list[ContractDescription]) -> None:
        """Message 79: the whole answer at once."""
        for description in contractDescriptions:
            self._queries.collect(reqId, translate.symbol_match(description))
        self._queries.finish(reqId)

    def marketRule(self, marketRuleId: int, priceIncrements: list[PriceIncrement]) -> None:
        """Message 93: the whole answer at once."""
        key = rule_key(marketRuleId)
        self._queries.collect(key, translate.price_bands(priceIncrements))
        self._queries.finish(key)

    def currentTime(self, time: int) -> None:
        """Message 49."""
        self._queries.collect(TIME, time)
        self._queries.finish(TIME)

    def _tell(self, text: str) -> None:
        self.report(
            ErrorReport(
                request_id=SESSION_ID,
                kind=RequestKind.CONNECTION,
                code=0,
                text=clean(text),
                error_class=ErrorClass.WARNING,
            )
        )
