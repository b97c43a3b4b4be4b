"""Which answer belongs to which request; those that go to the exchange are core.practice.intake's."""

from __future__ import annotations

from typing import Final

from core.practice import requests_account as account
from core.practice import requests_contracts as contracts
from core.practice import requests_history as history
from core.practice import requests_market as market
from core.practice import requests_news as news
from core.practice import requests_options as options
from core.practice import requests_orders as orders
from core.practice import requests_scanner as scanner
from core.practice import tables_in
from core.practice import tables_out as out
from core.practice.intake import ORDER_REQUESTS
from core.practice.session import Handler, Session
from core.practice.tables import Message, Record
from core.practice.terms import RefusedError


def _nothing(session: Session, request: Record) -> None:
    """Take a request that real gateways leave without an answer."""


def _current_time(session: Session, request: Record) -> None:
    session.send(out.CURRENT_TIME.encode({"epoch": int(session.hub.now())}))


def _managed_accounts(session: Session, request: Record) -> None:
    session.send(out.MANAGED_ACCOUNTS.encode({"accounts": session.hub.accounts()}))


def _ids(session: Session, request: Record) -> None:
    session.send(out.NEXT_VALID_ID.encode({"orderId": session.hub.intake.next_id(session.client_id or 0)}))


def _empty(message: Message) -> Handler:
    """Answer with a message that says: there is none."""

    def answer(session: Session, request: Record) -> None:
        session.send(message.encode({"reqId": request.integer("reqId")}))

    return answer


def _unsupported(message: Message) -> Handler:
    def answer(session: Session, request: Record) -> None:
        raise RefusedError(322, f"Error processing request. {message.name} is not served by the practice gateway.")

    return answer


_QUIET: Final = (
    tables_in.LOG_LEVEL,
    tables_in.NEWS_BULLETINS,
    tables_in.CANCEL_NEWS_BULLETINS,
    tables_in.CANCEL_FUNDAMENTAL_DATA,
    tables_in.CANCEL_IMPLIED_VOLATILITY,
    tables_in.CANCEL_OPTION_PRICE,
    tables_in.CANCEL_HISTOGRAM,
    tables_in.CANCEL_HEAD_TIMESTAMP,
    tables_in.CANCEL_WSH_META,
    tables_in.CANCEL_WSH_EVENT,
    tables_in.UNSUBSCRIBE_GROUP,
    tables_in.START_API,
)

_SERVED: Final[dict[Message, Handler]] = {
    tables_in.CURRENT_TIME: _current_time,
    tables_in.MANAGED_ACCOUNTS: _managed_accounts,
    tables_in.IDS: _ids,
    tables_in.CONTRACT_DATA: contracts.contract_details,
    tables_in.MATCHING_SYMBOLS: contracts.matching_symbols,
    tables_in.MARKET_RULE: contracts.market_rule,
    tables_in.OPTION_PARAMETERS: contracts.option_parameters,
    tables_in.OPTION_PRICE: options.option_price,
    tables_in.IMPLIED_VOLATILITY: options.option_volatility,
    tables_in.MARKET_DATA: market.market_data,
    tables_in.CANCEL_MARKET_DATA: market.cancel_market_data,
    tables_in.MARKET_DATA_TYPE: market.market_data_type,
    tables_in.DEPTH: market.depth,
    tables_in.CANCEL_DEPTH: market.cancel_depth,
    tables_in.DEPTH_EXCHANGES: market.depth_exchanges,
    tables_in.SMART_COMPONENTS: market.smart_components,
    tables_in.TICK_BY_TICK: market.tick_by_tick,
    tables_in.CANCEL_TICK_BY_TICK: market.cancel_tick_by_tick,
    tables_in.REALTIME_BARS: market.realtime_bars,
    tables_in.CANCEL_REALTIME_BARS: market.cancel_realtime_bars,
    tables_in.OPEN_ORDERS: orders.open_orders,
    tables_in.ALL_OPEN_ORDERS: orders.all_open_orders,
    tables_in.AUTO_OPEN_ORDERS: orders.auto_open_orders,
    tables_in.COMPLETED_ORDERS: orders.completed_orders,
    tables_in.EXECUTIONS: orders.executions,
    tables_in.POSITIONS: account.positions,
    tables_in.CANCEL_POSITIONS: account.cancel_positions,
    tables_in.POSITIONS_MULTI: account.positions_multi,
    tables_in.CANCEL_POSITIONS_MULTI: account.cancel_positions_multi,
    tables_in.ACCOUNT_UPDATES: account.account_updates,
    tables_in.ACCOUNT_MULTI: account.account_multi,
    tables_in.CANCEL_ACCOUNT_MULTI: account.cancel_account_multi,
    tables_in.ACCOUNT_SUMMARY: account.account_summary,
    tables_in.CANCEL_ACCOUNT_SUMMARY: account.cancel_account_summary,
    tables_in.PNL: account.pnl,
    tables_in.CANCEL_PNL: account.cancel_pnl,
    tables_in.PNL_SINGLE: account.pnl_single,
    tables_in.CANCEL_PNL_SINGLE: account.cancel_pnl_single,
    tables_in.FAMILY_CODES: _empty(out.FAMILY_CODES),
    tables_in.SOFT_DOLLAR_TIERS: _empty(out.SOFT_DOLLAR_TIERS),
    tables_in.USER_INFO: _empty(out.USER_INFO),
    tables_in.HISTORICAL_DATA: history.bars,
    tables_in.CANCEL_HISTORICAL_DATA: history.cancel_bars,
    tables_in.HISTORICAL_TICKS: history.ticks,
    tables_in.HEAD_TIMESTAMP: history.head_timestamp,
    tables_in.HISTOGRAM: history.histogram,
    tables_in.NEWS_PROVIDERS: news.providers,
    tables_in.NEWS_ARTICLE: news.article,
    tables_in.HISTORICAL_NEWS: news.historical,
    tables_in.SCANNER_PARAMETERS: scanner.parameters,
    tables_in.SCANNER: scanner.subscribe,
    tables_in.CANCEL_SCANNER: scanner.cancel,
}

#: An answer for every request that can be read but does not go to the exchange, by message id.
HANDLERS: Final[dict[int, Handler]] = (
    {
        message_id: _unsupported(message)
        for message_id, message in tables_in.REQUESTS.items()
        if message_id not in ORDER_REQUESTS
    }
    | {message.id: _nothing for message in _QUIET}
    | {message.id: handler for message, handler in _SERVED.items()}
)

#: Requests that are answered with an error because this gateway does not serve them.
UNSUPPORTED: Final = frozenset(HANDLERS) - {message.id for message in (*_QUIET, *_SERVED)}
