"""What a script does with a client: wait until orders can be sent, send one, wait for the word on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from core.domain.commands import Ack, Command, DenialCode, PlaceOrder, Reconnect
from core.domain.connection import Connection, LinkState
from core.domain.events import ConnectionChanged, Envelope, OrderChanged, Snapshot
from core.domain.orders import Order, OrderState
from core.errors import ConnectError, OrderUnknownError
from core.link.stream import EventStream

NEVER_BEGUN = frozenset({DenialCode.NOT_CONNECTED, DenialCode.NOT_RECONCILED, DenialCode.JOURNAL_BUSY})
"""Refusals that pass by themselves."""
_HOPELESS = frozenset({LinkState.AWAITING_CONFIRMATION, LinkState.REFUSED})
"""States of the connection that only a person ends."""
_IN_FLIGHT = frozenset({OrderState.INTENT, OrderState.SENT})


class Client(Protocol):
    """As much of a `core.api.DeskClient` as is needed here."""

    async def send(self, command: Command) -> Ack:
        """Have core do something."""

    async def snapshot(self) -> Snapshot:
        """Everything as it stands."""

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        """Follow events from a snapshot's number on."""


async def ensure_connected(client: Client, timeout: float) -> Connection:
    """The connection once new orders may be sent over it; a pause between attempts is cut short.

    Raises ConnectError with what is wrong when `timeout` seconds have passed, or at once where only a person can help.
    """
    latest: list[Connection] = []

    def ready(connection: Connection) -> bool:
        latest[:] = [connection]
        if connection.state in _HOPELESS:
            raise ConnectError(_wrong(connection))
        return connection.can_trade

    try:
        async with asyncio.timeout(timeout):
            snapshot = await client.snapshot()
            if ready(snapshot.connection):
                return snapshot.connection
            if snapshot.connection.state is LinkState.WAITING:
                await client.send(Reconnect())
            async with followed(client, snapshot.number) as events:
                async for envelope in events:
                    if isinstance(envelope.event, ConnectionChanged) and ready(envelope.event.connection):
                        return envelope.event.connection
    except TimeoutError:
        pass
    connection = latest[-1] if latest else None
    said = "core did not answer" if connection is None else _wrong(connection)
    raise ConnectError(f"Not connected within {timeout:g} s: {said}")


async def place(client: Client, command: PlaceOrder, retries: Sequence[float] = ()) -> Ack:
    """Send an order; where it was refused before anything of it was recorded, again after each pause of `retries`.

    All controls judge it anew each time. What was recorded, or answered by IBKR, is never sent again.
    """
    ack = await client.send(command)
    for pause in retries:
        denied = ack.denied
        if denied is None or ack.order is not None or denied.code not in NEVER_BEGUN:
            break
        await asyncio.sleep(pause)
        ack = await client.send(command)
    return ack


async def answered(client: Client, order_ref: str, timeout: float) -> Order:
    """The order once IBKR has said something of it. Raises OrderUnknownError when nobody knows its outcome.

    That is so when core doubts it, and when `timeout` seconds have passed. It may be working all the same: look it up
    by its reference, never send it again.
    """
    order = await _order(client, order_ref, timeout, lambda one: one.state not in _IN_FLIGHT)
    if order is not None and order.state is not OrderState.UNKNOWN:
        return order
    name = order_ref if order is None else f"#{order.number} {order.text}"
    raise OrderUnknownError(
        f"{name}: no answer from IBKR. It may be working, and counts as if it were. Don't send it again; look its "
        f"reference {order_ref} up."
    )


async def ended(client: Client, order_ref: str, timeout: float) -> Order | None:
    """The order once it has ended, as its fills and IBKR say; None if it lives after `timeout` seconds, or is unknown.

    A cancel that lost against a fill ends as that fill.
    """
    order = await _order(client, order_ref, timeout, lambda one: not one.is_live)
    return order if order is not None and not order.is_live else None


async def _order(client: Client, order_ref: str, timeout: float, enough: Callable[[Order], bool]) -> Order | None:
    """The order when `enough` says so, else as it stands after `timeout` seconds; None if core does not know it."""
    snapshot = await client.snapshot()
    order = next((one for one in snapshot.orders if one.order_ref == order_ref), None)
    try:
        async with asyncio.timeout(timeout):
            if order is not None and enough(order):
                return order
            async with followed(client, snapshot.number) as events:
                async for envelope in events:
                    if isinstance(envelope.event, OrderChanged) and envelope.event.order.order_ref == order_ref:
                        order = envelope.event.order
                        if enough(order):
                            return order
    except TimeoutError:
        pass
    return order


@asynccontextmanager
async def followed(client: Client, after: int) -> AsyncIterator[AsyncIterator[Envelope]]:
    """The events behind a number, followed no longer than the block."""
    events = client.events(after)
    try:
        yield events
    finally:
        if isinstance(events, EventStream):
            events.finish()
        elif isinstance(events, AsyncGenerator):
            await events.aclose()


def _wrong(connection: Connection) -> str:
    return connection.problem or f"the connection is {connection.state.lower().replace('_', ' ')}"
