"""One fixed moment of trading: what the pictures show. Figures as in the product's own drawings of the desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from core.domain.account import Account
from core.domain.authority import Armed, Authority
from core.domain.budgets import Budget, RiskFigures, Unit
from core.domain.connection import Connection, Endpoint, FarmStatus, LinkState, Mode
from core.domain.events import Health, Incident, Severity, Snapshot, TradingState
from core.domain.executions import Execution
from core.domain.instruments import Instrument, PriceBand, SecType
from core.domain.metrics import Counters, Metrics, Stage, StageLatency
from core.domain.money import BrokerPnl, Money, PositionMoney, Profit, Rate, RateSource
from core.domain.orders import Order, OrderState, OrderType, Side, TimeInForce
from core.domain.positions import Position
from core.domain.quotes import Quote

NOW = datetime(2026, 11, 20, 15, 31, 7, tzinfo=UTC)
"""10:31:07 in New York."""

INSTANCE = "7Q2F9K"
ACCOUNT = "DU4567123"

D = Decimal
PENNY = (PriceBand(D(0), D("0.01")),)


def ago(seconds: float) -> datetime:
    """That long before the picture."""
    return NOW - timedelta(seconds=seconds)


def _stock(con_id: int, symbol: str, name: str, exchange: str = "NASDAQ") -> Instrument:
    return Instrument(
        con_id=con_id, symbol=symbol, sec_type=SecType.STK, exchange="SMART", primary_exchange=exchange, name=name
    )


AAPL, TSLA, SPY, NVDA, ES, GME, EUR, AMD, PLTR, META, MSFT, QQQ = range(101, 113)

INSTRUMENTS = (
    _stock(AAPL, "AAPL", "Apple Inc"),
    _stock(TSLA, "TSLA", "Tesla Inc"),
    _stock(SPY, "SPY", "SPDR S&P 500 ETF", "ARCA"),
    _stock(NVDA, "NVDA", "NVIDIA Corp"),
    Instrument(
        con_id=ES,
        symbol="ES",
        sec_type=SecType.FUT,
        exchange="CME",
        local_symbol="ESZ6",
        name="E-mini S&P 500",
        multiplier=D(50),
        last_trade_date="20261218",
        price_bands=(PriceBand(D(0), D("0.25")),),
    ),
    _stock(GME, "GME", "GameStop Corp", "NYSE"),
    Instrument(
        con_id=EUR,
        symbol="EUR",
        sec_type=SecType.CASH,
        exchange="IDEALPRO",
        name="Euro / US dollar",
        price_bands=(PriceBand(D(0), D("0.00001")),),
    ),
    _stock(AMD, "AMD", "Advanced Micro Devices"),
    _stock(PLTR, "PLTR", "Palantir Technologies"),
    _stock(META, "META", "Meta Platforms"),
    _stock(MSFT, "MSFT", "Microsoft Corp"),
    _stock(QQQ, "QQQ", "Invesco QQQ Trust"),
)


def _quote(
    con_id: int, bid: str, ask: str, last: str, percent: str, volume: int | None, sizes: str = "300 500"
) -> Quote:
    bid_size, ask_size = sizes.split()
    return Quote(
        con_id=con_id,
        bid=D(bid),
        ask=D(ask),
        last=D(last),
        bid_size=D(bid_size),
        ask_size=D(ask_size),
        volume=None if volume is None else D(volume),
        close=D(last) / (1 + D(percent) / 100),
        updated=ago(1),
        bid_updated=ago(1),
        ask_updated=ago(1),
        last_updated=ago(1),
    )


QUOTES = (
    _quote(AAPL, "233.33", "233.34", "233.34", "0.61", 32_100_000),
    _quote(TSLA, "413.70", "413.78", "413.78", "1.10", 51_000_000),
    _quote(SPY, "598.01", "598.02", "598.02", "0.20", 40_200_000),
    _quote(NVDA, "141.19", "141.20", "141.20", "-0.42", 88_700_000),
    _quote(ES, "6014.25", "6014.50", "6014.50", "0.22", 812_000, "41 38"),
    replace(_quote(GME, "27.20", "27.24", "27.22", "0.10", 9_800_000), halted=True, last_updated=ago(125)),
    _quote(EUR, "1.08412", "1.08414", "1.08413", "-0.08", None, "1000000 2000000"),
    _quote(AMD, "168.02", "168.04", "168.03", "0.35", 22_400_000),
    _quote(PLTR, "61.11", "61.12", "61.12", "2.05", 60_300_000),
    _quote(META, "612.40", "612.55", "612.48", "-0.15", 8_100_000),
    _quote(MSFT, "428.10", "428.14", "428.12", "0.12", 11_900_000),
    _quote(QQQ, "512.66", "512.67", "512.67", "0.31", 28_300_000),
)


def make_order(
    number: int,
    con_id: int,
    text: str,
    state: OrderState = OrderState.WORKING,
    *,
    filled: int = 0,
    age: float = 60,
    note: str = "",
) -> Order:
    """An order from words such as `BUY 100 NVDA LMT 141.20`; `number` 0 makes it one of another client."""
    side, quantity, label, kind, *price = text.split()
    order_type = OrderType(kind) if kind in set(OrderType) else OrderType.OTHER
    return Order(
        order_ref=f"ibd-{INSTANCE}-{number:026}" if number else f"ext-{con_id}",
        number=number,
        account=ACCOUNT,
        con_id=con_id,
        label=label,
        side=Side(side),
        quantity=D(quantity),
        order_type=order_type,
        type_text=kind,
        limit_price=D(price[0]) if price else None,
        tif=TimeInForce.DAY,
        state=state,
        order_id=number,
        client_id=17 if number else 0,
        filled=D(filled),
        average_price=D(price[0]) if filled and price else None,
        external=not number,
        note=note,
        created=ago(age),
        changed=ago(age),
    )


ORDERS = (
    make_order(3, AAPL, "BUY 100 AAPL LMT 232.50", OrderState.FILLED, filled=100, age=238),
    make_order(4, AAPL, "SELL 100 AAPL LMT 236.00", age=250),
    make_order(6, META, "BUY 20 META LMT 611.00", OrderState.CANCELLED, age=200),
    make_order(9, SPY, "BUY 200 SPY LMT 597.90", filled=80, age=12),
    make_order(0, AAPL, "SELL 100 AAPL STP", age=250),
)
"""A day on which nothing is in doubt."""

UNKNOWN = make_order(7, NVDA, "BUY 100 NVDA LMT 141.20", OrderState.UNKNOWN, age=43)
HELD = make_order(8, TSLA, "SELL 50 TSLA LMT 414.20", OrderState.HELD, age=31, note="locate")


def make_position(con_id: int, label: str, quantity: str, average: str, realized: str | None = None) -> Position:
    """What is held in the sample account."""
    return Position(
        account=ACCOUNT,
        con_id=con_id,
        label=label,
        quantity=D(quantity),
        average_price=D(average),
        realized_pnl=None if realized is None else D(realized),
    )


POSITIONS = (
    make_position(AAPL, "AAPL", "100", "232.50"),
    make_position(TSLA, "TSLA", "-50", "412.10"),
    make_position(SPY, "SPY", "80", "597.90"),
    make_position(ES, "/ESZ6", "1", "6015.50"),
    make_position(META, "META", "0", "0", "1280.90"),
)


def make_execution(number: int, order: Order, quantity: int, price: str, age: float, fee: str | None) -> Execution:
    """A fill of an order."""
    return Execution(
        exec_id=f"0000e0d5.65f1a2b3.{number:02}.01",
        order_ref=order.order_ref,
        perm_id=1_000 + order.number,
        order_id=order.order_id,
        client_id=17,
        account=ACCOUNT,
        con_id=order.con_id,
        label=order.label,
        side=order.side,
        quantity=D(quantity),
        price=D(price),
        time=ago(age),
        exchange="NASDAQ",
        commission=None if fee is None else D(fee),
        commission_currency="" if fee is None else "USD",
    )


EXECUTIONS = (
    make_execution(1, ORDERS[0], 100, "232.50", 238, "1.00"),
    make_execution(2, ORDERS[3], 80, "597.90", 5, "0.40"),
)

MONEY = Account(
    account=ACCOUNT,
    base_currency="USD",
    net_liquidation=D("104215.30"),
    cash=D("38880.10"),
    buying_power=D("182400"),
    initial_margin=D("61210"),
    maintenance_margin=D("48900"),
    realized_pnl=D("1280.90"),
    unrealized_pnl=D("-38.00"),
    updated=ago(2),
)


def _made(con_id: int, day: str, opened: str) -> PositionMoney:
    return PositionMoney(
        con_id=con_id, day=Profit(amount=D(day), whole=True), open=Profit(amount=D(opened), whole=True)
    )


PROFIT = Money(
    account=ACCOUNT,
    base_currency="USD",
    open=Profit(amount=D("-40.40"), whole=True),
    day=Profit(amount=D("1240.50"), whole=True),
    positions=(
        _made(AAPL, "83.00", "84.00"),
        _made(TSLA, "-84.00", "-84.00"),
        _made(SPY, "9.20", "9.60"),
        _made(ES, "-50.00", "-50.00"),
        _made(META, "1282.30", "0"),
    ),
    rates=(Rate(currency="USD", value=D(1), source=RateSource.BASE),),
    broker=BrokerPnl(daily=D("1239.80"), unrealized=D("-41.10"), realized=D("1280.90"), time=ago(1)),
)


def used(name: str, amount: int, limit: int, unit: Unit) -> Budget:
    """A limit of which so much is used."""
    return Budget(name=name, used=D(amount), after=D(amount), limit=D(limit), unit=unit)


FIGURES = RiskFigures(
    account=ACCOUNT,
    budgets=(
        used("daily_loss", 0, 1_500, Unit.MONEY),
        used("day_orders", 41, 200, Unit.ORDERS),
        used("day_trades", 14, 500, Unit.TRADES),
        used("margin_percent", 61_210, 104_215, Unit.MONEY),
    ),
)

CONNECTION = Connection(
    mode=Mode.PRACTICE,
    profile="practice",
    endpoint=Endpoint("127.0.0.1", 41207),
    client_id=17,
    state=LinkState.READY,
    server_version=178,
    accounts=(ACCOUNT,),
    account=ACCOUNT,
    verified=ago(3669),
    verified_by="paper prefix",
    ibkr=FarmStatus.UP,
    farms=(("usfarm", True), ("ushmds", True), ("secdefnj", True)),
    since=ago(3669),
    reconciled=ago(43),
)


def _took(stage: Stage, count: int, *figures: str) -> StageLatency:
    p50, p95, p99, most = map(D, figures)
    return StageLatency(stage=stage, count=count, p50_ms=p50, p95_ms=p95, p99_ms=p99, max_ms=most)


METRICS = Metrics(
    uptime_s=3731,
    connected_s=3724,
    loop_lag_ms=D("0.8"),
    sent_per_s=2,
    received_per_s=341,
    latencies=(
        _took(Stage.INTENT_TO_SUBMIT, 41, "1.204", "3.4", "8.112", "8.112"),
        _took(Stage.SUBMIT_TO_ACK, 38, "121.5", "240", "312.7", "1520"),
        _took(Stage.ACK_TO_FILL, 14, "480", "61000", "249100", "249100"),
        _took(Stage.TOTAL, 14, "602", "61230", "249300", "249300"),
    ),
    counters=Counters(
        sent=41, taken=38, refused=2, unanswered=1, filled=14, cancelled=19, denied=3,
        calls=1204, received=184_402, errors=5, disconnects=1,
    ),
)  # fmt: skip

HEALTH = Health(
    metrics=METRICS,
    round_trip_ms=D("12.4"),
    heartbeat_age_s=D(2),
    journal_sync_ms=D("0.31"),
    journal_head=18_442,
    desks=1,
    lines=12,
    core_pid=4242,
    gateway_pid=4243,
)

SNAPSHOT = Snapshot(
    session="S1",
    instance=INSTANCE,
    number=18_442,
    time=NOW,
    connection=CONNECTION,
    trading_state=TradingState.ACTIVE,
    trading_reason="",
    instruments=INSTRUMENTS,
    watchlist=(AAPL, TSLA, SPY, NVDA, GME, ES, EUR, AMD, PLTR, META, MSFT, QQQ),
    quotes=QUOTES,
    orders=ORDERS,
    executions=EXECUTIONS,
    positions=POSITIONS,
    accounts=(MONEY,),
    money=(PROFIT,),
    risk=(FIGURES,),
    incidents=(),
    health=HEALTH,
)
"""The practice desk in the middle of a quiet morning."""

TROUBLE = replace(
    SNAPSHOT,
    orders=(*ORDERS, UNKNOWN, HELD),
    incidents=(
        Incident(
            severity=Severity.ALARM,
            text="#7 BUY 100 NVDA 141.20: sent 10:30:24, no answer. It may be working. It counts as 100 bought. "
            "Don't send it again; next check in 12 s.",
            time=ago(1),
            order_ref=UNKNOWN.order_ref,
        ),
    ),
)
"""The same morning with one order of unknown outcome and one that is held."""


def armed(snapshot: Snapshot, client: str = "desk-1", seconds: float = 112) -> Snapshot:
    """The same moment with a desk that is armed for so long."""
    return replace(snapshot, authority=Authority(armed=Armed(client=client, until=ago(-seconds))))


def in_mode(snapshot: Snapshot, mode: Mode, **changes: object) -> Snapshot:
    """The same day in a paper or live account; `changes` go into the connection."""
    account = "U7890456" if mode is Mode.LIVE else ACCOUNT
    port = {Mode.PRACTICE: 41207, Mode.PAPER: 7497, Mode.LIVE: 7496}[mode]
    connection = replace(
        snapshot.connection,
        mode=mode,
        profile=mode.value,
        endpoint=Endpoint("127.0.0.1", port),
        account=account,
        accounts=(account,),
        verified_by="pinned account" if mode is Mode.LIVE else "paper prefix",
    )
    return replace(
        snapshot,
        connection=replace(connection, **changes),
        positions=None
        if snapshot.positions is None
        else tuple(replace(position, account=account) for position in snapshot.positions),
        accounts=tuple(replace(money, account=account) for money in snapshot.accounts),
        money=tuple(replace(money, account=account) for money in snapshot.money),
        risk=tuple(replace(figures, account=account) for figures in snapshot.risk),
        orders=tuple(replace(order, account=account) for order in snapshot.orders),
    )
