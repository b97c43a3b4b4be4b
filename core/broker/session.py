"""Everything that lives and dies with one connection."""

from __future__ import annotations

import asyncio
import logging

from core.broker.callbacks import Callbacks
from core.broker.client import GREETING, WireClient
from core.broker.connection import Connection
from core.broker.data_requests import DataRequests
from core.broker.decoder import WireDecoder
from core.broker.handshake import Shaking
from core.broker.market_data import MarketData
from core.broker.orders import Orders
from core.broker.pacer import Outgoing, Pacer
from core.broker.profits import Profits
from core.broker.queries import Queries
from core.broker.registry import Registry
from core.broker.what_ifs import DEADLINE, WhatIfs
from core.clock import Clock
from core.domain.reports import RefusedFrameReport
from core.errors import ConnectError, NotConnectedError
from core.ports import BrokerListener
from core.text import clean

log = logging.getLogger(__name__)

TOO_MANY = frozenset({"1", "2", "6", "7", "12", "13", "45", "46", "49", "50", "58", "81", "90", "94", "95", "99"})
"""Messages that no log has room for: ticks, depth, bars, account values, profits, heartbeats."""


class Session:
    """Wires the parts of one connection and takes what its socket says."""

    def __init__(
        self,
        listener: BrokerListener,
        clock: Clock,
        pacer: Pacer,
        registry: Registry,
        shaking: Shaking,
        client_id: int,
        query_deadline: float,
        *,
        read_only: bool,
    ) -> None:
        """`pacer` and `registry` outlive the session; `query_deadline` is in seconds."""
        self._listener = listener
        self._pacer = pacer
        self._shaking = shaking
        self._server_version: int | None = None
        self._begun = False
        self._lost = False
        self.was_connected = False
        """True once the socket was open."""
        self.received = 0
        """Frames that came over it."""
        self._traced = log.isEnabledFor(logging.DEBUG)
        self.connection = Connection(self)
        self.market_data = MarketData(registry)
        self.profits = Profits(registry)
        self.data = DataRequests(registry)
        self._callbacks = Callbacks(listener, registry, clock, self.market_data, self.data, shaking)
        self.decoder = WireDecoder(self._callbacks)
        self.client = WireClient(self._callbacks, pacer, client_id)
        self.queries = Queries(self.client, registry, clock, query_deadline)
        self.orders = None if read_only else Orders(self.client, pacer, registry)
        """Writes what is about orders; None for a read-only profile, which has nothing that could."""
        self.what_ifs = WhatIfs(self.orders, registry, clock, min(query_deadline, DEADLINE))
        self.data.attach(self.client, self.queries)
        self._callbacks.attach(self.queries, self.profits, self.what_ifs, client_id)

    @property
    def is_open(self) -> bool:
        """True from the handshake's end until the socket goes."""
        return self._begun and not self._lost and self.connection.is_open

    def greet(self) -> None:
        """The socket is open: say hello."""
        self.was_connected = True
        self._pacer.start(self.connection.write)
        self.connection.write(Outgoing(GREETING))

    def begin(self) -> None:
        """The handshake is done: the listener hears of the end from now on. Raises ConnectError if it has come."""
        if self._lost or not self.connection.is_open:
            raise ConnectError(
                "The gateway closed the connection right after the handshake. Look for a message in TWS."
            )
        self._begun = True

    async def close(self) -> None:
        """Close the socket; returns when it is gone."""
        await self.connection.close()

    def on_frame(self, fields: list[str]) -> None:
        """One frame: the greeting first, then messages."""
        self.received += 1
        if self._traced and TOO_MANY.isdisjoint(fields[:1]):
            log.debug("from the gateway: %s", "|".join(fields))
        if self._server_version is not None:
            self.decoder.interpret(fields)
            return
        version = self._shaking.greeting(fields)
        if version is None:
            self.connection.drop("The gateway's greeting was not that of TWS.")
            return
        self._server_version = self.decoder.serverVersion = version
        self.connection.accept_long_frames()
        self.client.greeted(version)

    def on_long_frame(self, length: int) -> None:
        """A length that no frame has."""
        if self._server_version is None:
            self._shaking.not_tws()
        self.connection.drop(
            f"The gateway announced a frame of {length:,} bytes, which can't be right; the connection was cut."
        )

    def on_read_done(self) -> None:
        """One socket read is decoded."""
        self._callbacks.tcpDataProcessed()

    def on_hold(self, held: bool) -> None:
        """The transport holds bytes, or has got rid of them."""
        if held:
            self._pacer.hold()
        else:
            self._pacer.release()

    def on_refused(self, message_id: str) -> None:
        """A frame that must not leave was stopped at the socket: whoever wrote it went past every gate."""
        loop = asyncio.get_running_loop()
        loop.call_soon(self._listener.on_reports, (RefusedFrameReport(message_id=message_id),))

    def on_lost(self, reason: str) -> None:
        """The socket is gone."""
        self._lost = True
        told = clean(reason)
        why = told or "The connection was closed."
        self._pacer.stop(f"{why} Nothing was sent.")
        self.queries.close(why)
        self.data.close(NotConnectedError(why))
        self.what_ifs.close(why)
        if self._begun:
            self._listener.on_disconnected(told)
        else:
            self._shaking.lost()
