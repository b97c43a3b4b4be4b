"""The answers to every request but placeOrder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from core.practice import publish, tables_in, wire
from core.practice import tables_out as out
from core.practice.account import Position
from core.practice.days import calendar_day
from core.practice.orders import Execution, Status
from core.practice.session import Handler, Session
from core.practice.tables import Message, Record
from core.practice.tables_order import PLACE_ORDER
from core.practice.terms import NO_SECURITY, RefusedError, invalid, resolve
from core.practice.values import position_record

#: Market data lines of an account.
MAX_LINES: Final = 100


def _nothing(session: Session, request: Record) -> None:
    """Take a request that real gateways leave without an answer."""


def _current_time(session: Session, request: Record) -> None:
    session.send(out.CURRENT_TIME.encode({"epoch": int(session.hub.now())}))


def _managed_accounts(session: Session, request: Record) -> None:
    session.send(out.MANAGED_ACCOUNTS.encode({"accounts": session.hub.ledger.account.name}))


def _ids(session: Session, request: Record) -> None:
    session.send(out.NEXT_VALID_ID.encode({"orderId": session.hub.ledger.next_id(session.client_id or 0)}))


def _contract_details(session: Session, request: Record) -> None:
    request_id, exchange = request.integer("reqId"), request.text("exchange")
    found = session.hub.catalogue.find(request)
    if not found:
        raise RefusedError(200, NO_SECURITY)
    today = calendar_day(session.hub.now())
    for instrument in found:
        session.send(
            out.CONTRACT_DETAILS.encode(instrument.details(request_id, exchange or instrument.exchanges[0], today))
        )
    session.send(out.CONTRACT_DETAILS_END.encode({"reqId": request_id}))


def _matching_symbols(session: Session, request: Record) -> None:
    samples = [
        Record(
            instrument.contract(""),
            secType=instrument.sec_type,
            primaryExchange=instrument.primary_exchange or instrument.exchanges[0],
            description=instrument.long_name,
        )
        for instrument in session.hub.catalogue.search(request.text("pattern"))
    ]
    session.send(out.SYMBOL_SAMPLES.encode({"reqId": request.integer("reqId"), "samples": samples}))


def _market_rule(session: Session, request: Record) -> None:
    rule = session.hub.catalogue.rules.get(request.integer("ruleId"))
    if rule is None:
        raise invalid("Invalid market rule id")
    increments = [Record(lowEdge=edge, increment=increment) for edge, increment in rule.tiers]
    session.send(out.MARKET_RULE.encode({"ruleId": rule.rule_id, "increments": increments}))


def _market_data(session: Session, request: Record) -> None:
    request_id = request.integer("reqId")
    if request_id in session.watching.quotes:
        raise RefusedError(102, "Duplicate ticker ID.")
    instrument = resolve(session.hub.catalogue, request)
    snapshot = request.flag("snapshot") or request.flag("regulatorySnapshot")
    if not snapshot and len(session.watching.quotes) >= MAX_LINES:
        raise RefusedError(101, "Max number of tickers has been reached.")
    session.hub.feed.open(session, request_id, instrument, int(session.hub.now()), snapshot=snapshot)


def _cancel_market_data(session: Session, request: Record) -> None:
    request_id = request.integer("reqId")
    if not session.hub.feed.close(session, request_id):
        raise RefusedError(300, f"Can't find EId with tickerId:{request_id}")


def _cancel_order(session: Session, request: Record) -> None:
    session.hub.desk.cancel(session.client_id or 0, request.integer("orderId"))


def _global_cancel(session: Session, request: Record) -> None:
    session.hub.desk.cancel_all()


def _send_open_orders(session: Session, client_id: int | None) -> None:
    for order in session.hub.ledger.live_orders():
        if order.status is not Status.HELD_BACK and client_id in {None, order.client_id}:
            session.send(wire.open_order(order) + wire.order_status(order))
    session.send(out.OPEN_ORDER_END.encode({}))


def _open_orders(session: Session, request: Record) -> None:
    _send_open_orders(session, session.client_id)


def _all_open_orders(session: Session, request: Record) -> None:
    _send_open_orders(session, None)


def _auto_open_orders(session: Session, request: Record) -> None:
    if session.client_id != 0:
        raise RefusedError(327, "Only the default client (i.e 0) can auto bind orders.")


def _completed_orders(session: Session, request: Record) -> None:
    for order in session.hub.ledger.done_orders():
        session.send(wire.completed_order(order))
    session.send(out.COMPLETED_ORDERS_END.encode({}))


def _executions(session: Session, request: Record) -> None:
    request_id = request.integer("reqId")
    for fill in session.hub.ledger.executions:
        instrument = session.hub.catalogue.by_id[fill.con_id]
        names = {
            "symbol": instrument.symbol,
            "secType": instrument.sec_type,
            "account": fill.account,
            "exchange": fill.venue,
        }
        if _passes(request, fill) and all(request.text(name) in {"", value} for name, value in names.items()):
            session.send(wire.execution(fill, instrument, request_id) + wire.commission(fill))
    session.send(out.EXECUTION_END.encode({"reqId": request_id}))


def _passes(request: Record, fill: Execution) -> bool:
    client_id, side = request.integer("clientId"), request.text("side").upper()
    sides = {"BUY": "BOT", "SELL": "SLD", "SSHORT": "SLD"}
    return (
        client_id in {0, fill.client_id}
        and sides.get(side, side) in {"", fill.side}
        and fill.epoch >= _since(request.text("time"))
    )


def _since(text: str) -> float:
    """Read the time of an execution filter, in UTC: 20261120 10:00:00 or 20261120-10:00:00, with a zone or without."""
    digits = "".join(text.replace("-", " ").split(" ")[:2]).replace(":", "")
    if not digits:
        return 0.0
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise invalid(f"Invalid time {text[:40]!r}, the format is yyyymmdd-hh:mm:ss") from None


def _held(session: Session) -> list[Position]:
    return [position for position in session.hub.ledger.account.positions.values() if position.quantity]


def _check_account(session: Session, request: Record) -> None:
    account = request.text("account")
    if account not in {"", "All", session.hub.ledger.account.name}:
        raise invalid(f"Invalid account code '{account}'.")


def _positions(session: Session, request: Record) -> None:
    session.watching.positions = True
    for position in _held(session):
        session.send(out.POSITION.encode(position_record(session.hub.ledger.account, position)))
    session.send(out.POSITION_END.encode({}))


def _cancel_positions(session: Session, request: Record) -> None:
    session.watching.positions = False


def _positions_multi(session: Session, request: Record) -> None:
    _check_account(session, request)
    request_id = request.integer("reqId")
    session.watching.positions_multi.add(request_id)
    for position in _held(session):
        record = position_record(session.hub.ledger.account, position)
        session.send(out.POSITION_MULTI.encode({**record, "reqId": request_id}))
    session.send(out.POSITION_MULTI_END.encode({"reqId": request_id}))


def _cancel_positions_multi(session: Session, request: Record) -> None:
    session.watching.positions_multi.discard(request.integer("reqId"))


def _account_updates(session: Session, request: Record) -> None:
    session.watching.account = request.flag("subscribe")
    if not session.watching.account:
        return
    try:
        _check_account(session, request)
    except RefusedError:
        session.watching.account = False
        raise
    account = session.hub.ledger.account
    publish.send_values(session, publish.all_rows(account))
    publish.send_portfolio(session, _held(session))
    publish.send_time(session)
    session.send(out.ACCOUNT_DOWNLOAD_END.encode({"account": account.name}))


def _account_multi(session: Session, request: Record) -> None:
    _check_account(session, request)
    request_id = request.integer("reqId")
    session.watching.account_multi.add(request_id)
    publish.send_multi(session, request_id, publish.all_rows(session.hub.ledger.account))
    session.send(out.ACCOUNT_MULTI_END.encode({"reqId": request_id}))


def _cancel_account_multi(session: Session, request: Record) -> None:
    session.watching.account_multi.discard(request.integer("reqId"))


def _account_summary(session: Session, request: Record) -> None:
    request_id = request.integer("reqId")
    tags = frozenset(tag.strip() for tag in request.text("tags").split(",") if tag.strip())
    if not tags:
        raise invalid("No account summary tags were given")
    session.watching.summaries[request_id] = tags
    publish.send_summary(session, request_id, tags)
    session.send(out.ACCOUNT_SUMMARY_END.encode({"reqId": request_id}))


def _cancel_account_summary(session: Session, request: Record) -> None:
    session.watching.summaries.pop(request.integer("reqId"), None)


def _pnl(session: Session, request: Record) -> None:
    _check_account(session, request)
    request_id = request.integer("reqId")
    session.watching.pnl.add(request_id)
    publish.send_pnl(session, request_id)


def _cancel_pnl(session: Session, request: Record) -> None:
    session.watching.pnl.discard(request.integer("reqId"))


def _pnl_single(session: Session, request: Record) -> None:
    _check_account(session, request)
    request_id, con_id = request.integer("reqId"), request.integer("conId")
    if con_id not in session.hub.catalogue.by_id:
        raise RefusedError(200, NO_SECURITY)
    session.watching.pnl_single[request_id] = con_id
    publish.send_pnl_single(session, request_id, con_id)


def _cancel_pnl_single(session: Session, request: Record) -> None:
    session.watching.pnl_single.pop(request.integer("reqId"), None)


def _empty(message: Message) -> Handler:
    """Answer with a message that says: there is none."""

    def answer(session: Session, request: Record) -> None:
        session.send(message.encode({"reqId": request.integer("reqId")}))

    return answer


def _scanner_parameters(session: Session, request: Record) -> None:
    session.send(out.SCANNER_PARAMETERS.encode({"xml": "<ScanParameterResponse/>"}))


def _unsupported(message: Message) -> Handler:
    def answer(session: Session, request: Record) -> None:
        raise RefusedError(322, f"Error processing request. {message.name} is not served by the practice gateway.")

    return answer


_QUIET: Final = (
    tables_in.LOG_LEVEL,
    tables_in.MARKET_DATA_TYPE,
    tables_in.NEWS_BULLETINS,
    tables_in.CANCEL_NEWS_BULLETINS,
    tables_in.CANCEL_DEPTH,
    tables_in.CANCEL_SCANNER,
    tables_in.CANCEL_HISTORICAL_DATA,
    tables_in.CANCEL_REALTIME_BARS,
    tables_in.CANCEL_FUNDAMENTAL_DATA,
    tables_in.CANCEL_IMPLIED_VOLATILITY,
    tables_in.CANCEL_OPTION_PRICE,
    tables_in.CANCEL_HISTOGRAM,
    tables_in.CANCEL_HEAD_TIMESTAMP,
    tables_in.CANCEL_TICK_BY_TICK,
    tables_in.CANCEL_WSH_META,
    tables_in.CANCEL_WSH_EVENT,
    tables_in.UNSUBSCRIBE_GROUP,
    tables_in.START_API,
)

_SERVED: Final[dict[Message, Handler]] = {
    tables_in.CURRENT_TIME: _current_time,
    tables_in.MANAGED_ACCOUNTS: _managed_accounts,
    tables_in.IDS: _ids,
    tables_in.CONTRACT_DATA: _contract_details,
    tables_in.MATCHING_SYMBOLS: _matching_symbols,
    tables_in.MARKET_RULE: _market_rule,
    tables_in.MARKET_DATA: _market_data,
    tables_in.CANCEL_MARKET_DATA: _cancel_market_data,
    tables_in.CANCEL_ORDER: _cancel_order,
    tables_in.GLOBAL_CANCEL: _global_cancel,
    tables_in.OPEN_ORDERS: _open_orders,
    tables_in.ALL_OPEN_ORDERS: _all_open_orders,
    tables_in.AUTO_OPEN_ORDERS: _auto_open_orders,
    tables_in.COMPLETED_ORDERS: _completed_orders,
    tables_in.EXECUTIONS: _executions,
    tables_in.POSITIONS: _positions,
    tables_in.CANCEL_POSITIONS: _cancel_positions,
    tables_in.POSITIONS_MULTI: _positions_multi,
    tables_in.CANCEL_POSITIONS_MULTI: _cancel_positions_multi,
    tables_in.ACCOUNT_UPDATES: _account_updates,
    tables_in.ACCOUNT_MULTI: _account_multi,
    tables_in.CANCEL_ACCOUNT_MULTI: _cancel_account_multi,
    tables_in.ACCOUNT_SUMMARY: _account_summary,
    tables_in.CANCEL_ACCOUNT_SUMMARY: _cancel_account_summary,
    tables_in.PNL: _pnl,
    tables_in.CANCEL_PNL: _cancel_pnl,
    tables_in.PNL_SINGLE: _pnl_single,
    tables_in.CANCEL_PNL_SINGLE: _cancel_pnl_single,
    tables_in.FAMILY_CODES: _empty(out.FAMILY_CODES),
    tables_in.SOFT_DOLLAR_TIERS: _empty(out.SOFT_DOLLAR_TIERS),
    tables_in.DEPTH_EXCHANGES: _empty(out.DEPTH_EXCHANGES),
    tables_in.SMART_COMPONENTS: _empty(out.SMART_COMPONENTS),
    tables_in.NEWS_PROVIDERS: _empty(out.NEWS_PROVIDERS),
    tables_in.USER_INFO: _empty(out.USER_INFO),
    tables_in.SCANNER_PARAMETERS: _scanner_parameters,
}

#: An answer for every request that can be read but placeOrder, by message id.
HANDLERS: Final[dict[int, Handler]] = (
    {
        message_id: _unsupported(message)
        for message_id, message in tables_in.REQUESTS.items()
        if message is not PLACE_ORDER
    }
    | {message.id: _nothing for message in _QUIET}
    | {message.id: handler for message, handler in _SERVED.items()}
)

#: Requests that are answered with an error because this gateway does not serve them.
UNSUPPORTED: Final = frozenset(HANDLERS) - {message.id for message in (*_QUIET, *_SERVED)}
