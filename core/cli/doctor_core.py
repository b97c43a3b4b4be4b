"""What `ibdesk doctor` sees through core: the connection, accounts, the clock, contracts, market data, permissions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal

from core.api import DeskClient, mint_order_ref
from core.cli.findings import Finding, Grade, ok
from core.cli.handshake import is_verified
from core.cli.lookup import connection_once, find_instrument, quoted, ready, seen
from core.domain.commands import OrderPreview, PreviewOrder
from core.domain.connection import Connection, FarmStatus, Mode
from core.domain.events import Snapshot, TradingState
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.quotes import DataType, Quote
from core.domain.what_ifs import WhatIfAnswered
from core.errors import ConnectError, DeskError
from core.link.scripts import followed
from core.settings import Settings
from core.text import mask_account

CLOCK_SECONDS = Decimal(2)
"""By more than this no clock that is kept in step is off."""
SLOW_MS = Decimal(1000)
BEAT_SECONDS = 6.0
"""How long a heartbeat, and a what-if, are waited for."""
QUOTE_SECONDS = 5.0

_SUBSCRIBE = (
    "Subscribe in Client Portal: Settings > Market Data Subscriptions; for a paper account tick there that it shares "
    "the live one's. Log the other program out that uses the same login's data."
)
_PERMIT = "Ask for it in Client Portal: Settings > Trading Permissions."
_SYNC_CLOCK = "Let this machine follow a time server: `timedatectl set-ntp true`; in WSL `wsl --shutdown`, start anew."


async def look_at_core(client: DeskClient, settings: Settings, symbol: str, timeout: float) -> AsyncIterator[Finding]:
    """One thing after another, until one fails that the rest needs. Raises LinkError."""
    try:
        connection = await connection_once(client, timeout, is_verified)
    except ConnectError as error:
        yield Finding("connection", Grade.FAIL, str(error))
        return
    yield ok("connection", f"{connection.endpoint} answers, version {connection.server_version} of the TWS API.")
    yield _accounts(connection, settings)
    try:
        connection = await ready(client, timeout)
    except ConnectError as error:
        yield Finding("orders", Grade.FAIL, str(error))
        return
    snapshot = await seen(client, lambda now: now.health.clock_offset_s is not None, BEAT_SECONDS)
    for finding in (
        _orders(snapshot, settings),
        _ibkr(connection),
        _pulse(snapshot),
        clock(snapshot.health.clock_offset_s),
    ):
        yield finding
    try:
        instrument = await find_instrument(client, symbol)
    except DeskError as error:
        yield Finding("contract", Grade.FAIL, str(error), "Try another with --symbol.")
        return
    yield ok("contract", f"{instrument.label}, number {instrument.con_id}, {instrument.exchange}.")
    quote = await quoted(client, instrument.con_id, QUOTE_SECONDS)
    yield market_data(instrument, quote)
    yield await _permission(client, connection, instrument, quote)
    if connection.mode is not Mode.PRACTICE:
        yield Finding(
            "precautions",
            Grade.UNKNOWN,
            "TWS doesn't tell whether it holds orders back until somebody clicks there (codes 109, 163, 451).",
            "Look at Configure > API > Precautions > Bypass Order Precautions for API Orders.",
        )


def _accounts(connection: Connection, settings: Settings) -> Finding:
    names = ", ".join(mask_account(account) for account in connection.accounts)
    text = f"{names} ({connection.verified_by}); orders go to {mask_account(connection.account)}."
    if len(connection.accounts) > 1 and not settings.account:
        todo = 'Say which one in the profile: account = "…".'
        return Finding("accounts", Grade.WARN, f"{text} No account is chosen, so the first is taken.", todo)
    return ok("accounts", text)


def _orders(snapshot: Snapshot, settings: Settings) -> Finding:
    if settings.readonly:
        todo = "Set readonly = false in the profile to send orders."
        return Finding("orders", Grade.FAIL, "This profile is read-only: nothing about orders leaves.", todo)
    if snapshot.trading_state is not TradingState.ACTIVE:
        grade = Grade.FAIL if snapshot.trading_state is TradingState.HALTED else Grade.WARN
        text = f"Trading is {snapshot.trading_state.lower()}: {snapshot.trading_reason}"
        return Finding("orders", grade, text, "A person at a desk presses F9 and types resume.")
    working = sum(order.is_live for order in snapshot.orders)
    return ok("orders", f"The API is not read-only; {working} orders work.")


def _ibkr(connection: Connection) -> Finding:
    down = [name for name, up in connection.farms if not up]
    if connection.ibkr is FarmStatus.DOWN:
        return Finding("IBKR's link", Grade.FAIL, connection.problem or "TWS has lost IBKR.", "Look at TWS.")
    if down:
        text = f"Data farms that don't answer: {', '.join(down)}."
        return Finding("IBKR's link", Grade.WARN, text, "They come back by themselves; TWS shows them in its corner.")
    return ok("IBKR's link", "Up.")


def _pulse(snapshot: Snapshot) -> Finding:
    took = snapshot.health.round_trip_ms
    if took is None:
        return Finding("round trip", Grade.UNKNOWN, "The gateway has not answered a heartbeat yet.")
    if took > SLOW_MS:
        return Finding(
            "round trip", Grade.WARN, f"{took:.0f} ms: orders and cancels arrive late.", "Look at TWS's load."
        )
    return ok("round trip", f"{took:.1f} ms.")


def clock(ahead: Decimal | None) -> Finding:
    """This machine's clock against the gateway's, which is `ahead` by so many seconds; None if nobody knows."""
    if ahead is None:
        return Finding("clock", Grade.UNKNOWN, "The gateway has not told its time yet.")
    if abs(ahead) > CLOCK_SECONDS:
        way = "behind" if ahead > 0 else "ahead of"
        text = f"This machine's clock is {abs(ahead)} s {way} the gateway's: times of fills and sessions are off."
        return Finding("clock", Grade.WARN, text, _SYNC_CLOCK)
    return ok("clock", "In step with the gateway's, to a second.")


def market_data(instrument: Instrument, quote: Quote | None) -> Finding:
    """What the quote of an instrument says of the account's market data; None where none came."""
    if quote is None or quote.updated is None:
        text = f"No quote of {instrument.label} within {QUOTE_SECONDS:g} s: no subscription, or its market is closed."
        return Finding("market data", Grade.WARN, text, _SUBSCRIBE)
    if quote.data_type is not DataType.LIVE:
        words = quote.data_type.name.lower().replace("_", " ")
        return Finding("market data", Grade.WARN, f"Quotes of {instrument.label} are {words}, not live.", _SUBSCRIBE)
    if not quote.tradable:
        text = f"{instrument.label} has no two live sides now: its market is closed, halted, or the data is partial."
        return Finding("market data", Grade.WARN, text)
    return ok("market data", f"Live: {instrument.label} {quote.bid} to {quote.ask}.")


