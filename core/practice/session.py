"""One client's connection: greeting, version, client id, then requests in and messages out."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from core.practice import tables_in, tables_out, wire
from core.practice.codec import FrameBuffer, WireError, frame
from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER
from core.practice.terms import RefusedError

if TYPE_CHECKING:
    from core.practice.hub import Hub

SERVER_VERSION: Final = 178
#: Unsent bytes after which a client that does not read is cut.
MAX_UNSENT: Final = 16 * 1024 * 1024

_FARMS: Final = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)

Handler = Callable[["Session", Record], None]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Subscriptions:
    """What a client asked to be kept up to date about, by request id where it gave one."""

    quotes: dict[int, int] = field(default_factory=dict)
    positions: bool = False
    account: bool = False
    account_multi: set[int] = field(default_factory=set)
    positions_multi: set[int] = field(default_factory=set)
    summaries: dict[int, frozenset[str]] = field(default_factory=dict)
    pnl: set[int] = field(default_factory=set)
    pnl_single: dict[int, int] = field(default_factory=dict)

    @property
    def any_account(self) -> bool:
        """Whether anything of the account is watched."""
        return bool(
            self.positions
            or self.account
            or self.account_multi
            or self.positions_multi
            or self.summaries
            or self.pnl
            or self.pnl_single
        )


class Session(asyncio.Protocol):
    """A connection; it has a client id once startApi came."""

    def __init__(self, hub: Hub, handlers: dict[int, Handler]) -> None:
        self.hub = hub
        self.client_id: int | None = None
        self.watching = Subscriptions()
        self._handlers = handlers
        self._buffer = FrameBuffer()
        self._greeted = self._versioned = False
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the greeting's deadline."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a gateway session needs a stream")
        self._transport = transport
        if not self.hub.add_connection(self):
            transport.abort()
            return
        link = transport.get_extra_info("socket")
        if link is not None:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._deadline = asyncio.get_running_loop().call_later(self.hub.greeting_seconds, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        log.debug("client %s left: %s", self.client_id, exc)
        self._stop_deadline()
        self._transport = None
        self._out.clear()
        self.hub.remove_connection(self)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request in what came, together."""
        self._buffer.feed(data)
        try:
            if not self._greeted:
                if self._buffer.take_greeting() is None:
                    return
                self._greeted = True
            for fields in self._buffer.take():
                if self._transport is None or self._transport.is_closing():
                    break
                self._accept(fields)
        except WireError as error:
            log.debug("client %s is cut: %s", self.client_id, error)
            self.close()
        finally:
            self.hub.end_turn()

    def _accept(self, fields: list[str]) -> None:
        if not self._versioned:
            self._agree(fields)
        elif self.client_id is None:
            self._start(fields)
        else:
            self._request(fields)

    def _agree(self, fields: list[str]) -> None:
        """Settle the version: ours must be in the client's range."""
        words = fields[0].split(" ", 1)[0].removeprefix("v").split("..") if fields else []
        if not words or not all(word.isascii() and word.isdecimal() for word in words) or len(words) > 2:
            raise WireError("no version range in the greeting")
        if not int(words[0]) <= SERVER_VERSION <= int(words[-1]):
            raise WireError(f"version {SERVER_VERSION} is not in the client's range")
        self._versioned = True
        now = time.strftime("%Y%m%d %H:%M:%S UTC", time.gmtime(self.hub.now()))
        self.send(frame(f"{SERVER_VERSION}\0{now}\0"))

    def _start(self, fields: list[str]) -> None:
        if fields[0] != str(tables_in.START_API.id):
            raise WireError("a request came before startApi")
        # Clients that only know version 1 of startApi leave the capabilities out.
        record = tables_in.START_API.decode(fields[:4] if len(fields) > 3 else [*fields, ""])
        client_id = record.integer("clientId")
        self.hub.note_received(client_id, fields)
        self._stop_deadline()
        if not self.hub.start_client(self, client_id):
            text = "Unable to connect as the client id is already in use. Retry with a unique client id."
            self.send(wire.error(-1, 326, text))
            self.close()
            return
        self.client_id = client_id
        self.send(tables_out.MANAGED_ACCOUNTS.encode({"accounts": self.hub.ledger.account.name}))
        self.send(tables_out.NEXT_VALID_ID.encode({"orderId": self.hub.ledger.next_id(client_id)}))
        for code, text in _FARMS:
            self.send(wire.error(-1, code, text))

    def _request(self, fields: list[str]) -> None:
        client_id = self.client_id
        if client_id is None:
            return
        self.hub.note_received(client_id, fields)
        message = tables_in.REQUESTS.get(int(fields[0])) if fields[0].isdecimal() else None
        if message is None:
            self.send(wire.error(-1, 505, f"Fatal Error: Unknown message id.: {fields[0][:20]}"))
            return
        try:
            record = message.decode(fields)
        except WireError as error:
            text = f"Server error when reading an API client request. {error}"
            self.send(wire.error(_request_id(message.version, fields), 320, text))
            return
        request_id = record.integer("reqId") if "reqId" in record else -1
        try:
            if message is PLACE_ORDER:
                self.hub.desk.place(client_id, fields, record)
            else:
                self._handlers[message.id](self, record)
        except RefusedError as refusal:
            self.send(wire.error(request_id, refusal.code, refusal.text))

    def send(self, data: bytes) -> None:
        """Queue bytes until the end of this turn."""
        self._out.append(data)
        self.hub.dirty.add(self)

    def flush(self) -> None:
        """Write what is queued; a client that does not read what it is sent is cut."""
        transport = self._transport
        if transport is None or transport.is_closing():
            self._out.clear()
            return
        transport.write(b"".join(self._out))
        self._out.clear()
        if transport.get_write_buffer_size() > MAX_UNSENT:
            log.debug("client %s does not read and is cut", self.client_id)
            transport.abort()

    def close(self) -> None:
        """Send what is queued and close."""
        self._stop_deadline()
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close without waiting for the client to read."""
        self._stop_deadline()
        if self._transport is not None:
            self._transport.abort()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _request_id(version: int | None, fields: list[str]) -> int:
    """Find the request id of a request that can't be read, -1 if there is none."""
    place = 1 if version is None else 2
    word = fields[place] if len(fields) > place else ""
    return int(word) if word.isdecimal() and len(word) <= 10 else -1
