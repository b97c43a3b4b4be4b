"""ib_async's client on our own connection, decoder and pacer: it knows the layout of every request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ib_async.client import Client

from core.broker.connection import frame
from core.broker.pacer import Lane, Outgoing, Pacer

if TYPE_CHECKING:
    from core.broker.callbacks import Callbacks

# A library that logs without a handler logs to the terminal, which belongs to the desk.
logging.getLogger("ib_async").addHandler(logging.NullHandler())
logging.getLogger("eventkit").addHandler(logging.NullHandler())

log = logging.getLogger(__name__)

GREETING = b"API\0" + frame(b"v%d..%d" % (Client.MinClientVersion, Client.MaxClientVersion))
"""The first bytes of a client: its marker, then the range of server versions that it speaks."""

LANES = {
    "1": Lane.MARKET_DATA,
    "2": Lane.MARKET_DATA,
    "3": Lane.ORDER,
    "4": Lane.CANCEL,
    "58": Lane.KILL,
    "6": Lane.ACCOUNT,
    "7": Lane.ACCOUNT,
    "16": Lane.ACCOUNT,
    "49": Lane.ACCOUNT,
    "59": Lane.MARKET_DATA,
    "61": Lane.ACCOUNT,
    "71": Lane.ACCOUNT,
    "99": Lane.ACCOUNT,
}
"""The lane of each outgoing message, by its id; what is not named here is a query."""


class WireClient(Client):
    """Writes requests. Its frames leave through the pacer; nothing else of ib_async's networking is used."""

    MaxRequests = 0

    def __init__(self, callbacks: Callbacks, pacer: Pacer, client_id: int) -> None:
        Client.__init__(self, callbacks)
        self.clientId = client_id
        self._pacer = pacer
        self._tracked: Outgoing | None = None
        self._lane: Lane | None = None

    def greeted(self, server_version: int) -> None:
        """The server chose its version: requests can be written, and the first one starts the session."""
        self._serverVersion = server_version
        self.connState = Client.CONNECTED
        Client.startApi(self)

    @contextmanager
    def tracking(
        self, order_id: int, *, is_first: bool = False, lane: Lane | None = None
    ) -> Iterator[asyncio.Future[None]]:
        """The frame written inside belongs to an order; its future is done when the kernel has the frame.

        `is_first` marks the frame that places the order; `lane` is another one than that of its message.
        """
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tracked, self._lane = Outgoing(b"", sent, order_id, is_first), lane
        try:
            yield sent
        finally:
            self._tracked = self._lane = None

    def sendMsg(self, msg: str) -> Any:
        """Queue one message, given as its fields, each ended by NUL."""
        if log.isEnabledFor(logging.DEBUG):
            log.debug("to the gateway: %s", msg.rstrip("\0").replace("\0", "|"))
        outgoing = self._tracked or Outgoing(b"")
        outgoing.data = frame(msg.encode())
        lane = LANES.get(msg.partition("\0")[0], Lane.QUERY) if self._lane is None else self._lane
        self._pacer.submit(lane, outgoing)
