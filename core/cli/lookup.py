"""What commands wait for or look up at core: the connection, the contract that a symbol means, its quote."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from core.api import DeskClient
from core.domain.commands import Qualified, Reconnect, SearchSymbols, SetViewers, SymbolMatches, Watch
from core.domain.connection import Connection, LinkState
from core.domain.events import ConnectionChanged, Snapshot
from core.domain.instruments import Instrument, SecType, SymbolMatch
from core.domain.quotes import Quote
from core.errors import ConnectError, OrderValueError
from core.link.scripts import followed

_HOME = "USD"
"""Where several stocks share a ticker, the one in this currency is meant."""


_FAILED = frozenset({LinkState.WAITING, LinkState.REFUSED, LinkState.AWAITING_CONFIRMATION})


async def connection_once(client: DeskClient, timeout: float, enough: Callable[[Connection], bool]) -> Connection:
    """The connection to the broker once `enough` says so of it.

    Raises ConnectError with what is wrong after one attempt that failed, after `timeout` seconds, or at once where
    only a person can help.
    """
    snapshot = await client.snapshot()
    connection = snapshot.connection
    if enough(connection):
        return connection
    if connection.state is LinkState.WAITING:
        await client.send(Reconnect())
    elif connection.state in _FAILED:
        raise ConnectError(connection.problem or "Only a person at a desk can let this profile connect.")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout), followed(client, snapshot.number) as events:
            async for envelope in events:
                if isinstance(envelope.event, ConnectionChanged):
                    connection = envelope.event.connection
                    if enough(connection):
                        return connection
                    if connection.state in _FAILED:
                        break
    raise ConnectError(connection.problem or f"IBKR has not answered at {connection.endpoint} within {timeout:g} s.")


async def ready(client: DeskClient, timeout: float) -> Connection:
    """The connection once orders may be sent. Raises ConnectError as `connection_once` does."""
    return await connection_once(client, timeout, lambda connection: connection.can_trade)


async def find_instrument(client: DeskClient, symbol: str) -> Instrument:
    """The contract that a person calls `symbol`, qualified, with its market asked for.

    `symbol` is a ticker, a label as rows show it (`/ESZ6`, `EUR.USD`) of an instrument that core knows, or a contract
    number. Raises OrderValueError if there is none, or more than one that could be meant; LinkError.
    """
    wanted = symbol.strip().upper()
    snapshot = await client.snapshot()
    known = _known(snapshot, wanted)
    if known is not None and known.con_id in snapshot.watchlist:
        await client.send(SetViewers(con_ids=(known.con_id,)))
        return known
    return await _watched(client, await _searched(client, wanted) if known is None else known.con_id, symbol)


async def quoted(client: DeskClient, con_id: int, timeout: float) -> Quote | None:
    """The quote of an instrument once both sides of it stand, else as it is after `timeout` seconds; None without any.

    Raises LinkError.
    """

    def two_sided(snapshot: Snapshot) -> bool:
        quote = _quote_in(snapshot.quotes, con_id)
        return quote is not None and quote.tradable

    return _quote_in((await seen(client, two_sided, timeout)).quotes, con_id)


async def seen(client: DeskClient, enough: Callable[[Snapshot], bool], timeout: float) -> Snapshot:
    """A snapshot that `enough` says so of, else the last one after `timeout` seconds. Raises LinkError."""
    snapshot = await client.snapshot()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            if not enough(snapshot):
                async with followed(client, snapshot.number) as events:
                    async for _ in events:
                        snapshot = await client.snapshot()
                        if enough(snapshot):
                            break
    return snapshot


def _quote_in(quotes: Iterable[Quote], con_id: int) -> Quote | None:
    return next((quote for quote in quotes if quote.con_id == con_id), None)


def _known(snapshot: Snapshot, wanted: str) -> Instrument | None:
    """The one instrument of core's that is called so; stocks of other currencies must be searched for."""
    called = [
        one
        for one in snapshot.instruments
        if str(one.con_id) == wanted
        or (one.label.upper() == wanted and (one.sec_type is not SecType.STK or one.currency == _HOME))
    ]
    return called[0] if len(called) == 1 else None


async def _searched(client: DeskClient, wanted: str) -> int:
    if wanted.isascii() and wanted.isdigit():
        return int(wanted)
    ack = await client.send(SearchSymbols(pattern=wanted))
    if ack.denied is not None:
        raise OrderValueError(ack.denied.message)
    found = ack.result.matches if isinstance(ack.result, SymbolMatches) else ()
    exact = [one for one in found if one.symbol.upper() == wanted and one.con_id]
    at_home = [one for one in exact if one.sec_type is SecType.STK and one.currency == _HOME]
    meant = at_home or exact
    if not meant:
        raise OrderValueError(
            f"IBKR knows no {wanted}. Nothing was sent. Check the ticker, or give the contract number."
        )
    if len(meant) > 1:
        raise OrderValueError(
            f"{wanted} may be {', '.join(_told(one) for one in meant)}. Nothing was sent. Give the contract number."
        )
    return meant[0].con_id


def _told(match: SymbolMatch) -> str:
    place = " ".join(filter(None, (match.sec_type.value, match.primary_exchange, match.currency)))
    return f"{match.con_id} ({place})"


async def _watched(client: DeskClient, con_id: int, symbol: str) -> Instrument:
    ack = await client.send(Watch(con_id=con_id))
    if ack.denied is not None:
        raise OrderValueError(f"{symbol}: {ack.denied.message}")
    if not isinstance(ack.result, Qualified):
        raise OrderValueError(f"{symbol}: core did not say which contract it is. Nothing was sent. Try again.")
    return ack.result.instrument