async def _permission(
    client: DeskClient, connection: Connection, instrument: Instrument, quote: Quote | None
) -> Finding:
    """What IBKR says to an order that is never sent (a what-if)."""
    price = None if quote is None else quote.bid
    request = OrderRequest(
        order_ref=mint_order_ref(client.instance),
        account=connection.account,
        con_id=instrument.con_id,
        side=Side.BUY,
        quantity=instrument.min_size,
        order_type=OrderType.MKT if price is None else OrderType.LMT,
        limit_price=price,
    )
    name, answer = "permissions", None
    snapshot = await client.snapshot()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BEAT_SECONDS), followed(client, snapshot.number) as events:
            ack = await client.send(PreviewOrder(request=request))
            if isinstance(ack.result, OrderPreview) and ack.result.denied is not None:
                text = f"Core's own controls would refuse {instrument.label}: {ack.result.denied.message}"
                return Finding(name, Grade.WARN, text, "`ibdesk limits` shows every limit.")
            async for envelope in events:
                if isinstance(envelope.event, WhatIfAnswered):
                    answer = envelope.event
                    break
    if answer is None or (answer.what_if is None and not answer.problem):
        return Finding(name, Grade.UNKNOWN, "IBKR did not answer what an order would do.")
    if answer.what_if is None:
        return Finding(name, Grade.FAIL, f"IBKR would refuse {instrument.label}: {answer.problem}", _PERMIT)
    return ok(name, f"IBKR would take an order for {instrument.label}.")
