"""What commands wait for or look up at core: the connection, the contract that a symbol means, its quote."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from core.api import DeskClient
from core.domain.commands import Reconnect, SetViewers
from core.domain.connection import Connection, LinkState
from core.domain.events import ConnectionChanged, Snapshot
from core.domain.instruments import Instrument
from core.domain.quotes import Quote
from core.errors import ConnectError
from core.link.scripts import followed
from core.scripting.symbols import known_as, watched

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


async def last_known(client: DeskClient, timeout: float) -> str:
    """Wait until IBKR's books are read; why they can't be, so that only what core last knew can be shown, else empty.

    Raises LinkError.
    """
    try:
        await ready(client, timeout)
    except ConnectError as error:
        return f"Not connected, as last known: {error}"
    return ""


async def find_instrument(client: DeskClient, symbol: str) -> Instrument:
    """The contract that a person calls `symbol`, qualified, with its market asked for.

    `symbol` is a ticker, a label as rows show it (`/ESZ6`, `EUR.USD`) of an instrument that core knows, or a contract
    number. Raises as `watched` does.
    """
    snapshot = await client.snapshot()
    known = known_as(symbol, snapshot.instruments)
    if known is None or known.con_id not in snapshot.watchlist:
        return await watched(client, symbol if known is None else f"{known.con_id}")
    await client.send(SetViewers(con_ids=(known.con_id,)))
    return known


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
